using System.Globalization;
using Weir.Devices.Software.Tests.Support;

namespace Weir.Devices.Software.Tests.Contexts;

public sealed class LifetimeTests
{
    [Fact]
    public void Hundreds_of_devices_come_and_go_and_leave_nothing()
    {
        const int Rounds = 600;
        long before = AddressPages();
        for (int round = 0; round < Rounds; round++)
        {
            using TestDevice device = new(cores: 2, memoryBytes: 4 << 20);
            ulong memory = device.Allocate(1 << 20);
            TestDevice.Check(device.Driver.MemsetD8(memory, 1, 1 << 20));
        }
        // Each one reserves 64 GiB of addresses and registers two threads' records of 1024 there can be.
        long windows = (AddressPages() - before) * Environment.SystemPageSize >> 36;
        Assert.True(windows < Rounds / 4, $"{windows} windows are left");
    }

    private static long AddressPages() =>
        long.Parse(File.ReadAllText("/proc/self/statm").Split(' ')[0], CultureInfo.InvariantCulture);
}
