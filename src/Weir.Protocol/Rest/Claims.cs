using Weir.Protocol.Leases;

namespace Weir.Protocol.Rest;

/// <summary>A claim on slices: body of POST /v1/leases and part of a workload.</summary>
public sealed record ClaimRequest
{
    /// <summary>Slices, each on a device of its own.</summary>
    public int Count { get; set; } = 1;

    /// <summary>Percent of a device per slice, 1 to 100; null: the template's, else 100.</summary>
    public int? Compute { get; set; }

    /// <summary>Bytes per slice; null: the template's, else the same share of the device's memory as of its compute.</summary>
    public long? MemoryBytes { get; set; }

    /// <summary>Only devices whose model contains this (any case).</summary>
    public string? Model { get; set; }

    /// <summary>Only devices with at least so much memory in all.</summary>
    public long? MinMemoryBytes { get; set; }

    /// <summary>Only devices of this node.</summary>
    public string? Node { get; set; }

    /// <summary>Only these devices; null or empty: any.</summary>
    public IReadOnlyList<string>? Uuids { get; set; }

    /// <summary>Null: "default".</summary>
    public string? Pool { get; set; }

    /// <summary>Null: the caller's first project.</summary>
    public string? Project { get; set; }

    /// <summary>Compute template with defaults and caps.</summary>
    public string? Template { get; set; }

    /// <summary>Higher goes first in the queue; 0 is usual.</summary>
    public int Priority { get; set; }

    /// <summary>How long to wait for room, in milliseconds; 0: an answer at once.</summary>
    public int WaitMs { get; set; }

    /// <summary>The lease ends so long after its grant whatever happens; null: with its holder only.</summary>
    public long? LifeMs { get; set; }

    /// <summary>How long the holder may be away; null: the pool's.</summary>
    public int? GraceMs { get; set; }

    /// <summary>
    /// Sessions that made no call for so long are parked, in milliseconds; when all of the lease's are, its slices go back to the pool until one
    /// of them makes a call. Null: never.
    /// </summary>
    public int? IdleReleaseMs { get; set; }

    /// <summary>The claimant's /proc/sys/kernel/random/boot_id: agents of the same machine are reached by their unix socket.</summary>
    public string? Boot { get; set; }

    /// <summary>What will run, for people.</summary>
    public string? Program { get; set; }
}

/// <summary>Answer to a claim: the lease, and the ticket that proves it. The secret is told only here.</summary>
public sealed record GrantView(LeaseView Lease, LeaseTicket Ticket);

/// <summary>A lease as people see it.</summary>
/// <param name="Id">"l-…".</param>
/// <param name="Epoch">Counted up by every takeover.</param>
/// <param name="State">"granted" (no holder came yet), "held", "away" (within the grace time), "parked" (all of its sessions are,
/// and its slices are the pool's), "waiting" (a session wants them back), "ended".</param>
/// <param name="Project">Who pays.</param>
/// <param name="User">Who claimed it.</param>
/// <param name="Pool">Where its devices are.</param>
/// <param name="Program">What was said to run.</param>
/// <param name="Workload">The workload that holds it, if one does.</param>
/// <param name="Priority">As claimed.</param>
/// <param name="Devices">Its slices.</param>
/// <param name="GrantedAt">Unix time, milliseconds.</param>
/// <param name="ExpiresAt">Unix time, milliseconds; null: with its holder.</param>
/// <param name="EndedAt">Unix time, milliseconds.</param>
/// <param name="EndReason">Why it ended.</param>
public sealed record LeaseView(
    string Id,
    ulong Epoch,
    string State,
    string Project,
    string User,
    string Pool,
    string? Program,
    string? Workload,
    int Priority,
    IReadOnlyList<SliceView> Devices,
    long GrantedAt,
    long? ExpiresAt,
    long? EndedAt,
    string? EndReason
);

/// <summary>A slice of a lease.</summary>
public sealed record SliceView(string Node, string Uuid, int Ordinal, int Compute, long Memory);
