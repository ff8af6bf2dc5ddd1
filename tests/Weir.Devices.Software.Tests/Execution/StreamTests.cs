using Weir.Api;
using Weir.Devices.Software.Tests.Support;

namespace Weir.Devices.Software.Tests.Execution;

public sealed unsafe class StreamTests : IDisposable
{
    private readonly TestDevice device = new();
    private readonly HostFunctions functions = new();

    [Fact]
    public void A_stream_is_a_queue()
    {
        nint stream = device.Stream();
        for (int number = 0; number < 100; number++)
        {
            Append(stream, number);
        }
        TestDevice.Check(device.Driver.StreamSynchronize(stream));
        Assert.Equal(Enumerable.Range(0, 100), functions.Order);
        TestDevice.Check(device.Driver.StreamQuery(stream));
    }

    [Fact]
    public void The_legacy_stream_waits_for_blocking_ones_and_holds_them_up()
    {
        nint blocking = device.Stream();
        nint free = device.Stream(1);
        Wait(blocking, 1);
        Append(0, 2);
        Append(blocking, 3);
        Append(free, 4);
        Assert.Equal(CuResult.NotReady, device.Driver.StreamQuery(blocking));
        Assert.Equal(CuResult.NotReady, device.Driver.StreamQuery(0));
        functions.Open();
        TestDevice.Check(device.Driver.CtxSynchronize());
        Assert.Equal([1, 2, 3], functions.Order.Where(number => number != 4));
        Assert.Contains(4, functions.Order);
    }

    [Fact]
    public void Copies_in_independent_streams_do_not_wait()
    {
        ulong address = device.Allocate(4);
        nint busy = device.Stream(1);
        nint free = device.Stream(1);
        Wait(busy, 1);
        TestDevice.Check(device.Driver.MemsetD32Async(address, 5, 1, free));
        TestDevice.Check(device.Driver.StreamSynchronize(free));
        TestDevice.Check(device.Driver.StreamQuery(free));
        TestDevice.Check(device.Driver.MemsetD32Async(address, 6, 1, busy));
        Assert.Equal(CuResult.NotReady, device.Driver.StreamQuery(busy));
        int value;
        TestDevice.Check(device.Driver.MemcpyDtoHAsync(&value, address, 4, free));
        TestDevice.Check(device.Driver.StreamSynchronize(free));
        Assert.Equal(5, value);
        functions.Open();
        TestDevice.Check(device.Driver.StreamSynchronize(busy));
        Assert.Equal(6, device.Read<int>(address, 1)[0]);
    }

    [Fact]
    public void An_event_orders_two_streams()
    {
        nint one = device.Stream(1);
        nint two = device.Stream(1);
        nint mark = device.Event();
        Wait(one, 1);
        TestDevice.Check(device.Driver.EventRecord(mark, one));
        TestDevice.Check(device.Driver.StreamWaitEvent(two, mark, 0));
        Append(two, 2);
        Assert.Equal(CuResult.NotReady, device.Driver.EventQuery(mark));
        functions.Open();
        TestDevice.Check(device.Driver.StreamSynchronize(two));
        TestDevice.Check(device.Driver.EventQuery(mark));
        Assert.Equal([1, 2], functions.Order);
    }

    [Fact]
    public void Events_measure_time_and_the_last_recording_counts()
    {
        nint stream = device.Stream();
        nint start = device.Event();
        nint end = device.Event();
        float milliseconds;
        Assert.Equal(CuResult.InvalidHandle, device.Driver.EventElapsedTime(&milliseconds, start, end));
        TestDevice.Check(device.Driver.EventRecord(start, stream));
        Wait(stream, 1);
        TestDevice.Check(device.Driver.EventRecord(end, stream));
        Assert.Equal(CuResult.NotReady, device.Driver.EventElapsedTime(&milliseconds, start, end));
        TestDevice.Check(device.Driver.EventRecord(end, stream));
        functions.Open();
        TestDevice.Check(device.Driver.EventSynchronize(end));
        TestDevice.Check(device.Driver.EventElapsedTime(&milliseconds, start, end));
        Assert.True(milliseconds >= 0);
        nint untimed = device.Event(2);
        TestDevice.Check(device.Driver.EventRecord(untimed, stream));
        Assert.Equal(CuResult.InvalidHandle, device.Driver.EventElapsedTime(&milliseconds, start, untimed));
    }

    [Fact]
    public void A_callback_is_told_the_state_of_its_stream()
    {
        nint stream = device.Stream();
        TestDevice.Check(device.Driver.StreamAddCallback(stream, HostFunctions.CallbackFunction, functions.Data(7), 0));
        TestDevice.Check(device.Driver.StreamSynchronize(stream));
        Assert.Equal([7], functions.Order);
    }

