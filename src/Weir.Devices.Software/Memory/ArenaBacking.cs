using Weir.Devices.Software.Memory.Residency;
using Weir.Devices.Software.Native;

namespace Weir.Devices.Software.Memory;

/// <summary>
/// The pages behind the device's address range: reserved without access, opened in chunks that hold live memory, and
/// given back to the system when free. Only the backing, and what keeps its pages, knows that addresses are host pages of this
/// process.
/// </summary>
internal sealed class ArenaBacking : IDisposable
{
    /// <summary>Granularity of access rights, bytes: large enough that the number of mappings stays far below the system's limit.</summary>
    public const int ChunkBytes = 2 << 20;

    private const int PageBytes = 4096;

    /// <param name="address">Start of a reserved range, chunk-aligned.</param>
    /// <param name="sizeBytes">Size of the range, a multiple of <see cref="ChunkBytes"/>.</param>
    public ArenaBacking(ulong address, ulong sizeBytes)
    {
        SizeBytes = sizeBytes;
        Address = address;
    }

    /// <summary>First address.</summary>
    public ulong Address { get; }

    /// <summary>Size of the range, bytes.</summary>
    public ulong SizeBytes { get; }

    /// <summary>What keeps the pages when they may leave the device; null: they are there as long as they are open.</summary>
    public ResidentMemory? Resident { get; init; }

    /// <summary>Opens chunks for use; false when the system refuses.</summary>
    /// <param name="address">First chunk.</param>
    /// <param name="sizeBytes">Size of the chunks together.</param>
    /// <param name="wholly">True when they will be used as a whole, so that huge pages pay.</param>
    public bool Open(ulong address, ulong sizeBytes, bool wholly) =>
        Resident?.Open(address, sizeBytes, wholly) ?? Allow(address, sizeBytes, wholly);

    /// <summary>Closes chunks and frees their pages.</summary>
    public void Close(ulong address, ulong sizeBytes)
    {
        if (Resident is not null)
        {
            Resident.Close(address, sizeBytes);
            return;
        }
        Forbid(address, sizeBytes);
    }

    /// <summary>Makes chunks readable and writable; false when the system refuses.</summary>
    /// <param name="address">First chunk.</param>
    /// <param name="sizeBytes">Size of the chunks together.</param>
    /// <param name="wholly">True when they will be used as a whole, so that huge pages pay.</param>
    public static bool Allow(ulong address, ulong sizeBytes, bool wholly)
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

    /// <summary>Takes the access rights of chunks away and frees their pages.</summary>
    public static void Forbid(ulong address, ulong sizeBytes)
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
        Resident?.Dispose();
        Forbid(Address, SizeBytes);
    }
}
