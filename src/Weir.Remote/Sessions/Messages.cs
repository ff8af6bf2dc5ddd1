using System.Runtime.InteropServices;

namespace Weir.Remote.Sessions;

/// <summary>What a client may see of a session without asking, as it was when the frame was made.</summary>
[StructLayout(LayoutKind.Sequential, Size = Bytes)]
internal struct SessionStatus
{
    internal const int Bytes = 8;

    /// <summary>As ControlPage.StickyError.</summary>
    internal int StickyError;

    /// <summary>As ControlPage.LatchedErrors.</summary>
    internal uint LatchedErrors;
}

/// <summary>Head of a reply.</summary>
[StructLayout(LayoutKind.Sequential, Size = Bytes)]
internal struct ReplyHead
{
    internal const int Bytes = 32;
    internal SessionStatus Status;

    /// <summary>Ring that asked.</summary>
    internal uint Slot;

    /// <summary>CUresult.</summary>
    internal int Result;

    /// <summary>Chunks for the client's page-locked memory that were sent before: they must have arrived before the client sees this.</summary>
    internal ulong HostChunks;

    /// <summary>Payload that follows.</summary>
    internal uint PayloadBytes;
    internal uint Zero;
}

/// <summary>Head of what concerns a chunk.</summary>
[StructLayout(LayoutKind.Sequential, Size = Bytes)]
internal struct ChunkHead
{
    internal const int Bytes = 16;
    internal SessionStatus Status;

    /// <summary>Number of the chunk; see <see cref="RemoteChunks"/>.</summary>
    internal uint Chunk;

    /// <summary>State that the chunk gets at the client.</summary>
    internal uint State;
}

/// <summary>A host function to run; the entry (32 bytes) follows.</summary>
[StructLayout(LayoutKind.Sequential, Size = Bytes)]
internal struct CallbackHead
{
    internal const int Bytes = 16;
    internal SessionStatus Status;

    /// <summary>As <see cref="ReplyHead.HostChunks"/>.</summary>
    internal ulong HostChunks;
}

/// <summary>How a relay joins a worker that has taken its session over.</summary>
[StructLayout(LayoutKind.Sequential, Size = Bytes)]
internal struct JoinHead
{
    internal const int Bytes = 8;

    /// <summary>1: calls that the last worker had carried out are not in the state that was taken over: the contexts have failed.</summary>
    internal uint LostCalls;
    internal uint Zero;
}

/// <summary>The session is at rest.</summary>
[StructLayout(LayoutKind.Sequential, Size = Bytes)]
internal struct RestedHead
{
    internal const int Bytes = 8;

    /// <summary>Frames sent on the bulk link so far: when they have come, nothing is on its way.</summary>
    internal ulong BulkFrames;
}

/// <summary>Host functions that have run.</summary>
[StructLayout(LayoutKind.Sequential, Size = Bytes)]
internal struct CallbacksDone
{
    internal const int Bytes = 8;

    /// <summary>As ControlPage.CallbackHead.</summary>
    internal uint Head;
    internal uint Zero;
}
