using Weir.Devices.Software.Native;

namespace Weir.Devices.Software.Memory.Residency;

/// <summary>
/// A place for one chunk on its way: it is filled, or emptied, where no kernel sees it. Its pages count as the device's. One
/// thread at a time.
/// </summary>
internal sealed class Staging : IDisposable
{
    private const ulong ChunkBytes = ArenaBacking.ChunkBytes;

    private readonly ulong reserved;

    /// <exception cref="OutOfMemoryException">There are no addresses.</exception>
    public Staging()
    {
        const int Flags = LibC.MapPrivate | LibC.MapAnonymous | LibC.MapNoReserve;
        nint start = LibC.Map(0, (nuint)(2 * ChunkBytes), LibC.ProtNone, Flags, -1, 0);
        if (start == -1)
        {
            throw new OutOfMemoryException("cannot reserve addresses for a chunk on its way");
        }
        reserved = (ulong)start;
        Address = (reserved + ChunkBytes - 1) & ~(ChunkBytes - 1);
        _ = ArenaBacking.Allow(Address, ChunkBytes, wholly: true);
    }

    /// <summary>Where it is.</summary>
    public ulong Address { get; }

    /// <summary>Frees its pages: what was there is gone before anybody gets them.</summary>
    public void Clear() => ArenaBacking.Release(Address, Address + ChunkBytes);

    /// <inheritdoc/>
    public void Dispose() => _ = LibC.Unmap((nint)reserved, (nuint)(2 * ChunkBytes));
}
