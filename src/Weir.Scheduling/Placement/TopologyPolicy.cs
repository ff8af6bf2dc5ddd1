using System.Numerics;
using Weir.Scheduling.Cluster;

namespace Weir.Scheduling.Placement;

/// <summary>
/// As another policy says, but tasks of several devices go where these are close: one NVLink group, then one NUMA node.
/// </summary>
internal sealed class TopologyPolicy(ClusterState state, IPlacementPolicy usual) : IPlacementPolicy
{
    public TieBreak Ties => TieBreak.First;

    public int Score(int node, in TaskShape shape)
    {
        int score = usual.Score(node, shape) / 2;
        if (shape.Devices < 2)
        {
            return score;
        }
        int distance = Distance(state.Node(node), Closest(node, shape));
        return Math.Max(0, IPlacementPolicy.MaxScore / 2 - distance * 1000) + score / 2;
    }

    public ulong ChooseDevices(int node, in TaskShape shape) =>
        shape.Devices < 2 ? usual.ChooseDevices(node, shape) : Closest(node, shape);

    /// <summary>Cost of talking between devices of a node: 10 for each pair in different NVLink groups, 1 in different NUMA nodes.</summary>
    public static int Distance(NodeConfig node, ulong devices)
    {
        int cost = 0;
        for (ulong left = devices; left != 0; left &= left - 1)
        {
            int one = BitOperations.TrailingZeroCount(left);
            for (ulong right = left & (left - 1); right != 0; right &= right - 1)
            {
                int other = BitOperations.TrailingZeroCount(right);
                cost += node.LinkGroup > 0 && one / node.LinkGroup != other / node.LinkGroup ? 10 : 0;
                cost += node.NumaGroup > 0 && one / node.NumaGroup != other / node.NumaGroup ? 1 : 0;
            }
        }
        return cost;
    }

    // The group with the fewest fitting devices that has enough; else whole groups, the largest first.
    private ulong Closest(int node, in TaskShape shape)
    {
        NodeConfig config = state.Node(node);
        ulong fitting = state.FittingDevices(node, shape);
        int group = config.LinkGroup > 0 ? config.LinkGroup : config.NumaGroup;
        if (group == 0 || group >= config.Devices)
        {
            return DeviceChoice.Lowest(fitting, shape.Devices);
        }
        ulong mask = (1UL << group) - 1;
        ulong chosen = 0;
        int lacking = shape.Devices;
        while (lacking > 0)
        {
            ulong best = 0;
            int bestCount = 0;
            for (int first = 0; first < config.Devices; first += group)
            {
                ulong members = fitting & (mask << first) & ~chosen;
                int count = BitOperations.PopCount(members);
                bool enough = count >= lacking;
                bool bestEnough = bestCount >= lacking;
                if (count > 0 && (bestCount == 0 || (enough == bestEnough ? enough == (count < bestCount) : enough)))
                {
                    (best, bestCount) = (members, count);
                }
            }
            ulong taken = DeviceChoice.Lowest(best, Math.Min(lacking, bestCount));
            chosen |= taken;
            lacking -= BitOperations.PopCount(taken);
        }
        return chosen;
    }
}
