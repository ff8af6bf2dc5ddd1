using Weir.Scheduling.Cluster;

namespace Weir.Scheduling.Placement;

/// <summary>The first node in the cluster's order on which the task fits.</summary>
internal sealed class FirstFitPolicy(ClusterState state) : IPlacementPolicy
{
    public TieBreak Ties => TieBreak.First;

    public int Score(int node, in TaskShape shape) => 0;

    public ulong ChooseDevices(int node, in TaskShape shape) => DeviceChoice.Tightest(state, node, shape);
}
