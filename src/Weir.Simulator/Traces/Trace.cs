using Weir.Scheduling.Cluster;

namespace Weir.Simulator.Traces;

/// <summary>A cluster and what was asked of it.</summary>
/// <param name="Name">Short name for tables.</param>
/// <param name="Nodes">The cluster; in arrival mode only the nodes with devices.</param>
/// <param name="Models">Numbers of the device models.</param>
/// <param name="Tasks">The tasks, in the file's order.</param>
/// <param name="Skipped">Lines left out because they make no sense; only when that was asked for.</param>
public sealed record Trace(
    string Name,
    IReadOnlyList<NodeConfig> Nodes,
    NameTable Models,
    IReadOnlyList<TraceTask> Tasks,
    int Skipped
)
{
    /// <summary>Compute of all devices, thousandths.</summary>
    public long CapacityMilli => Nodes.Sum(node => (long)node.Devices) * TaskShape.WholeDevice;
}