    [Fact]
    public void A_destroyed_stream_still_does_its_work()
    {
        nint stream = device.Stream();
        Wait(stream, 1);
        Append(stream, 2);
        TestDevice.Check(device.Driver.StreamDestroy(stream));
        Assert.Equal(CuResult.InvalidHandle, device.Driver.StreamSynchronize(stream));
        functions.Open();
        TestDevice.Check(device.Driver.CtxSynchronize());
        Assert.Equal([1, 2], functions.Order);
    }

    [Fact]
    public void Many_threads_with_many_streams_keep_every_order()
    {
        const int Threads = 8;
        const int Rounds = 400;
        ulong[] memory = [.. Enumerable.Range(0, Threads).Select(_ => device.Allocate(2 << 20))];
        int wrong = 0;
        Thread[] threads =
        [
            .. Enumerable
                .Range(0, Threads)
                .Select(own => new Thread(() =>
                {
                    TestDevice.Check(device.Driver.CtxSetCurrent(device.Context));
                    nint stream = device.Stream(own % 2 == 0 ? 1u : 0);
                    for (int round = 0; round < Rounds; round++)
                    {
                        // Sizes on both sides of what is done at once.
                        nuint count = round % 7 == 0 ? 1u << 18 : 16;
                        TestDevice.Check(device.Driver.MemsetD32Async(memory[own], (uint)round, count, stream));
                        TestDevice.Check(
                            device.Driver.MemcpyDtoDAsync(memory[own] + (1 << 20), memory[own], count * 4, stream)
                        );
                        uint last;
                        TestDevice.Check(
                            device.Driver.MemcpyDtoHAsync(&last, memory[own] + (1 << 20) + (count - 1) * 4, 4, stream)
                        );
                        TestDevice.Check(device.Driver.StreamSynchronize(stream));
                        if (last != (uint)round)
                        {
                            Interlocked.Increment(ref wrong);
                        }
                    }
                    TestDevice.Check(device.Driver.StreamDestroy(stream));
                })),
        ];
        Array.ForEach(threads, thread => thread.Start());
        Array.ForEach(threads, thread => thread.Join());
        Assert.Equal(0, wrong);
    }

    [Fact]
    public void Threads_share_one_core()
    {
        const int Rounds = 300;
        const int Bytes = 300_000;
        using TestDevice small = new(cores: 1);
        int wrong = 0;
        Thread[] threads =
        [
            .. Enumerable
                .Range(1, 4)
                .Select(own => new Thread(() =>
                {
                    TestDevice.Check(small.Driver.CtxSetCurrent(small.Context));
                    ulong memory = small.Allocate(Bytes);
                    for (int round = 0; round < Rounds; round++)
                    {
                        TestDevice.Check(small.Driver.MemsetD8(memory, (byte)(own * round), Bytes));
                        byte[] read = small.Read<byte>(memory, Bytes);
                        if (read.AsSpan().IndexOfAnyExcept((byte)(own * round)) >= 0)
                        {
                            Interlocked.Increment(ref wrong);
                        }
                    }
                })),
        ];
        Array.ForEach(threads, thread => thread.Start());
        Array.ForEach(threads, thread => thread.Join());
        Assert.Equal(0, wrong);
    }

    [Fact]
    public void Wrong_handles_and_flags_are_refused()
    {
        nint stream = device.Stream();
        nint mark = device.Event();
        Assert.Equal(CuResult.InvalidHandle, device.Driver.StreamSynchronize(mark));
        Assert.Equal(CuResult.InvalidHandle, device.Driver.EventRecord(stream, 0));
        Assert.Equal(CuResult.InvalidHandle, device.Driver.EventRecord(mark, 77));
        Assert.Equal(CuResult.InvalidHandle, device.Driver.StreamWaitEvent(stream, 0, 0));
        Assert.Equal(CuResult.InvalidValue, device.Driver.StreamCreate(&stream, 8));
        Assert.Equal(CuResult.InvalidValue, device.Driver.StreamCreate(null, 0));
        TestDevice.Check(device.Driver.EventDestroy(mark));
        Assert.Equal(CuResult.InvalidHandle, device.Driver.EventQuery(mark));
    }

    public void Dispose()
    {
        functions.Open();
        device.Dispose();
        functions.Dispose();
    }

    private void Append(nint stream, int number) =>
        TestDevice.Check(device.Driver.LaunchHostFunc(stream, HostFunctions.AppendFunction, functions.Data(number)));

    private void Wait(nint stream, int number) =>
        TestDevice.Check(device.Driver.LaunchHostFunc(stream, HostFunctions.WaitFunction, functions.Data(number)));
}
