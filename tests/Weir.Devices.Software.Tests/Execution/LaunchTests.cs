using Weir.Api;
using Weir.Devices.Software.Tests.Support;

namespace Weir.Devices.Software.Tests.Execution;

public sealed unsafe class LaunchTests : IDisposable
{
    private readonly TestDevice device = new();

    [Theory]
    [InlineData(1u, 1u)]
    [InlineData(3u, 37u)]
    [InlineData(1000u, 256u)]
    [InlineData(20000u, 33u)]
    public void Every_thread_runs_once(uint grid, uint block)
    {
        int count = (int)(grid * block);
        ulong memory = device.Allocate((nuint)count * 4);
        TestDevice.Check(
            device.Launch(device.Function(device.Load(KernelTexts.Index), "index"), grid, block, 0, memory)
        );
        Assert.Equal(Enumerable.Range(0, count), device.Read<int>(memory, count));
        Assert.Equal(1, device.Driver.Statistics.KernelsLaunched);
    }

    [Fact]
    public void Launches_of_a_stream_follow_each_other()
    {
        const int Rounds = 300;
        nint function = device.Function(device.Load(KernelTexts.Add), "add");
        ulong memory = device.Allocate(4 * 4096);
        nint stream = device.Stream();
        TestDevice.Check(device.Driver.MemsetD8Async(memory, 0, 4 * 4096, stream));
        for (int round = 0; round < Rounds; round++)
        {
            TestDevice.Check(device.Launch(function, 64, 64, stream, memory, 3));
        }
        TestDevice.Check(device.Driver.StreamSynchronize(stream));
        Assert.All(device.Read<int>(memory, 4096), value => Assert.Equal(3 * Rounds, value));
    }

    [Fact]
    public void Independent_streams_run_side_by_side()
    {
        nint spin = device.Function(device.Load(KernelTexts.Spin), "spin");
        nint index = device.Function(device.Load(KernelTexts.Index), "index");
        nint busy = device.Stream(1);
        nint free = device.Stream(1);
        ulong flag = device.Allocate(4);
        ulong memory = device.Allocate(4 * 1024);
        TestDevice.Check(device.Driver.MemsetD32(flag, 0, 1));
        TestDevice.Check(device.Launch(spin, 1, 1, busy, flag));
        TestDevice.Check(device.Launch(index, 4, 256, free, memory));
        TestDevice.Check(device.Driver.StreamSynchronize(free));
        Assert.Equal(CuResult.NotReady, device.Driver.StreamQuery(busy));
        TestDevice.Check(device.Driver.MemsetD32Async(flag, 1, 1, free));
        TestDevice.Check(device.Driver.StreamSynchronize(busy));
        Assert.Equal(Enumerable.Range(0, 1024), device.Read<int>(memory, 1024));
    }

    [Fact]
    public void Many_threads_launch_in_their_own_streams()
    {
        const int Threads = 6;
        const int Rounds = 100;
        nint function = device.Function(device.Load(KernelTexts.Add), "add");
        ulong[] memory = [.. Enumerable.Range(0, Threads).Select(_ => device.Allocate(4 * 1024))];
        Thread[] threads =
        [
            .. memory.Select(own => new Thread(() =>
            {
                TestDevice.Check(device.Driver.CtxSetCurrent(device.Context));
                nint stream = device.Stream(1);
                TestDevice.Check(device.Driver.MemsetD8Async(own, 0, 4 * 1024, stream));
                for (int round = 0; round < Rounds; round++)
                {
                    TestDevice.Check(device.Launch(function, 8, 128, stream, own, 2));
                    if (round % 10 == 0)
                    {
                        TestDevice.Check(device.Driver.StreamSynchronize(stream));
                    }
                }
                TestDevice.Check(device.Driver.StreamSynchronize(stream));
            })),
        ];
        Array.ForEach(threads, thread => thread.Start());
        Array.ForEach(threads, thread => thread.Join());
        foreach (ulong own in memory)
        {
            Assert.All(device.Read<int>(own, 1024), value => Assert.Equal(2 * Rounds, value));
        }
    }

    [Fact]
    public void Dynamic_shared_memory_has_the_size_that_was_asked_for()
    {
        nint function = device.Function(device.Load(KernelTexts.Reverse), "reverse");
        ulong memory = device.Allocate(4 * 512);
        device.Write<int>(memory, [.. Enumerable.Range(0, 512)]);
        TestDevice.Check(device.Launch(function, 1, 512, 4 * 512, 0, [memory]));
        Assert.Equal(Enumerable.Range(0, 512).Reverse(), device.Read<int>(memory, 512));
        Assert.Equal(CuResult.InvalidValue, device.Launch(function, 1, 512, 49 << 10, 0, [memory]));
        TestDevice.Check(
            device.Driver.FuncSetAttribute(function, CUfunction_attribute.MaxDynamicSharedSizeBytes, 64 << 10)
        );
        TestDevice.Check(device.Launch(function, 1, 512, 49 << 10, 0, [memory]));
        Assert.Equal(
            CuResult.InvalidValue,
            device.Driver.FuncSetAttribute(function, CUfunction_attribute.MaxDynamicSharedSizeBytes, 100 << 10)
        );
    }

