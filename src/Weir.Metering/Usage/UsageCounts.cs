namespace Weir.Metering.Usage;

/// <summary>
/// What a session has used since it began, as it reports it again and again. Adding up differences of the highest values makes every use count
/// once, whatever reports are lost, late or repeated.
/// </summary>
public readonly record struct UsageCounts
{
    /// <summary>Number of the report; the later of two has the higher one.</summary>
    public long Sequence { get; init; }

    /// <summary>Device time worked, nanoseconds.</summary>
    public long BusyNs { get; init; }

    /// <summary>The part of it that went into copies.</summary>
    public long CopyNs { get; init; }

    /// <summary>Device time waited for, nanoseconds.</summary>
    public long WaitNs { get; init; }

    /// <summary>Kernels launched.</summary>
    public long Launches { get; init; }

    /// <summary>Calls made.</summary>
    public long Calls { get; init; }

    /// <summary>Bytes copied to the device.</summary>
    public long BytesToDevice { get; init; }

    /// <summary>Bytes copied from the device.</summary>
    public long BytesToHost { get; init; }

    /// <summary>Bytes copied within the device.</summary>
    public long BytesOnDevice { get; init; }

    /// <summary>Processor time of the program, nanoseconds.</summary>
    public long HostNs { get; init; }

    /// <summary>The higher of each.</summary>
    public UsageCounts Max(UsageCounts other) =>
        new()
        {
            Sequence = Math.Max(Sequence, other.Sequence),
            BusyNs = Math.Max(BusyNs, other.BusyNs),
            CopyNs = Math.Max(CopyNs, other.CopyNs),
            WaitNs = Math.Max(WaitNs, other.WaitNs),
            Launches = Math.Max(Launches, other.Launches),
            Calls = Math.Max(Calls, other.Calls),
            BytesToDevice = Math.Max(BytesToDevice, other.BytesToDevice),
            BytesToHost = Math.Max(BytesToHost, other.BytesToHost),
            BytesOnDevice = Math.Max(BytesOnDevice, other.BytesOnDevice),
            HostNs = Math.Max(HostNs, other.HostNs),
        };

    /// <summary>
    /// Adds to a bucket what lies between two looks. Times are rounded down as totals, not as differences, so that nothing is lost by adding
    /// many of them up.
    /// </summary>
    public static void AddBetween(UsageCounts before, UsageCounts after, Span<long> bucket)
    {
        bucket[(int)UsageField.BusyUs] += after.BusyNs / 1000 - before.BusyNs / 1000;
        bucket[(int)UsageField.CopyUs] += after.CopyNs / 1000 - before.CopyNs / 1000;
        bucket[(int)UsageField.WaitUs] += after.WaitNs / 1000 - before.WaitNs / 1000;
        bucket[(int)UsageField.Launches] += after.Launches - before.Launches;
        bucket[(int)UsageField.Calls] += after.Calls - before.Calls;
        bucket[(int)UsageField.BytesToDevice] += after.BytesToDevice - before.BytesToDevice;
        bucket[(int)UsageField.BytesToHost] += after.BytesToHost - before.BytesToHost;
        bucket[(int)UsageField.BytesOnDevice] += after.BytesOnDevice - before.BytesOnDevice;
        bucket[(int)UsageField.HostMs] += after.HostNs / 1_000_000 - before.HostNs / 1_000_000;
    }
}
