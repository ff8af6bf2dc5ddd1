using Weir.Controller.Leases;
using Weir.Controller.State;

namespace Weir.Controller.Queue;

/// <summary>Something that asks for devices or has them: a claim whose caller waits, a workload, a lease.</summary>
/// <param name="number">Its number in the scheduling library.</param>
internal sealed class QueueEntry(long number)
{
    public long Number => number;

    /// <summary>What it asks for; null: a workload without devices.</summary>
    public ResolvedClaim? Claim { get; set; }

    /// <summary>The claim whose caller waits.</summary>
    public PendingClaim? Pending { get; init; }

    public WorkloadState? Workload { get; init; }

    /// <summary>What was granted.</summary>
    public LeaseState? Lease { get; set; }

    public required string Project { get; init; }

    public required string User { get; init; }

    /// <summary>Since when it asks, Unix time in milliseconds.</summary>
    public required long Since { get; init; }

    /// <summary>Why it may not start although devices are free; asked again until it answers null.</summary>
    public Func<string?>? Obstacle { get; set; }

    /// <summary>Why the library does not have it: it could never start as the pool is now; null: it has it.</summary>
    public string? Refused { get; set; }

    /// <summary>That it waits was told.</summary>
    public bool WaitTold { get; set; }

    /// <summary>As people know it.</summary>
    public string Id => Workload?.Id ?? Lease?.Id ?? Pending?.Id ?? "";

    public string Pool => Lease?.Pool ?? Claim?.Pool ?? "";

    /// <summary>Its lease has no slices, because all of its sessions are parked, and it asks for them.</summary>
    public bool IsParked => Lease is { Released: true };

    /// <summary>It has its slices.</summary>
    public bool HasSlices => Lease is { Released: false };
}