    [Fact]
    public void Texels_are_read_even_when_the_object_is_destroyed_behind_the_launch()
    {
        nint function = device.Function(device.Load(KernelTexts.Sample), "sample");
        ulong image = device.Allocate(64 * 3);
        device.Write<byte>(image, [.. Enumerable.Range(0, 64 * 3).Select(value => (byte)value)]);
        ulong memory = device.Allocate(4 * 32);
        CUDA_RESOURCE_DESC resource = new()
        {
            resType = CUresourcetype.Pitch2D,
            devPtr = image,
            format = CUarray_format.UnsignedInt8,
            numChannels = 1,
            width = 32,
            height = 3,
            pitchInBytes = 64,
        };
        CUDA_TEXTURE_DESC texture = new() { flags = 1 };
        for (int round = 0; round < 50; round++)
        {
            ulong handle;
            TestDevice.Check(device.Driver.TexObjectCreate(&handle, &resource, &texture, null));
            TestDevice.Check(device.Launch(function, 1, 32, 0, memory, handle));
            TestDevice.Check(device.Driver.TexObjectDestroy(handle));
        }
        Assert.Equal(Enumerable.Range(64, 32), device.Read<int>(memory, 32));
    }

    [Fact]
    public void Arguments_come_packed_or_as_pointers_but_not_both()
    {
        nint function = device.Function(device.Load(KernelTexts.Index), "index");
        ulong memory = device.Allocate(4 * 32);
        void** pointers = stackalloc void*[] { &memory };
        nuint size = 8;
        void** extra = stackalloc void*[] { (void*)1, &memory, (void*)2, &size, null };
        TestDevice.Check(device.Driver.LaunchKernel(function, 1, 1, 1, 32, 1, 1, 0, 0, pointers, null));
        Assert.Equal(31, device.Read<int>(memory, 32)[31]);
        Assert.Equal(
            CuResult.InvalidValue,
            device.Driver.LaunchKernel(function, 1, 1, 1, 32, 1, 1, 0, 0, pointers, extra)
        );
        Assert.Equal(CuResult.InvalidValue, device.Driver.LaunchKernel(function, 1, 1, 1, 32, 1, 1, 0, 0, null, null));
        size = 4;
        Assert.Equal(CuResult.InvalidValue, device.Driver.LaunchKernel(function, 1, 1, 1, 32, 1, 1, 0, 0, null, extra));
    }

    [Theory]
    [InlineData(0u, 1u, 1u, 1u)]
    [InlineData(1u, 0u, 1u, 1u)]
    [InlineData(1u, 1u, 1025u, 1u)]
    [InlineData(1u, 1u, 512u, 3u)]
    [InlineData(1u, 65536u, 1u, 1u)]
    public void Launches_of_impossible_sizes_are_refused(uint gridX, uint gridY, uint blockX, uint blockY)
    {
        nint function = device.Function(device.Load(KernelTexts.Trap), "halt");
        Assert.Equal(
            CuResult.InvalidValue,
            device.Driver.LaunchKernel(function, gridX, gridY, 1, blockX, blockY, 1, 0, 0, null, null)
        );
        Assert.Equal(CuResult.InvalidHandle, device.Launch(function + 16, 1, 1, 0));
        Assert.Equal(CuResult.InvalidHandle, device.Launch(function, 1, 1, function));
    }

    [Fact]
    public void Events_time_launches_in_order()
    {
        nint function = device.Function(device.Load(KernelTexts.Add), "add");
        ulong memory = device.Allocate(4 * 4096);
        nint start = device.Event();
        nint end = device.Event();
        TestDevice.Check(device.Driver.EventRecord(start, 0));
        TestDevice.Check(device.Launch(function, 64, 64, 0, memory, 1000));
        TestDevice.Check(device.Driver.EventRecord(end, 0));
        TestDevice.Check(device.Driver.EventSynchronize(end));
        float milliseconds;
        TestDevice.Check(device.Driver.EventElapsedTime(&milliseconds, start, end));
        Assert.True(milliseconds > 0);
    }

    public void Dispose() => device.Dispose();

    [Fact]
    public void A_value_may_be_read_under_the_guard_that_it_was_written_under()
    {
        const string Text =
            KernelTexts.Head
            + """
                .visible .entry k(.param .u64 out)
                {
                    .reg .b32 %r<9>;
                    .reg .b64 %rd<5>;
                    .reg .pred %p<3>;
                    mov.u32 %r1, %tid.x;
                    mov.u32 %r2, 5;
                    setp.lt.u32 %p1, %r1, 40;
                    @%p1 add.u32 %r3, %r1, 1;
                    @%p1 add.u32 %r2, %r2, %r3;
                    bar.sync 0;
                    ld.param.u64 %rd1, [out];
                    mul.wide.u32 %rd2, %r1, 4;
                    add.s64 %rd3, %rd1, %rd2;
                    st.global.u32 [%rd3], %r2;
                    ret;
                }
                """;
        using TestDevice device = new();
        ulong memory = device.Allocate(256);
        TestDevice.Check(device.Launch(device.Function(device.Load(Text), "k"), 1, 64, 0, memory));
        Assert.Equal(
            Enumerable.Range(0, 64).Select(thread => thread < 40 ? thread + 6 : 5),
            device.Read<int>(memory, 64)
        );
    }
}
