namespace Weir.Devices.Software.Memory.Residency;

/// <summary>Where a chunk of device memory is.</summary>
internal enum ChunkState : byte
{
    /// <summary>Nothing is allocated there.</summary>
    Closed,

    /// <summary>On the device: its pages are there, or come as zeros when they are touched.</summary>
    Present,

    /// <summary>Not on the device; a touch brings it.</summary>
    Absent,

    /// <summary>On its way to the device.</summary>
    Arriving,

    /// <summary>On its way from the device.</summary>
    Leaving,
}

/// <summary>Where the content of a chunk is that is not on the device.</summary>
internal enum ChunkOrigin : byte
{
    /// <summary>Nowhere: it is zero.</summary>
    Zero,

    /// <summary>In host memory, or in the file below it.</summary>
    Host,

    /// <summary>Where the session was restored from.</summary>
    Source,
}

/// <summary>What is known of 2 MiB of a device's addresses. Guarded by <see cref="ResidentMemory"/>.</summary>
internal struct Chunk
{
    public ChunkState State;
    public ChunkOrigin Origin;

    /// <summary>How it is registered with <see cref="Native.UserFaults"/>: 0, or modes.</summary>
    public byte Modes;

    /// <summary>Its content could not be brought back: whoever touches it fails.</summary>
    public bool IsLost;

    /// <summary>While above 0 it stays where it is.</summary>
    public byte Pins;

    /// <summary>The newest epoch in which it was, or may have been, written.</summary>
    public uint ChangedIn;

    /// <summary>The newest use that is known; larger is later.</summary>
    public uint Used;
}
