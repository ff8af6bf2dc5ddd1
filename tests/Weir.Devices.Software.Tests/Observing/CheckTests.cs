using Weir.Devices.Software.Observing;
using Weir.Devices.Software.Tests.Support;
using Weir.Kernels.Abi;

namespace Weir.Devices.Software.Tests.Observing;

/// <summary>Checked code: what is wrong is found, with its place; what is right is not, and has the same results.</summary>
public sealed unsafe class CheckTests
{
    private const string Registers =
        ".reg .b16 %h<9>;\n.reg .b32 %r<20>;\n.reg .b64 %rd<9>;\n.reg .f32 %f<9>;\n.reg .pred %p<4>;\n";

    private static TestDevice Device() =>
        new(
            kernels: new InProcessKernels(CodeVariant.Checked),
            change: options => options with { Observe = ObservationKind.Check }
        );

    /// <summary>Every thread stores its number at out + 4 × (thread number + shift).</summary>
    private const string Store =
        KernelTexts.Head
        + ".visible .entry k(.param .u64 out, .param .u64 shift)\n{\n"
        + Registers
        + """
            ld.param.u64 %rd1, [out];
            ld.param.u64 %rd2, [shift];
            mov.u32 %r1, %ctaid.x;
            mov.u32 %r2, %ntid.x;
            mov.u32 %r3, %tid.x;
            mad.lo.s32 %r4, %r1, %r2, %r3;
            mul.wide.u32 %rd3, %r4, 4;
            add.s64 %rd4, %rd1, %rd3;
            add.s64 %rd4, %rd4, %rd2;
            st.global.u32 [%rd4], %r4;
            ret;
            }
            """;

    [Fact]
    public void A_write_behind_an_allocation_is_found_with_its_place_and_not_done()
    {
        using TestDevice device = Device();
        ulong memory = device.Allocate(1000);
        ulong neighbour = device.Allocate(1024);
        uint zero = 0;
        TestDevice.Check(device.Driver.MemsetD32(neighbour, 7, 256));
        nint kernel = device.Function(device.Load(Store), "k");
        TestDevice.Check(device.Launch(kernel, 4, 64, 0, memory, 0));
        TestDevice.Check(device.Driver.CtxSynchronize());
        AccessFinding found = Assert.Single(device.Driver.Observation.Findings);
        Assert.Equal((AccessFault.OutOfBounds, true, 4, "k"), (found.Fault, found.Writes, found.Bytes, found.Kernel));
        // The first of them in its block; blocks may run in any order.
        Assert.Equal([3u, 0u, 0u], found.Block);
        Assert.Equal([58u, 0u, 0u], found.Thread);
        Assert.Equal(memory + 1000, found.Address);
        Assert.Equal(6, found.Times);
        Assert.Equal(1 + Store.Split('\n').ToList().FindIndex(line => line.Contains("st.global")), found.Line);
        Assert.Contains("0 bytes behind an allocation of 1000 bytes", found.Detail);
        TestDevice.Check(device.Driver.MemcpyDtoH(&zero, neighbour, 4));
        Assert.Equal(7u, zero);
        TestDevice.Check(device.Driver.MemcpyDtoH(&zero, memory + 4 * 249, 4));
        Assert.Equal(249u, zero);
    }

    [Fact]
    public void Right_accesses_are_not_found()
    {
        using TestDevice device = Device();
        ulong memory = device.Allocate(1000);
        nint kernel = device.Function(device.Load(Store), "k");
        TestDevice.Check(device.Launch(kernel, 5, 50, 0, memory, 0));
        nint reverse = device.Function(device.Load(KernelTexts.Reverse), "reverse");
        TestDevice.Check(device.Launch(reverse, 1, 200, 800u, (nint)0, memory));
        nint add = device.Function(device.Load(KernelTexts.Add), "add");
        TestDevice.Check(device.Launch(add, 5, 50, 0, memory, 10));
        TestDevice.Check(device.Driver.CtxSynchronize());
        Assert.Empty(device.Driver.Observation.Findings);
        uint[] values = new uint[250];
        fixed (uint* data = values)
        {
            TestDevice.Check(device.Driver.MemcpyDtoH(data, memory, 1000));
        }
        Assert.Equal(Enumerable.Range(0, 250).Select(i => (uint)(i < 200 ? 199 - i : i) + 10), values);
    }

