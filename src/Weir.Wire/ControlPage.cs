using System.Runtime.InteropServices;

namespace Weir.Wire;

/// <summary>
/// First page of the segment. Words that one side writes often lie on lines of their own. The worker believes nothing
/// that the client can write; the client believes the worker.
/// </summary>
[StructLayout(LayoutKind.Explicit, Size = 4096)]
internal unsafe struct ControlPage
{
    /// <summary>Written once by the worker before the segment is sent.</summary>
    [FieldOffset(0)]
    internal ulong Magic;

    [FieldOffset(8)]
    internal uint Version;

    [FieldOffset(12)]
    internal int WorkerPid;

    /// <summary>1 when the worker runs sys_membarrier(GLOBAL_EXPEDITED) before it sleeps, so that a registered client
    /// may publish without a fence of its own. Written once.</summary>
    [FieldOffset(16)]
    internal uint WorkerFences;

    /// <summary><see cref="SessionState"/>; set by the worker. Leaving <see cref="SessionState.Open"/> ends every wait.</summary>
    [FieldOffset(24)]
    internal uint State;

    /// <summary>Sticky error of the session (a CUresult), 0 while there is none: lets polls answer without a round trip.</summary>
    [FieldOffset(28)]
    internal int StickyError;

    /// <summary>Number of errors of posts that wait to be reported; set by the worker. While it is not 0, a copy that was
    /// awaited without an answer of its own asks for the error (TakeError).</summary>
    [FieldOffset(32)]
    internal uint LatchedErrors;

    /// <summary>Futex word: 1 while the worker's dispatcher sleeps or is about to. See <see cref="Doorbell"/>.</summary>
    [FieldOffset(64)]
    internal uint WorkerSleeping;

    /// <summary>Bit per ring slot that has an owner or unread records; set by the client, cleared by the worker.</summary>
    [FieldOffset(128)]
    internal fixed ulong OpenRings[SegmentLayout.SlotCount / 64];

    /// <summary>Entries put into the callback queue (futex word of the client's callback thread).</summary>
    [FieldOffset(320)]
    internal uint CallbackTail;

    /// <summary>Entries that the client has run to their end.</summary>
    [FieldOffset(384)]
    internal uint CallbackHead;

    /// <summary>1 while the client's callback thread sleeps.</summary>
    [FieldOffset(388)]
    internal uint CallbackSleeping;

    /// <summary>Counts of client-local work, for the session summary (client written, plain adds).</summary>
    [FieldOffset(448)]
    internal ulong LocalCalls;

    /// <summary>Private export tables asked for and not known.</summary>
    [FieldOffset(456)]
    internal ulong UnknownExportTables;
}

/// <summary>Life of a session as the segment shows it.</summary>
internal enum SessionState : uint
{
    Starting = 0,
    Open = 1,

    /// <summary>The worker is gone or going; no reply will come.</summary>
    Closed = 2,
}
