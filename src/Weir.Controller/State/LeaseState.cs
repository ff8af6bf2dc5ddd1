using Weir.Protocol.Rest;

namespace Weir.Controller.State;

/// <summary>A lease. Guarded by <see cref="ClusterState.Gate"/>.</summary>
internal sealed class LeaseState
{
    public required string Id { get; init; }
    public ulong Epoch { get; set; } = 1;

    /// <summary>SHA-256 of the secret, lower-case hex.</summary>
    public required string SecretHash { get; set; }
    public required string Project { get; init; }
    public required string User { get; init; }
    public required string Pool { get; init; }
    public string? Program { get; init; }
    public string? Workload { get; init; }
    public int Priority { get; init; }
    public int GraceMs { get; init; }

    /// <summary>Sessions that made no call for so long are parked; 0: never.</summary>
    public int IdleReleaseMs { get; init; }

    /// <summary>All of its sessions are parked, and its slices went back to the pool.</summary>
    public bool Released { get; set; }

    /// <summary>It is being taken off its devices for others; null: it is not.</summary>
    public LeaseYielding? Yielding { get; set; }

    /// <summary>It could not be taken off its devices, and is not asked again before this time.</summary>
    public long StaysUntil { get; set; }

    /// <summary>Released, and since when a session waits for the slices; null: none does.</summary>
    public long? WantedSince { get; set; }
    public required IReadOnlyList<SliceView> Slices { get; set; }

    /// <summary>It is on its way to another node, where it has slices already; null: it is not.</summary>
    public LeaseMove? Moving { get; set; }
    public long GrantedAt { get; set; }
    public long? ExpiresAt { get; init; }
    public long? EndedAt { get; set; }
    public string? Reason { get; set; }

    /// <summary>The grant is on disk.</summary>
    public bool Durable { get; set; }

    /// <summary>Nodes that said that its holder is there.</summary>
    public HashSet<string> HeldOn { get; } = [];

    /// <summary>Until when a first holder is waited for. What the agents say of holders that came and went does not depend on it.</summary>
    public long AwaitedUntil { get; set; }

    /// <summary>A holder came at least once.</summary>
    public bool WasHeld { get; set; }

    public bool Active => EndedAt is null;

    public IEnumerable<string> Nodes => Slices.Select(slice => slice.Node).Distinct();

    /// <summary>The agent of the node knows it: it has slices there, or is on its way there.</summary>
    public bool IsOn(string node) => Moving?.Node == node || Nodes.Contains(node);

    public int Compute => Slices.Sum(slice => slice.Compute);

    public long Memory => Slices.Sum(slice => slice.Memory);
}
