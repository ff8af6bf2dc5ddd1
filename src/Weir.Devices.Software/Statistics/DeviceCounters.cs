using Weir.Devices.Software.Execution;

namespace Weir.Devices.Software.Statistics;

/// <summary>What a device counts while it works.</summary>
internal sealed class DeviceCounters
{
    private readonly long[] copied = new long[4];
    private long kernelsCompiled;
    private long compileNanoseconds;
    private long kernelsLaunched;

    /// <summary>A copy has been done.</summary>
    public void Copied(CopyDirection direction, ulong bytes) =>
        Interlocked.Add(ref copied[(int)direction], (long)bytes);

    /// <summary>A kernel has been made ready to run.</summary>
    public void Compiled(long nanoseconds)
    {
        Interlocked.Increment(ref kernelsCompiled);
        Interlocked.Add(ref compileNanoseconds, nanoseconds);
    }

    /// <summary>A kernel has been launched.</summary>
    public void Launched() => Interlocked.Increment(ref kernelsLaunched);

    /// <summary>The counts now.</summary>
    /// <param name="scheduler">Knows how long cores have worked.</param>
    /// <param name="memoryBytes">Device memory in use.</param>
    public DeviceStatistics Read(Scheduler scheduler, ulong memoryBytes) =>
        new()
        {
            KernelsCompiled = Interlocked.Read(ref kernelsCompiled),
            CompileNanoseconds = Interlocked.Read(ref compileNanoseconds),
            KernelsLaunched = Interlocked.Read(ref kernelsLaunched),
            BytesToDevice = Interlocked.Read(ref copied[(int)CopyDirection.ToDevice]),
            BytesToHost = Interlocked.Read(ref copied[(int)CopyDirection.ToHost]),
            BytesOnDevice = Interlocked.Read(ref copied[(int)CopyDirection.OnDevice]),
            BusyNanoseconds = scheduler.BusyNanoseconds,
            CopyNanoseconds = scheduler.CopyNanoseconds,
            WaitNanoseconds = scheduler.WaitNanoseconds,
            MemoryBytes = (long)memoryBytes,
        };
}
