using Weir.Devices.Software.Memory.Portability;
using Weir.Devices.Software.Memory.Residency;
using Weir.Devices.Software.Native;

namespace Weir.Devices.Software.Memory;

/// <summary>
/// Memory without an address (cuMemCreate): a file in memory, so that it can be mapped in several places. It lives while a
/// handle or a mapping refers to it. Guarded by <see cref="VirtualMemory"/>.
/// </summary>
internal sealed unsafe class PhysicalMemory(int file, ulong sizeBytes, ulong flags, ulong key)
{
    private const int PieceBytes = PortableMemory.PieceBytes;
    private const int SeekData = 3;
    private const int PunchHole = 3; // FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE

    private readonly Dictionary<ulong, ContentMark> hashes = [];

    /// <summary>What stands for its address in saved memory; the same after a restore.</summary>
    public ulong Key { get; } = key;

    /// <summary>Descriptor of the file.</summary>
    public int File { get; } = file;

    /// <summary>Size, bytes; a multiple of <see cref="VirtualMemory.Granularity"/>.</summary>
    public ulong SizeBytes { get; } = sizeBytes;

    /// <summary>Flags that it was created with.</summary>
    public ulong Flags { get; } = flags;

    /// <summary>Handle that the program holds; 0 once it is released.</summary>
    public nint Handle { get; set; }

    /// <summary>Handles that the program holds, all of the same value.</summary>
    public int Handles { get; set; } = 1;

    /// <summary>Places where it is mapped.</summary>
    public int Mappings { get; set; }

    /// <summary>Makes zeroed memory; null when the system has none.</summary>
    public static PhysicalMemory? Create(ulong sizeBytes, ulong flags, ulong key)
    {
        int file = LibC.CreateMemoryFile("weir-physical");
        if (file < 0)
        {
            return null;
        }
        if (LibC.Truncate(file, (long)sizeBytes) != 0)
        {
            _ = LibC.Close(file);
            return null;
        }
        return new PhysicalMemory(file, sizeBytes, flags, key);
    }

    /// <summary>Saves what is not zero and has another content than it had.</summary>
    /// <param name="sink">Where it goes.</param>
    /// <param name="since">Content is wanted that was first seen in a later epoch.</param>
    /// <param name="mark">The epoch that ended with this save.</param>
    /// <param name="buffer">Room for a piece.</param>
    /// <param name="pieces">Gets the keys of all pieces that are not zero.</param>
    /// <param name="written">Counts those that went to the sink.</param>
    public void Save(IPieceSink sink, uint since, uint mark, byte* buffer, List<ulong> pieces, ref int written)
    {
        for (ulong at = 0; at < SizeBytes; at += PieceBytes)
        {
            long data = LibC.Seek(File, (long)at, SeekData);
            if (
                data < 0
                || (ulong)data >= at + PieceBytes
                || LibC.ReadAt(File, buffer, PieceBytes, (long)at) != PieceBytes
            )
            {
                continue;
            }
            ReadOnlySpan<byte> content = new(buffer, PieceBytes);
            if (!content.ContainsAnyExcept((byte)0))
            {
                continue;
            }
            pieces.Add(Key + at);
            hashes[at] = ContentMark.Of(content, hashes.GetValueOrDefault(at), mark);
            if (hashes[at].ChangedIn > since)
            {
                sink.Write(Key + at, content);
                written++;
            }
        }
    }

    /// <summary>Makes its content what was saved.</summary>
    /// <exception cref="IOException">The source has it not, or the system has no memory.</exception>
    public void Restore(IPieceSource source, HashSet<ulong> pieces, byte* buffer)
    {
        Empty();
        for (ulong at = 0; at < SizeBytes; at += PieceBytes)
        {
            if (!pieces.Contains(Key + at))
            {
                continue;
            }
            source.Read(Key + at, new Span<byte>(buffer, PieceBytes));
            if (LibC.WriteAt(File, buffer, PieceBytes, (long)at) != PieceBytes)
            {
                throw new IOException("the system has no memory for what the program maps itself");
            }
        }
    }

    /// <summary>Frees its pages: it is zero afterwards.</summary>
    public void Empty() => _ = LibC.Allocate(File, PunchHole, 0, (long)SizeBytes);
}
