namespace Weir.Devices.Software.Memory.Residency;

/// <summary>What was moved between a device and what is below it.</summary>
public sealed class ResidencyCounters
{
    private long broughtChunks;
    private long takenChunks;
    private long faults;

    /// <summary>Bytes that were copied to the device.</summary>
    public ulong BroughtBytes => (ulong)Interlocked.Read(ref broughtChunks) * ArenaBacking.ChunkBytes;

    /// <summary>Bytes that were copied from the device.</summary>
    public ulong TakenBytes => (ulong)Interlocked.Read(ref takenChunks) * ArenaBacking.ChunkBytes;

    /// <summary>Faults that were answered.</summary>
    public long Faults => Interlocked.Read(ref faults);

    internal void Brought() => Interlocked.Increment(ref broughtChunks);

    internal void Taken() => Interlocked.Increment(ref takenChunks);

    internal void Faulted() => Interlocked.Increment(ref faults);
}
