using Weir.Api;
using Weir.Devices.Software.Tests.Support;

namespace Weir.Devices.Software.Tests.Execution;

/// <summary>Work that is left to the thread that brought it (<see cref="SoftwareDeviceOptions.CallerSettles"/>).</summary>
public sealed unsafe class SettlingTests
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(30);

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Work_that_was_left_is_done_by_who_waits_for_it(int cores)
    {
        using TestDevice device = Open(cores);
        nint stream = device.Stream(1);
        ulong address = device.Allocate(1 << 10);
        TestDevice.Check(device.Driver.MemsetD32Async(address, 7, 256, stream));
        TestDevice.Check(device.Driver.StreamSynchronize(stream));
        Assert.False(device.Driver.HasWork);
        Assert.All(device.Read<int>(address, 256), value => Assert.Equal(7, value));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Work_that_was_left_is_done_when_the_caller_settles(int cores)
    {
        using TestDevice device = Open(cores);
        ulong address = device.Allocate(1 << 10);
        TestDevice.Check(device.Driver.MemcpyDtoDAsync(address, address + 512, 512, device.Stream(1)));
        device.Driver.Settle();
        Assert.True(SpinWait.SpinUntil(() => !device.Driver.HasWork, s_patience));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Asking_is_enough_for_it_to_be_done(int cores)
    {
        using TestDevice device = Open(cores);
        ulong address = device.Allocate(1 << 10);
        nint stream = device.Stream(1);
        nint mark = device.Event();
        TestDevice.Check(device.Driver.MemcpyDtoDAsync(address, address + 512, 512, stream));
        Assert.True(
            SpinWait.SpinUntil(() => device.Driver.StreamQuery(stream) == CuResult.Success, s_patience),
            "the stream never became idle"
        );
        TestDevice.Check(device.Driver.MemcpyDtoDAsync(address, address + 512, 512, stream));
        TestDevice.Check(device.Driver.EventRecord(mark, stream));
        Assert.True(
            SpinWait.SpinUntil(() => device.Driver.EventQuery(mark) == CuResult.Success, s_patience),
            "the event was never reached"
        );
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Much_work_begins_although_nobody_waits(int cores)
    {
        using TestDevice device = Open(cores);
        nint stream = device.Stream(1);
        ulong address = device.Allocate(4 << 20);
        for (int copy = 0; copy < 100; copy++)
        {
            TestDevice.Check(device.Driver.MemcpyDtoDAsync(address, address + (2 << 20), 1 << 20, stream));
        }
        // Neither waits nor settles: what piled up is more than a caller keeps for itself.
        Assert.True(SpinWait.SpinUntil(() => !device.Driver.HasWork, s_patience));
    }

    private static TestDevice Open(int cores) => new(cores, change: options => options with { CallerSettles = true });
}
