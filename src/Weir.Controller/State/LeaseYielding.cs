namespace Weir.Controller.State;

/// <summary>A lease that is being taken off its devices for others. Guarded by <see cref="ClusterState.Gate"/>.</summary>
/// <param name="reason">For whom and why.</param>
/// <param name="deadline">Until when its agents are waited for, Unix time in milliseconds.</param>
/// <param name="nodes">The nodes whose agents have not answered.</param>
internal sealed class LeaseYielding(string reason, long deadline, IEnumerable<string> nodes)
{
    public string Reason => reason;

    public long Deadline => deadline;

    /// <summary>Agents that have not said that its sessions are off their devices.</summary>
    public HashSet<string> Awaited { get; } = [.. nodes];
}
