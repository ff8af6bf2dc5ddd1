namespace Weir.Remote.Workers;

/// <summary>What a worker says of the state of its session.</summary>
internal sealed record StateReport
{
    /// <summary>Why not; null when it was done.</summary>
    public string? Reason { get; init; }

    /// <summary>Bytes of state, memory included.</summary>
    public long Bytes { get; init; }

    /// <summary>Bytes of them that had to be written.</summary>
    public long WrittenBytes { get; init; }

    /// <summary>It is parked in the host's memory: no image was written.</summary>
    public bool InMemory { get; init; }

    /// <summary>How long the client's calls had to wait, milliseconds.</summary>
    public double PauseMilliseconds { get; init; }

    /// <summary>How long the client has made no call, seconds.</summary>
    public double IdleSeconds { get; init; }

    /// <summary>How far the client's rings have been read, of a session that was handed over; empty when its client is on another node.</summary>
    public IReadOnlyList<RingPlace> Rings { get; init; } = [];

    /// <summary>Host functions queued so far, of a session that was handed over.</summary>
    public uint Callbacks { get; init; }

    /// <summary>First address and size of the session's window, bytes.</summary>
    public ulong WindowBase { get; init; }

    /// <inheritdoc cref="WindowBase"/>
    public ulong WindowBytes { get; init; }

    /// <summary>Calls that were lost with the last worker: the session's contexts have failed.</summary>
    public bool LostCalls { get; init; }

    /// <summary>Calls and posts of the last worker that were done again.</summary>
    public int ReplayedCalls { get; init; }
}
