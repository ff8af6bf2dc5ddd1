using Weir.Scheduling.Cluster;

namespace Weir.Scheduling.Placement;

/// <summary>The node with the most left after placing: spreads load.</summary>
internal sealed class WorstFitPolicy(ClusterState state) : IPlacementPolicy
{
    public TieBreak Ties => TieBreak.First;

    public int Score(int node, in TaskShape shape)
    {
        double left =
            0.5 * (state.cpuFree[node] - shape.CpuMilli) / BestFitPolicy.CpuScale
            + 0.5 * (state.freeMilli[node] - shape.TotalMilli) / BestFitPolicy.ComputeScale;
        return Math.Clamp((int)(100 * left), 0, IPlacementPolicy.MaxScore);
    }

    public ulong ChooseDevices(int node, in TaskShape shape) => DeviceChoice.Tightest(state, node, shape);
}
