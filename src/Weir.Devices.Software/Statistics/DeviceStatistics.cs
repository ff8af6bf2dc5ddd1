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

    /// <summary>Time that cores have spent on queued work, all together, nanoseconds; launches run at once are too short to be timed.</summary>
    public required long BusyNanoseconds { get; init; }

    /// <summary>Device memory in use now, bytes.</summary>
    public required long MemoryBytes { get; init; }
}
