using Weir.Devices.Software.Observing;
using Weir.Devices.Software.Tests.Support;
using Weir.Kernels.Abi;

namespace Weir.Devices.Software.Tests.Observing;

/// <summary>Profiled code counts what its kernels do.</summary>
public sealed class ProfileTests
{
    private static TestDevice Device() =>
        new(
            kernels: new InProcessKernels(CodeVariant.Profiled),
            change: options => options with { Observe = ObservationKind.Profile }
        );

    private static long Of(KernelProfile kernel, KernelCounter counter) => kernel.Counters[(int)counter];

    [Fact]
    public void Launches_instructions_and_bytes_are_exact()
    {
        using TestDevice device = Device();
        ulong memory = device.Allocate(4000);
        nint index = device.Function(device.Load(KernelTexts.Index), "index");
        nint add = device.Function(device.Load(KernelTexts.Add), "add");
        TestDevice.Check(device.Launch(index, 10, 100, 0, memory));
        TestDevice.Check(device.Launch(index, 5, 100, 0, memory));
        TestDevice.Check(device.Launch(add, 10, 100, 0, memory, 7));
        TestDevice.Check(device.Driver.MemsetD8Async(memory, 0, 4000, 0));
        TestDevice.Check(device.Driver.CtxSynchronize());
        DeviceObservation seen = device.Driver.Observation;
        Assert.Empty(seen.Findings);

        KernelProfile first = seen.Kernels.Single(kernel => kernel.Name == "index");
        Assert.Equal((2, 15, 1500), (first.Launches, first.Blocks, first.Threads));
        // Nine instructions, each by every thread.
        Assert.Equal(9 * 1500, Of(first, KernelCounter.ThreadInstructions));
        Assert.Equal(4 * 1500, Of(first, KernelCounter.GlobalWriteBytes));
        Assert.Equal(0, Of(first, KernelCounter.GlobalReadBytes));
        Assert.Equal(0, Of(first, KernelCounter.Branches));
        Assert.True(first.Nanoseconds >= first.LongestNanoseconds && first.LongestNanoseconds > 0);

        KernelProfile second = seen.Kernels.Single(kernel => kernel.Name == "add");
        // Ten before the loop, seven per round, two to find its end, one to leave.
        Assert.Equal((9 + 7 * 7 + 2 + 1) * 1000, Of(second, KernelCounter.ThreadInstructions));
        Assert.Equal(4 * 7 * 1000, Of(second, KernelCounter.GlobalReadBytes));
        Assert.Equal(4 * 7 * 1000, Of(second, KernelCounter.GlobalWriteBytes));
        Assert.Equal(0, Of(second, KernelCounter.DivergentBranches));
        Assert.True(Of(second, KernelCounter.Branches) >= 8 * 10 * 7);

        Assert.Equal(["index", "index", "add", "fill"], seen.Spans.Select(span => span.Name));
        Assert.Equal("<<<10x1x1, 100x1x1>>>", seen.Spans[0].Detail);
        Assert.True(seen.Spans[0].StartNanoseconds + seen.Spans[0].Nanoseconds <= seen.Spans[1].StartNanoseconds);
    }

    [Fact]
    public void Branches_at_which_threads_part_are_counted()
    {
        const string Parts =
            KernelTexts.Head
            + """
                .visible .entry parts(.param .u64 out)
                {
                    .reg .b32 %r<5>;
                    .reg .b64 %rd<5>;
                    .reg .pred %p;
                    ld.param.u64 %rd1, [out];
                    mov.u32 %r1, %tid.x;
                    mul.wide.u32 %rd2, %r1, 4;
                    add.s64 %rd3, %rd1, %rd2;
                    and.b32 %r2, %r1, 1;
                    setp.eq.u32 %p, %r2, 0;
                    @%p bra even;
                    st.global.u32 [%rd3], %r1;
                    bra done;
                even:
                    atom.global.add.u32 %r3, [%rd3], 1;
                done:
                    ret;
                }
                """;
        using TestDevice device = Device();
        ulong memory = device.Allocate(4000);
        nint parts = device.Function(device.Load(Parts), "parts");
        TestDevice.Check(device.Launch(parts, 3, 128, 0, memory));
        TestDevice.Check(device.Driver.CtxSynchronize());
        KernelProfile kernel = Assert.Single(device.Driver.Observation.Kernels);
        long vectors = Of(kernel, KernelCounter.Branches);
        Assert.True(vectors is 3 * 128 / 16 or 3 * 128 / 32);
        Assert.Equal(vectors, Of(kernel, KernelCounter.DivergentBranches));
        Assert.Equal(3 * 64, Of(kernel, KernelCounter.Atomics));
        Assert.Equal(3 * 64 * 4, Of(kernel, KernelCounter.GlobalWriteBytes));
        Assert.Equal(3 * (128 * 8 + 64 * 2 + 64), Of(kernel, KernelCounter.ThreadInstructions));
    }
}
