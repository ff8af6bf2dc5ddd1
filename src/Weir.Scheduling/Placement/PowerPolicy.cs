using Weir.Scheduling.Cluster;

namespace Weir.Scheduling.Placement;

/// <summary>Nodes in use first, the fullest of them, so that untouched nodes can be switched off; processors break ties.</summary>
internal sealed class PowerPolicy(ClusterState state) : IPlacementPolicy
{
    private const int InUse = 40_000;

    public TieBreak Ties => TieBreak.First;

    public int Score(int node, in TaskShape shape)
    {
        int devices = Math.Max(1, state.DevicesFree(node).Length);
        int full = TaskShape.WholeDevice - state.freeMilli[node] / devices;
        // An untouched small node costs less to switch on than a large one.
        return state.tasks[node] > 0 ? InUse + 10 * full : Math.Max(0, 1000 - devices);
    }

    public ulong ChooseDevices(int node, in TaskShape shape) => DeviceChoice.Tightest(state, node, shape);
}
