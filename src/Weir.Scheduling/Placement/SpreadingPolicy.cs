using Weir.Scheduling.Cluster;

namespace Weir.Scheduling.Placement;

/// <summary>Puts a fraction alone on a free device of a node in use; used by <see cref="RepackingPlacer"/> to keep rests that it can merge.</summary>
internal sealed class SpreadingPolicy(ClusterState state, IPlacementPolicy usual) : IPlacementPolicy
{
    public TieBreak Ties => TieBreak.First;

    public int Score(int node, in TaskShape shape)
    {
        // Only where a free device is there, and not the last ones of an untouched node: tasks of many devices need these.
        int whole = state.wholeFree[node];
        if (whole == 0 || state.tasks[node] == 0)
        {
            return 0;
        }
        return 1 + usual.Score(node, shape) / 4 + (whole < state.DevicesFree(node).Length ? 20_000 : 0) - whole * 100;
    }

    public ulong ChooseDevices(int node, in TaskShape shape)
    {
        int free = state.DevicesFree(node).IndexOf(TaskShape.WholeDevice);
        return free >= 0 && (shape.DeviceMemoryMib == 0 || state.DeviceMemoryFree(node)[free] >= shape.DeviceMemoryMib)
            ? 1UL << free
            : usual.ChooseDevices(node, shape);
    }
}
