using Weir.Api;
using Weir.Wire;

namespace Weir.Worker.Replaying;

/// <summary>What records read and write beside themselves: staging chunks, and what no log can hold.</summary>
internal static unsafe class LoggedChunk
{
    /// <summary>The chunk that a record names; −1 when it names none.</summary>
    /// <param name="op">Its call.</param>
    /// <param name="fields">Its fields.</param>
    /// <param name="bytes">Their length.</param>
    public static long Of(Op op, ulong* fields, int bytes)
    {
        int field = op switch
        {
            Op.BlobPart => 1,
            Op.CopyIn => 4,
            Op.CopyOut => 0,
            _ => -1,
        };
        return field < 0 || bytes < (field + 1) * sizeof(ulong) || fields[field] >= SegmentLayout.ChunkCount
            ? -1
            : (long)fields[field];
    }

    /// <summary>The data that a record reads from its chunk, and the chunk's state word.</summary>
    public static ReadOnlySpan<byte> DataOf(Op op, ulong* fields, int bytes, byte* segment, out uint word)
    {
        long chunk = Of(op, fields, bytes);
        word = chunk < 0 ? 0 : Volatile.Read(ref *SegmentLayout.ChunkWord(segment, (int)chunk));
        UInt128 length =
            chunk < 0 ? 0
            : op == Op.BlobPart ? fields[2]
            : op == Op.CopyIn ? (UInt128)fields[2] * fields[3]
            : 0;
        // What lies outside of staging is refused when the record is carried out.
        return
            length > 0
            && length <= SegmentLayout.StagingBytes
            && StagingChunk.TryRange(segment, (ulong)chunk, (ulong)length, out byte* data)
            ? new ReadOnlySpan<byte>(data, (int)length)
            : [];
    }

    /// <summary>Why a session that does this cannot be replayed; null when it can.</summary>
    public static string? Prevents(Op op, ulong* fields, int bytes, uint word) =>
        op switch
        {
            Op.UseHost => PageLocked,
            _ when CallTable.IsOfObjects((ushort)op) => "the program uses OpenCL, whose calls are not done again",
            Op.HostFunction => "it has the device call functions of the program",
            _ when Of(op, fields, bytes) >= 0 && !StagingChunk.CountsClaims(word) =>
                "its client library is of a release that does not tell the uses of staging memory apart",
            _ => null,
        };

    /// <summary>Why a session that has page-locked memory cannot be replayed.</summary>
    public const string PageLocked =
        "it has page-locked memory, which the program may have changed since its kernels and copies read it";
}
