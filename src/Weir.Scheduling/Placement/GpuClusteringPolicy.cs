using Weir.Scheduling.Cluster;

namespace Weir.Scheduling.Placement;

/// <summary>Tasks with the same use of devices (a fraction, or so many whole ones) onto the same nodes.</summary>
internal sealed class GpuClusteringPolicy(ClusterState state) : IPlacementPolicy
{
    public TieBreak Ties => TieBreak.First;

    public int Score(int node, in TaskShape shape)
    {
        if (shape.Devices == 0)
        {
            return 0;
        }
        int tag = ClusterState.Tag(shape);
        ReadOnlySpan<short> counts = state.tagCounts.AsSpan(node * ClusterState.TagCount, ClusterState.TagCount);
        int others = 0;
        for (int i = 0; i < counts.Length; i++)
        {
            others += i != tag && counts[i] > 0 ? 1 : 0;
        }
        int affinity = (counts[tag] > 0, others > 0) switch
        {
            (true, false) => 75,
            (true, true) => 50,
            (false, false) => 25,
            _ => 0,
        };
        return Math.Max(0, 25 * ((int)BestFitPolicy.ComputeScale - state.freeMilli[node]) / 8000 + affinity);
    }

    public ulong ChooseDevices(int node, in TaskShape shape) => DeviceChoice.Tightest(state, node, shape);
}
