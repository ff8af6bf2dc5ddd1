using System.Buffers.Binary;

namespace Weir.Kernels.Fatbin;

/// <summary>Reads fat binaries. Every length is checked before it is believed.</summary>
public static class FatbinReader
{
    private const int MaxEntries = 4096;
    private const int EntryHeaderBytes = 64;

    /// <summary>True when an image starts like a fat binary.</summary>
    public static bool IsFatbin(ReadOnlySpan<byte> image) =>
        image.Length >= 16
        && BinaryPrimitives.ReadUInt32LittleEndian(image) is ImageExtent.FatbinMagic or ImageExtent.OldFatbinMagic;

    /// <summary>Lists the entries of one or more fat binaries that follow each other (without their wrappers).</summary>
    /// <exception cref="PtxException">The image is truncated or damaged.</exception>
    public static IReadOnlyList<FatbinEntry> Read(ReadOnlyMemory<byte> image)
    {
        var entries = new List<FatbinEntry>();
        do
        {
            var span = image.Span;
            if (!IsFatbin(span))
            {
                throw Damaged("does not start with its magic number");
            }

            int header = BinaryPrimitives.ReadUInt16LittleEndian(span[6..]);
            var content = BinaryPrimitives.ReadUInt64LittleEndian(span[8..]);
            if (header < 16 || header > image.Length || content > (ulong)(image.Length - header))
            {
                throw Damaged("is shorter than its header says");
            }

            ReadEntries(image.Slice(header, (int)content), entries);
            image = image[(header + (int)content)..];

            // Parts may be padded with zeros.
            var padding = image.Span.IndexOfAnyExcept((byte)0);
            image = padding < 0 ? default : image[padding..];
        } while (!image.IsEmpty);

        return entries;
    }

    /// <summary>
    /// PTX entries that a device can run, best first: for the highest architecture that is not newer than the device,
    /// among equals the last one.
    /// </summary>
    /// <param name="entries">Entries of an image.</param>
    /// <param name="sm">Compute capability of the device times ten.</param>
    public static IEnumerable<FatbinEntry> PtxFor(IReadOnlyList<FatbinEntry> entries, int sm) =>
        entries.Where(e => e.Kind == FatbinKind.Ptx && e.Sm <= sm).Reverse().OrderByDescending(e => e.Sm);

    private static void ReadEntries(ReadOnlyMemory<byte> content, List<FatbinEntry> entries)
    {
        while (!content.IsEmpty)
        {
            var span = content.Span;
            if (span.IndexOfAnyExcept((byte)0) < 0)
            {
                return;
            }

            if (span.Length < EntryHeaderBytes)
            {
                throw Damaged("ends inside an entry's header");
            }

            var header = BinaryPrimitives.ReadUInt32LittleEndian(span[4..]);
            var payload = BinaryPrimitives.ReadUInt32LittleEndian(span[8..]);
            var compressed = BinaryPrimitives.ReadUInt32LittleEndian(span[16..]);
            var whole = Math.Max(payload, compressed);
            if (header < EntryHeaderBytes || header > span.Length || whole > span.Length - header)
            {
                throw Damaged("ends inside an entry");
            }

            if (entries.Count == MaxEntries)
            {
                throw Damaged($"has more than {MaxEntries} entries");
            }

            var flags = BinaryPrimitives.ReadUInt64LittleEndian(span[40..]);
            entries.Add(
                new FatbinEntry
                {
                    Kind = (FatbinKind)BinaryPrimitives.ReadUInt16LittleEndian(span),
                    Sm = (int)Math.Min(int.MaxValue, BinaryPrimitives.ReadUInt32LittleEndian(span[28..])),
                    Flags = flags,
                    Stored = content.Slice((int)header, (int)(compressed != 0 ? compressed : payload)),
                    DeclaredBytes = BinaryPrimitives.ReadUInt64LittleEndian(span[56..]),
                }
            );
            content = content[(int)(header + whole)..];
        }
    }

    private static PtxException Damaged(string how) => new($"the fat binary {how}", 0);
}
