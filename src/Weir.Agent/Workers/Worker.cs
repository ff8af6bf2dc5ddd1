using Weir.Agent.Sessions;

namespace Weir.Agent.Workers;

/// <summary>A worker process as its agent sees it. Guarded by the node's lock.</summary>
internal sealed class Worker
{
    /// <summary>Unique on the node; names its socket, folder and control group.</summary>
    public required string Name { get; init; }

    /// <summary>See <see cref="Devices.DeviceState.WorkerKind"/>.</summary>
    public required string Kind { get; init; }

    /// <summary>The process.</summary>
    public required int ProcessId { get; init; }

    /// <summary>When the process began, in ticks since the boot: with the id it is unique.</summary>
    public required long ProcessStart { get; init; }

    /// <summary>Readable when the process has ended.</summary>
    public required int Pidfd { get; init; }

    /// <summary>User id of its own, or null.</summary>
    public uint? User { get; init; }

    /// <summary>The agent's end of the socket between them; -1 when it is closed.</summary>
    public int Control { get; set; } = -1;

    /// <summary>Names of the watches on <see cref="Pidfd"/> and <see cref="Control"/>.</summary>
    public long PidWatch { get; set; }

    /// <inheritdoc cref="PidWatch"/>
    public long ControlWatch { get; set; }

    /// <summary>Its device is open.</summary>
    public bool IsReady { get; set; }

    /// <summary>Its client is served.</summary>
    public bool IsAttached { get; set; }

    /// <summary>SHA-256 of the certificate of its one session, lower-case hex; "" when it has none.</summary>
    public string Fingerprint { get; set; } = "";

    /// <summary>The session that it serves or will serve.</summary>
    public ClientSession? Session { get; set; }

    /// <summary>Snapshots that were asked for, oldest first.</summary>
    public Queue<TaskCompletionSource<byte[]>> Describing { get; } = [];

    /// <summary>What it said about the end of its session; null when it said nothing.</summary>
    public string? LastWord { get; set; }

    /// <summary>It has had a session, or is about to take one over: no other one will be its own.</summary>
    public bool IsSpent { get; set; }

    /// <summary>Waits for a session.</summary>
    public bool IsIdle => Session is null && !IsSpent && Control >= 0;
}
