namespace Weir.Controller.State;

/// <summary>A session on one node. Guarded by <see cref="ClusterState.Gate"/>.</summary>
internal sealed class SessionState
{
    public required string Id { get; init; }
    public required string Lease { get; init; }
    public ulong Epoch { get; init; }
    public required string Node { get; init; }
    public required string Project { get; init; }
    public required string User { get; init; }
    public string Program { get; set; } = "";
    public long Process { get; set; }
    public string Host { get; set; } = "";
    public IReadOnlyList<string> Devices { get; set; } = [];

    /// <summary>"attached", "parked", or "waiting": parked, and its program waits in a call.</summary>
    public string Condition { get; set; } = "attached";
    public long StartedAt { get; set; }
    public long? EndedAt { get; set; }
    public string? Reason { get; set; }
    public ulong BusyNs { get; set; }
    public long BusyAt { get; set; }
    public double ComputeUsed { get; set; }
    public long Memory { get; set; }
    public long Launches { get; set; }
}
