namespace Weir.Devices.Software.Statistics;

/// <summary>What a device has done since it was made.</summary>
public readonly record struct DeviceStatistics
{
    /// <summary>Kernels made ready to run, from the cache or anew.</summary>
    public required long KernelsCompiled { get; init; }

    /// <summary>Time that this took, nanoseconds.</summary>
    public required long CompileNanoseconds { get; init; }

    /// <summary>Kernel launches.</summary>
    public required long KernelsLaunched { get; init; }

    /// <summary>Bytes copied from the host to the device.</summary>
    public required long BytesToDevice { get; init; }

    /// <summary>Bytes copied from the device to the host.</summary>
    public required long BytesToHost { get; init; }

    /// <summary>Bytes copied within the device.</summary>
    public required long BytesOnDevice { get; init; }

    /// <summary>
    /// Time that cores have spent on work, all together, nanoseconds; of launches and copies that run at once, which take less than
    /// a microsecond or a few, one of sixteen is timed and stands for the others.
    /// </summary>
    public required long BusyNanoseconds { get; init; }

    /// <summary>The part of it that went into copies and fills.</summary>
    public required long CopyNanoseconds { get; init; }

    /// <summary>Time that threads had work and no core, because other sessions had theirs, nanoseconds.</summary>
    public required long WaitNanoseconds { get; init; }

    /// <summary>Device memory in use now, bytes.</summary>
    public required long MemoryBytes { get; init; }
}
