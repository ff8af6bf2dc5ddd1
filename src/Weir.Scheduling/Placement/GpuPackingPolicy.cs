using System.Numerics;
using Weir.Scheduling.Cluster;

namespace Weir.Scheduling.Placement;

/// <summary>Shared devices first (the fullest that fit), then free devices of nodes in use, then untouched nodes.</summary>
internal sealed class GpuPackingPolicy(ClusterState state) : IPlacementPolicy
{
    public TieBreak Ties => TieBreak.First;

    public int Score(int node, in TaskShape shape)
    {
        if (shape.Devices == 0)
        {
            return 0;
        }
        int whole = state.wholeFree[node];
        ReadOnlySpan<int> free = state.UsableFree(node);
        if (whole == free.Length)
        {
            return Math.Max(whole, 33 - whole);
        }
        int opened = 0;
        int left = 0;
        for (ulong rest = DeviceChoice.Tightest(state, node, shape); rest != 0; rest &= rest - 1)
        {
            int device = free[BitOperations.TrailingZeroCount(rest)];
            opened += device == TaskShape.WholeDevice ? 1 : 0;
            left += device;
        }
        return opened > 0 ? Math.Max(33, 50 - opened) : Math.Max(50, 100 - left / 10 / 10);
    }

    public ulong ChooseDevices(int node, in TaskShape shape) => DeviceChoice.Tightest(state, node, shape);
}
