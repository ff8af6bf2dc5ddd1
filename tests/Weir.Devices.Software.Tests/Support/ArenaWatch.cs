namespace Weir.Devices.Software.Tests.Support;

/// <summary>
/// Looks all the time, with the system's own table of pages, how much of the devices' address ranges is there. A look counts only
/// when nothing was moved during it: pages that move on while one counts would be counted twice.
/// </summary>
internal sealed class ArenaWatch : IDisposable
{
    private readonly Thread looking;
    private readonly ulong arenaBytes;
    private readonly (ulong Address, ulong Bytes, TestDevice Device)[] ranges;
    private volatile bool isStopped;
    private ulong most;

    public ArenaWatch(ulong arenaBytes, params (ulong Address, ulong Bytes, TestDevice Device)[] ranges)
    {
        this.arenaBytes = arenaBytes;
        this.ranges = ranges;
        looking = new Thread(Look);
        looking.Start();
    }

    /// <summary>Ends the watch and judges what it saw.</summary>
    public void Stop()
    {
        isStopped = true;
        looking.Join();
        Assert.True(most <= arenaBytes, $"{most} bytes were on a device of {arenaBytes}");
        Assert.True(most > arenaBytes / 2, $"no more than {most} bytes were ever seen on the device");
    }

    public void Dispose()
    {
        isStopped = true;
        looking.Join();
    }

    private void Look()
    {
        while (!isStopped)
        {
            ulong before = Moved();
            ulong bytes = 0;
            foreach ((ulong address, ulong size, _) in ranges)
            {
                bytes += Resident.Bytes(address, size);
            }
            if (Moved() == before)
            {
                most = Math.Max(most, bytes);
            }
            Thread.Sleep(1);
        }
    }

    private ulong Moved()
    {
        ulong moved = 0;
        foreach ((_, _, TestDevice device) in ranges)
        {
            moved += device.Driver.Portable.Counters.BroughtBytes + device.Driver.Portable.Counters.TakenBytes;
        }
        return moved;
    }
}
