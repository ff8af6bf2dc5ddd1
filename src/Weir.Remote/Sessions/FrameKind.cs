namespace Weir.Remote.Sessions;

/// <summary>What frames of a session carry; client = the relay beside the program.</summary>
internal static class FrameKind
{
    /// <summary>Client: its greeting, as the shim sent it.</summary>
    internal const ushort Hello = 1;

    /// <summary>Client: a batch of records; see <see cref="RecordBatch"/>.</summary>
    internal const ushort Records = 2;

    /// <summary>Client: host functions have run; <see cref="CallbacksDone"/>.</summary>
    internal const ushort CallbacksDone = 3;

    /// <summary>Client: the program has ended; nothing follows.</summary>
    internal const ushort Goodbye = 4;

    /// <summary>Client: no record follows until the session goes on, here or in another worker; all chunks have been sent.</summary>
    internal const ushort Paused = 5;

    /// <summary>Client, first on a link to a worker that has taken a session over: here I am; <see cref="JoinHead"/>. Answered by <see cref="Joined"/>.</summary>
    internal const ushort Join = 6;

    /// <summary>Client, after <see cref="Joined"/>: the session is yours. Answered by <see cref="Begun"/>, and then its records follow.</summary>
    internal const ushort Begin = 7;

    /// <summary>Client, after <see cref="Paused"/>: its program has something to say. Said once.</summary>
    internal const ushort Wants = 8;

    /// <summary>Worker: the answer to a greeting, as a shim expects it.</summary>
    internal const ushort Welcome = 16;

    /// <summary>Worker: <see cref="ReplyHead"/> and the reply's payload.</summary>
    internal const ushort Reply = 17;

    /// <summary>Worker: <see cref="SessionStatus"/> has changed.</summary>
    internal const ushort Status = 18;

    /// <summary>Worker: a chunk has been read or could not be filled; <see cref="ChunkHead"/>.</summary>
    internal const ushort ChunkDone = 19;

    /// <summary>Worker: run a host function; <see cref="CallbackHead"/>.</summary>
    internal const ushort Callback = 20;

    /// <summary>Worker: the session is over, for the reason (UTF-8) that the head holds.</summary>
    internal const ushort Ended = 21;

    /// <summary>Worker: send no more records for now. Answered by <see cref="Paused"/>.</summary>
    internal const ushort Pause = 22;

    /// <summary>Worker, after <see cref="Paused"/>: all that was sent is done and answered; <see cref="RestedHead"/>.</summary>
    internal const ushort Rested = 23;

    /// <summary>Worker, after <see cref="Pause"/>: go on as before.</summary>
    internal const ushort GoOn = 24;

    /// <summary>Worker: the answer to <see cref="Join"/>; it waits for <see cref="Begin"/>. <see cref="SessionStatus"/> follows.</summary>
    internal const ushort Joined = 25;

    /// <summary>Worker: the answer to <see cref="Begin"/>.</summary>
    internal const ushort Begun = 26;

    /// <summary>Both: <see cref="ChunkHead"/> and, as bulk, what the chunk holds.</summary>
    internal const ushort ChunkData = 32;
}