    [Fact]
    public void Misaligned_and_freed_memory_is_told_apart()
    {
        using TestDevice device = Device();
        ulong memory = device.Allocate(4096);
        nint kernel = device.Function(device.Load(Store), "k");
        TestDevice.Check(device.Launch(kernel, 1, 32, (nint)0, memory, 2));
        TestDevice.Check(device.Driver.CtxSynchronize());
        Assert.Equal(AccessFault.Misaligned, Assert.Single(device.Driver.Observation.Findings).Fault);

        ulong freed = device.Allocate(4096);
        TestDevice.Check(device.Driver.MemFree(freed));
        TestDevice.Check(device.Launch(kernel, 1, 32, 0, freed, 0));
        TestDevice.Check(device.Driver.CtxSynchronize());
        Assert.Equal(
            [AccessFault.Misaligned, AccessFault.UseAfterFree],
            device.Driver.Observation.Findings.Select(found => found.Fault).Order()
        );
    }

    [Fact]
    public void An_address_that_is_none_does_not_end_the_kernel()
    {
        using TestDevice device = Device();
        ulong memory = device.Allocate(4096);
        nint kernel = device.Function(device.Load(Store), "k");
        TestDevice.Check(device.Launch(kernel, 1, 32, (nint)0, 16ul, 0));
        TestDevice.Check(device.Launch(kernel, 1, 32, 0, memory, 0));
        TestDevice.Check(device.Driver.CtxSynchronize());
        Assert.Equal(AccessFault.OutOfBounds, Assert.Single(device.Driver.Observation.Findings).Fault);
        uint last;
        TestDevice.Check(device.Driver.MemcpyDtoH(&last, memory + 124, 4));
        Assert.Equal(31u, last);
    }

    /// <summary>Shared memory by statements between its declaration and the end; %r1 is the thread, %r2 its place.</summary>
    private static string Shared(string statements) =>
        KernelTexts.Head
        + ".visible .entry k(.param .u64 out)\n{\n"
        + Registers
        + ".shared .align 8 .b8 room[4096];\n"
        + "ld.param.u64 %rd1, [out];\nmov.u32 %r1, %tid.x;\nmov.u32 %r3, room;\nmad.lo.s32 %r2, %r1, 4, %r3;\n"
        + statements
        + "\nmul.wide.u32 %rd2, %r1, 4;\nadd.s64 %rd3, %rd1, %rd2;\nst.global.u32 [%rd3], %r9;\nret;\n}\n";

    private static IReadOnlyList<AccessFinding> Find(string statements, uint threads = 128)
    {
        using TestDevice device = Device();
        ulong memory = device.Allocate(4096);
        nint kernel = device.Function(device.Load(Shared(statements)), "k");
        for (int launch = 0; launch < 2; launch++)
        {
            TestDevice.Check(device.Launch(kernel, 3, threads, 0, memory));
        }
        TestDevice.Check(device.Driver.CtxSynchronize());
        return device.Driver.Observation.Findings;
    }

    [Theory]
    // Each thread reads what its neighbour in another warp wrote.
    [InlineData(
        "st.shared.u32 [%r2], %r1;\nBARRIER\nxor.b32 %r4, %r1, 64;\nmad.lo.s32 %r4, %r4, 4, %r3;\nld.shared.u32 %r9, [%r4];"
    )]
    // Reads first, writes after the barrier.
    [InlineData(
        "st.shared.u32 [%r2], %r1;\nbar.sync 0;\nxor.b32 %r4, %r1, 64;\nmad.lo.s32 %r4, %r4, 4, %r3;\nld.shared.u32 %r9, [%r4];\nBARRIER\nst.shared.u32 [%r2], %r9;"
    )]
    // All write the same place.
    [InlineData(
        "and.b32 %r4, %r1, 31;\nmad.lo.s32 %r4, %r4, 4, %r3;\nand.b32 %r5, %r1, 96;\nsetp.eq.u32 %p1, %r5, 0;\nsetp.eq.u32 %p2, %r5, 32;\n@%p1 st.shared.u32 [%r4], %r1;\nBARRIER\n@%p2 st.shared.u32 [%r4], %r1;\nbar.sync 0;\nld.shared.u32 %r9, [%r4];"
    )]
    // In a loop: what one round writes, the next one's other warps read.
    [InlineData(
        "st.shared.u32 [%r2], %r1;\nmov.u32 %r10, 0;\nbar.sync 0;\nagain:\nxor.b32 %r4, %r1, 64;\nmad.lo.s32 %r4, %r4, 4, %r3;\nld.shared.u32 %r9, [%r4];\nbar.sync 0;\nst.shared.u32 [%r2], %r9;\nBARRIER\nadd.u32 %r10, %r10, 1;\nsetp.lt.u32 %p1, %r10, 3;\n@%p1 bra again;"
    )]
    public void A_race_is_what_no_barrier_orders(string statements)
    {
        Assert.Empty(Find(statements.Replace("BARRIER", "bar.sync 0;")));
        IReadOnlyList<AccessFinding> found = Find(statements.Replace("BARRIER\n", ""));
        // A read that comes before the write is told of as such, too.
        Assert.All(found, one => Assert.True(one.Fault is AccessFault.Race or AccessFault.Uninitialised));
        Assert.Contains(found, one => one.Fault == AccessFault.Race && one.Detail.Contains("against"));
    }

