using Weir.Devices.Software.Native;

namespace Weir.Devices.Software.Memory;

/// <summary>
/// The pages behind the device's address range: reserved without access, opened in chunks that hold live memory, and
/// given back to the system when free. This is the place where the arena becomes a cache of session memory: only the
/// backing knows that addresses are host pages of this process.
/// </summary>
internal sealed class ArenaBacking : IDisposable
{
    /// <summary>Granularity of access rights, bytes: large enough that the number of mappings stays far below the system's limit.</summary>
    public const int ChunkBytes = 2 << 20;

    private const int PageBytes = 4096;

    private readonly bool ownsRange;

    /// <param name="address">Start of a range that the caller has reserved, chunk-aligned; 0: the backing reserves one.</param>
    /// <param name="sizeBytes">Size of the range, a multiple of <see cref="ChunkBytes"/>.</param>
    /// <exception cref="OutOfMemoryException">The range cannot be reserved.</exception>
    public ArenaBacking(ulong address, ulong sizeBytes)
    {
        ownsRange = address == 0;
        SizeBytes = sizeBytes;
        Address = ownsRange ? Reserve(sizeBytes) : address;
    }

    /// <summary>First address.</summary>
    public ulong Address { get; }

    /// <summary>Size of the range, bytes.</summary>
    public ulong SizeBytes { get; }

    /// <summary>Makes chunks readable and writable; false when the system refuses.</summary>
    /// <param name="address">First chunk.</param>
    /// <param name="sizeBytes">Size of the chunks together.</param>
    /// <param name="wholly">True when they will be used as a whole, so that huge pages pay.</param>
    public static bool Open(ulong address, ulong sizeBytes, bool wholly)
    {
        if (LibC.Protect((nint)address, (nuint)sizeBytes, LibC.ProtRead | LibC.ProtWrite) != 0)
        {
            return false;
        }
        if (wholly)
        {
            _ = LibC.Advise((nint)address, (nuint)sizeBytes, LibC.AdviseHugePage);
        }
        return true;
    }

    /// <summary>Takes the access rights of chunks away again and frees their pages.</summary>
    public static void Close(ulong address, ulong sizeBytes)
    {
        const int Flags = LibC.MapPrivate | LibC.MapAnonymous | LibC.MapNoReserve | LibC.MapFixed;
        _ = LibC.Map((nint)address, (nuint)sizeBytes, LibC.ProtNone, Flags, -1, 0);
    }

    /// <summary>Frees the whole pages inside [<paramref name="start"/>, <paramref name="end"/>); they read as zero afterwards.</summary>
    public static void Release(ulong start, ulong end)
    {
        ulong first = (start + PageBytes - 1) & ~(ulong)(PageBytes - 1);
        ulong last = end & ~(ulong)(PageBytes - 1);
        if (first < last)
        {
            _ = LibC.Advise((nint)first, (nuint)(last - first), LibC.AdviseDontNeed);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (ownsRange)
        {
            _ = LibC.Unmap((nint)Address, (nuint)SizeBytes);
        }
        else
        {
            Close(Address, SizeBytes);
        }
    }

    private static ulong Reserve(ulong sizeBytes)
    {
        // One chunk more, so that an aligned range lies inside whatever the system picks.
        nint start = LibC.Map(
            0,
            (nuint)(sizeBytes + ChunkBytes),
            LibC.ProtNone,
            LibC.MapPrivate | LibC.MapAnonymous | LibC.MapNoReserve,
            -1,
            0
        );
        if (start == -1)
        {
            throw new OutOfMemoryException($"cannot reserve {sizeBytes >> 20} MiB of addresses");
        }
        ulong aligned = ((ulong)start + ChunkBytes - 1) & ~(ulong)(ChunkBytes - 1);
        ulong end = (ulong)start + sizeBytes + ChunkBytes;
        if (aligned > (ulong)start)
        {
            _ = LibC.Unmap(start, (nuint)(aligned - (ulong)start));
        }
        if (end > aligned + sizeBytes)
        {
            _ = LibC.Unmap((nint)(aligned + sizeBytes), (nuint)(end - aligned - sizeBytes));
        }
        return aligned;
    }
}
