using Weir.Scheduling.Cluster;

namespace Weir.Scheduling.Placement;

/// <summary>The node whose free amounts point least in the direction of the task's demand.</summary>
internal sealed class DotProductPolicy(ClusterState state) : IPlacementPolicy
{
    public TieBreak Ties => TieBreak.First;

    public int Score(int node, in TaskShape shape)
    {
        double dot =
            state.cpuFree[node] / BestFitPolicy.CpuScale * (shape.CpuMilli / BestFitPolicy.CpuScale)
            + state.freeMilli[node] / BestFitPolicy.ComputeScale * (shape.TotalMilli / BestFitPolicy.ComputeScale);
        return Math.Max(0, (int)(100 * (1 - dot / 2)));
    }

    public ulong ChooseDevices(int node, in TaskShape shape) => DeviceChoice.Tightest(state, node, shape);
}