    [Fact]
    public void Atomics_do_not_race_with_each_other()
    {
        const string Count =
            "setp.eq.u32 %p1, %r1, 0;\n@%p1 st.shared.u32 [%r3], 0;\nbar.sync 0;\natom.shared.add.u32 %r5, [%r3], 1;\n";
        Assert.Empty(Find(Count + "bar.sync 0;\nld.shared.u32 %r9, [%r3];"));
        Assert.Equal(AccessFault.Race, Find(Count + "ld.shared.u32 %r9, [%r3];")[0].Fault);
    }

    [Fact]
    public void Warps_that_exit_early_leave_the_order_of_the_others()
    {
        const string Text =
            "setp.ge.u32 %p1, %r1, 96;\n@%p1 exit;\nst.shared.u32 [%r2], %r1;\nbar.sync 0;\nsub.u32 %r4, 95, %r1;\nmad.lo.s32 %r4, %r4, 4, %r3;\nld.shared.u32 %r9, [%r4];";
        Assert.Empty(Find(Text));
    }

    [Fact]
    public void Shared_memory_that_nobody_wrote_is_found_in_every_block()
    {
        const string Half =
            "setp.lt.u32 %p1, %r1, 64;\n@%p1 st.shared.u32 [%r2], %r1;\nbar.sync 0;\nld.shared.u32 %r9, [%r2];";
        AccessFinding found = Assert.Single(Find(Half));
        Assert.Equal((AccessFault.Uninitialised, false), (found.Fault, found.Writes));
        Assert.Equal(64u, found.Thread[0]);
        // Two launches of three blocks, with 64 threads each.
        Assert.Equal(384, found.Times);
    }

    [Fact]
    public void Bytes_of_one_word_are_told_apart()
    {
        const string Bytes =
            "add.u32 %r4, %r3, %r1;\ncvt.u16.u32 %h1, %r1;\nst.shared.u8 [%r4], %h1;\nbar.sync 0;\nmov.u32 %r5, 127;\nsub.u32 %r5, %r5, %r1;\nadd.u32 %r5, %r5, %r3;\nld.shared.u8 %h2, [%r5];\ncvt.u32.u16 %r9, %h2;";
        Assert.Empty(Find(Bytes));
    }

    [Fact]
    public void Beyond_shared_memory_is_out_of_bounds()
    {
        AccessFinding found = Assert.Single(Find("ld.shared.u32 %r9, [%r2+4096];"));
        Assert.Equal(AccessFault.OutOfBounds, found.Fault);
    }

    [Fact]
    public void Generic_addresses_are_looked_at_where_they_lead()
    {
        const string Generic =
            "cvt.u64.u32 %rd4, %r2;\ncvta.shared.u64 %rd5, %rd4;\nst.u32 [%rd5], %r1;\nbar.sync 0;\nld.u32 %r9, [%rd5];\nld.u32 %r9, [%rd1+4096];";
        AccessFinding found = Assert.Single(Find(Generic));
        Assert.Equal((AccessFault.OutOfBounds, false), (found.Fault, found.Writes));
    }
}
