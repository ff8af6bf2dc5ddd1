using System.Runtime.CompilerServices;

namespace Weir.Wire;

/// <summary>
/// Where things lie in the session segment: one sealed, sparse memfd made by the worker and mapped by worker and client.
/// All offsets are in bytes from its start.
/// <code>
/// 0        control page(s)      ControlPage, counters, missing names, callback queue
/// 128 KiB  ring slots           SlotCount × (64 KiB header and reply, 256 KiB records); untouched slots cost nothing
/// then     staging              ChunkCount × ChunkBytes, contiguous; the chunk words are in the control area
/// </code>
/// </summary>
internal static unsafe class SegmentLayout
{
    /// <summary>"WEIRSEG" and a zero.</summary>
    internal const ulong Magic = 0x0047_4553_5249_4557;

    /// <summary>Version of layout and protocol together; both sides must agree exactly.</summary>
    internal const uint Version = 2;

    internal const int ControlBytes = 128 << 10;

    /// <summary>u32 per call id: how often the client asked for a call that is refused.</summary>
    internal const int RefusedOffset = 8 << 10;

    internal const int RefusedCount = 2048;

    /// <summary>u32 per staging chunk, one per 16 bytes so that neighbours rarely share a line; see <see cref="StagingChunk"/>.</summary>
    internal const int ChunkWordOffset = 24 << 10;

    internal const int ChunkWordStride = 16;

    /// <summary>Names asked for and unknown: u32 bytes used, then NUL-terminated UTF-8 names.</summary>
    internal const int MissingOffset = 32 << 10;

    internal const int MissingBytes = 16 << 10;

    /// <summary>Callback entries, worker → client; see <see cref="CallbackQueue"/>.</summary>
    internal const int CallbackOffset = 64 << 10;

    internal const int SlotsOffset = ControlBytes;
    internal const int SlotCount = 1024;
    internal const int SlotHeaderBytes = 64 << 10;
    internal const int RingBytes = 256 << 10;
    internal const int SlotBytes = SlotHeaderBytes + RingBytes;

    /// <summary>Largest record, header included.</summary>
    internal const int MaxRecordBytes = 64 << 10;

    /// <summary>Offset of the reply payload in a slot.</summary>
    internal const int ReplyPayloadOffset = 144;

    internal const int MaxReplyBytes = SlotHeaderBytes - ReplyPayloadOffset;

    internal const long StagingOffset = SlotsOffset + (long)SlotCount * SlotBytes;
    internal const int ChunkBytes = 128 << 10;
    internal const int ChunkCount = 128;
    internal const long StagingBytes = (long)ChunkBytes * ChunkCount;

    internal const long SegmentBytes = StagingOffset + StagingBytes;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static ControlPage* Control(byte* segment) => (ControlPage*)segment;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static RingHeader* Slot(byte* segment, int slot) =>
        (RingHeader*)(segment + SlotsOffset + (long)slot * SlotBytes);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static byte* Records(RingHeader* slot) => (byte*)slot + SlotHeaderBytes;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static byte* ReplyPayload(RingHeader* slot) => (byte*)slot + ReplyPayloadOffset;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static byte* Chunk(byte* segment, int chunk) => segment + StagingOffset + (long)chunk * ChunkBytes;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static uint* ChunkWord(byte* segment, int chunk) =>
        (uint*)(segment + ChunkWordOffset + chunk * ChunkWordStride);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static uint* Refused(byte* segment) => (uint*)(segment + RefusedOffset);
}
