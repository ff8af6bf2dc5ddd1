using Weir.Controller.Nodes;

namespace Weir.Controller.State;

/// <summary>A node. Guarded by <see cref="ClusterState.Gate"/>.</summary>
internal sealed class NodeState
{
    public required string Name { get; init; }
    public required string CredentialHash { get; set; }
    public string Address { get; set; } = "";
    public string Fingerprint { get; set; } = "";
    public string Boot { get; set; } = "";
    public string Socket { get; set; } = "";
    public string Release { get; set; } = "";
    public int Processors { get; set; }
    public long HostMemory { get; set; }

    /// <summary>Machines that share one switch; empty: not known.</summary>
    public string Rack { get; set; } = "";

    /// <summary>"ready", "cordoned" or "draining", as people set it.</summary>
    public string Mode { get; set; } = "ready";

    /// <summary>Leases left at this time are ended; null: never.</summary>
    public long? DrainDeadline { get; set; }

    public long LastSeen { get; set; }

    /// <summary>The open stream; null: the agent is away.</summary>
    public AgentLink? Link { get; set; }

    /// <summary>The agent has said what is, and knows what was granted: new leases may be placed.</summary>
    public bool Reconciled { get; set; }

    /// <summary>When the last heartbeat came.</summary>
    public long HeartbeatAt { get; set; }

    public bool Placeable => Link is not null && Reconciled && Mode == "ready";
}
