using System.Runtime.InteropServices;

namespace Weir.Wire;

/// <summary>
/// Head of one ring slot. Positions count bytes for ever (they do not wrap); the place in the ring is position modulo
/// <see cref="SegmentLayout.RingBytes"/>. The reply's payload follows its header directly, so that a short answer is one cache line.
/// </summary>
[StructLayout(LayoutKind.Explicit, Size = SegmentLayout.ReplyPayloadOffset)]
internal struct RingHeader
{
    /// <summary>Where the slot's next owner goes on: bytes published when the last one gave it up. The worker never reads it.</summary>
    [FieldOffset(0)]
    internal ulong Tail;

    /// <summary>1 while a client thread owns the slot. Client writes.</summary>
    [FieldOffset(8)]
    internal uint Owned;

    /// <summary>Futex word: not 0 while the client sleeps, see <see cref="ClientWait"/>. On a line that is written only then.</summary>
    [FieldOffset(12)]
    internal uint ClientSleeping;

    /// <summary>Bytes consumed. Worker writes (release).</summary>
    [FieldOffset(64)]
    internal ulong Head;

    /// <summary>
    /// The reply that the call which was taken last will get, modulo 2^32: not yet given when it is one more than <see cref="ReplySequence"/>. Worker
    /// writes, for a worker that takes the session over from one that died.
    /// </summary>
    [FieldOffset(72)]
    internal uint CallsTaken;

    /// <summary>Replies given so far, modulo 2^32. Worker writes (last, then a full fence).</summary>
    [FieldOffset(128)]
    internal uint ReplySequence;

    /// <summary>CUresult of the call.</summary>
    [FieldOffset(132)]
    internal int ReplyResult;

    /// <summary>Payload bytes that follow.</summary>
    [FieldOffset(136)]
    internal uint ReplyBytes;
}
