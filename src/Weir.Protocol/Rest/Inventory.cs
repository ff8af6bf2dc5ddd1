namespace Weir.Protocol.Rest;

/// <summary>A node.</summary>
/// <param name="Name">Its name.</param>
/// <param name="State">"ready", "draining", "drained", "cordoned", "away" (its agent is not connected).</param>
/// <param name="Address">Data plane, "host:port".</param>
/// <param name="Release">Release of its agent.</param>
/// <param name="Processors">Logical processors.</param>
/// <param name="HostMemoryBytes">Host memory.</param>
/// <param name="Devices">How many devices it has.</param>
/// <param name="Leases">How many leases have a share on it.</param>
/// <param name="Sessions">How many sessions are open on it.</param>
/// <param name="LastSeen">Unix time, milliseconds.</param>
public sealed record NodeView(
    string Name,
    string State,
    string Address,
    string Release,
    int Processors,
    long HostMemoryBytes,
    int Devices,
    int Leases,
    int Sessions,
    long LastSeen
);

/// <summary>A device of the pool.</summary>
/// <param name="Uuid">Its identity.</param>
/// <param name="Node">Where it is.</param>
/// <param name="Ordinal">The node's number of it.</param>
/// <param name="Kind">"software" or "cuda".</param>
/// <param name="Model">As its driver names it.</param>
/// <param name="Pool">The pool it belongs to.</param>
/// <param name="State">"ready", "cordoned", "faulty", "away", "draining".</param>
/// <param name="Fault">Why it is faulty.</param>
/// <param name="MemoryBytes">Device memory in all.</param>
/// <param name="ComputeGranted">Percent promised to leases.</param>
/// <param name="MemoryGranted">Bytes promised to leases.</param>
/// <param name="ComputeUsed">Percent busy between the last two heartbeats.</param>
/// <param name="MemoryUsed">Bytes in use.</param>
/// <param name="Leases">How many leases have a slice of it.</param>
public sealed record DeviceView(
    string Uuid,
    string Node,
    int Ordinal,
    string Kind,
    string Model,
    string Pool,
    string State,
    string? Fault,
    long MemoryBytes,
    int ComputeGranted,
    long MemoryGranted,
    double ComputeUsed,
    long MemoryUsed,
    int Leases
)
{
    /// <summary>Machines that share one switch with its node; empty: not known.</summary>
    public string Rack { get; set; } = "";

    /// <summary>NUMA node of its machine; all 0 where it is not known.</summary>
    public int Numa { get; init; }

    /// <summary>Group of devices with fast links between them; all 0 where it is not known.</summary>
    public int LinkGroup { get; init; }

    /// <summary>How fast it is, relative to any common unit; 0: not known.</summary>
    public double Speed { get; init; }
}

/// <summary>A session as `weir ps` shows it: "attached", "parked", "waiting" (parked, and its program waits in a call) or "ended".</summary>
public sealed record SessionView(
    string Id,
    string Lease,
    string Node,
    string Project,
    string User,
    string Program,
    int Process,
    string Host,
    string State,
    IReadOnlyList<string> Devices,
    double ComputeUsed,
    long MemoryUsed,
    long Launches,
    long StartedAt,
    long? EndedAt,
    string? Reason
);

/// <summary>What was done with a session.</summary>
/// <param name="Session">Which.</param>
/// <param name="Bytes">Bytes of its state.</param>
/// <param name="WrittenBytes">Those of them that had to be written.</param>
/// <param name="PauseMs">How long its program's calls had to wait, milliseconds.</param>
/// <param name="PassBytes">Bytes of memory that went to another node: while its program went on, pass by pass, and when it stood, last. Null: it stayed on its node.</param>
public sealed record SessionMoveView(
    string Session,
    long Bytes,
    long WrittenBytes,
    long PauseMs,
    IReadOnlyList<long>? PassBytes = null
);

/// <summary>Body of POST /v1/nodes/{name}/drain.</summary>
/// <param name="DeadlineMs">Leases that are left after so long are ended; null: waits for them.</param>
public sealed record DrainRequest(long? DeadlineMs);
