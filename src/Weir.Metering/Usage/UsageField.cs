namespace Weir.Metering.Usage;

/// <summary>What is kept of the use of a lease's slice of a device, per span of time.</summary>
public enum UsageField
{
    /// <summary>Time of which it is known what was used, milliseconds.</summary>
    MeteredMs,

    /// <summary>Device time that was worked, microseconds: all cores for a second is a second.</summary>
    BusyUs,

    /// <summary>The part of <see cref="BusyUs"/> that the share promised; more may be used when others leave theirs idle.</summary>
    UsedUs,

    /// <summary>The part of <see cref="BusyUs"/> that went into copies and fills.</summary>
    CopyUs,

    /// <summary>Device time that work waited for while others had it, microseconds.</summary>
    WaitUs,

    /// <summary>Time without any work, milliseconds.</summary>
    IdleMs,

    /// <summary>The part of <see cref="IdleMs"/> that lay beyond the grace time of its pause.</summary>
    HoldMs,

    /// <summary>Time that all of its sessions were parked, milliseconds.</summary>
    ParkedMs,

    /// <summary>Kernels launched.</summary>
    Launches,

    /// <summary>Calls that clients made.</summary>
    Calls,

    /// <summary>Bytes copied to the device.</summary>
    BytesToDevice,

    /// <summary>Bytes copied from the device.</summary>
    BytesToHost,

    /// <summary>Bytes copied within the device.</summary>
    BytesOnDevice,

    /// <summary>Device memory held over time, KiB × seconds.</summary>
    MemoryKibSeconds,

    /// <summary>Processor time of the programs beside it, milliseconds.</summary>
    HostMs,

    /// <summary>Most device memory held at a time, KiB.</summary>
    PeakMemoryKib,

    /// <summary>Largest share of the device that was busy over one raw sample, thousandths.</summary>
    PeakBusyPermille,

    /// <summary>Most memory of the programs beside it, KiB.</summary>
    PeakHostKib,
}

/// <summary>How fields are combined.</summary>
public static class UsageFields
{
    /// <summary>How many there are.</summary>
    public const int Count = (int)UsageField.PeakHostKib + 1;

    /// <summary>From here on the larger of two counts; before, they are added.</summary>
    public const int FirstPeak = (int)UsageField.PeakMemoryKib;

    /// <summary>Puts one bucket's values to another's.</summary>
    public static void Merge(Span<long> into, ReadOnlySpan<long> more)
    {
        for (int i = 0; i < FirstPeak; i++)
        {
            into[i] += more[i];
        }
        for (int i = FirstPeak; i < Count; i++)
        {
            into[i] = Math.Max(into[i], more[i]);
        }
    }
}
