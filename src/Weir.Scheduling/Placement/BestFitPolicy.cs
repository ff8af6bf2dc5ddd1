using Weir.Scheduling.Cluster;

namespace Weir.Scheduling.Placement;

/// <summary>The node with the least left after placing, processors and devices counted alike.</summary>
internal sealed class BestFitPolicy(ClusterState state) : IPlacementPolicy
{
    // The largest node of the published experiments; scales of the two resources.
    internal const double CpuScale = 128_000;
    internal const double ComputeScale = 8_000;

    public TieBreak Ties => TieBreak.First;

    public int Score(int node, in TaskShape shape)
    {
        double left =
            0.5 * (state.cpuFree[node] - shape.CpuMilli) / CpuScale
            + 0.5 * (state.freeMilli[node] - shape.TotalMilli) / ComputeScale;
        return Math.Max(0, (int)(100 * (1 - left)));
    }

    public ulong ChooseDevices(int node, in TaskShape shape) => DeviceChoice.Tightest(state, node, shape);
}
