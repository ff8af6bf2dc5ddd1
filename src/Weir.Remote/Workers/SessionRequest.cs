namespace Weir.Remote.Workers;

/// <summary>What a person asks of a session that runs without a pool; one message on the broker's socket (<see cref="SessionPlace"/>).</summary>
/// <param name="Verb">list, park, resume, snapshot, move or restore.</param>
/// <param name="Session">Process id of the client.</param>
/// <param name="Folder">Absolute path of the image's folder; null for the session's own.</param>
internal sealed record SessionRequest(string Verb, int Session = 0, string? Folder = null);

/// <summary>The answer.</summary>
internal sealed record SessionAnswer
{
    /// <summary>Why not; null when it was done.</summary>
    public string? Reason { get; init; }

    /// <summary>What the worker reported.</summary>
    public StateReport? Report { get; init; }

    /// <summary>Where the image is.</summary>
    public string? Folder { get; init; }

    /// <summary>The broker's sessions, for list.</summary>
    public IReadOnlyList<SessionEntry> Sessions { get; init; } = [];
}

/// <summary>A session that runs without a pool.</summary>
/// <param name="Process">Process id of its client, by which it is named.</param>
/// <param name="Program">Path of the client's program.</param>
/// <param name="Worker">Process id of its worker; 0 when that was lost.</param>
/// <param name="State">attached, parked, waiting, moving or lost.</param>
/// <param name="Image">Folder of its last image, or null.</param>
internal sealed record SessionEntry(int Process, string Program, int Worker, string State, string? Image);
