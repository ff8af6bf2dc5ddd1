using System.Numerics;
using Weir.Scheduling.Cluster;

namespace Weir.Scheduling.Placement;

/// <summary>Choices of devices within a node that several policies share.</summary>
internal static class DeviceChoice
{
    /// <summary>The fullest devices that still fit, lowest index among equals; whole devices are the lowest free ones.</summary>
    public static ulong Tightest(ClusterState state, int node, in TaskShape shape)
    {
        if (shape.Devices == 0)
        {
            return 0;
        }
        ulong fitting = state.FittingDevices(node, shape);
        if (shape.ComputeMilli == TaskShape.WholeDevice)
        {
            return Lowest(fitting, shape.Devices);
        }
        ReadOnlySpan<int> free = state.DevicesFree(node);
        ulong chosen = 0;
        for (int taken = 0; taken < shape.Devices; taken++)
        {
            int best = -1;
            for (ulong rest = fitting; rest != 0; rest &= rest - 1)
            {
                int device = BitOperations.TrailingZeroCount(rest);
                best = best < 0 || free[device] < free[best] ? device : best;
            }
            chosen |= 1UL << best;
            fitting &= ~(1UL << best);
        }
        return chosen;
    }

    /// <summary>The lowest so many bits.</summary>
    public static ulong Lowest(ulong fitting, int count)
    {
        ulong chosen = 0;
        for (; count > 0; count--)
        {
            ulong lowest = fitting & (~fitting + 1);
            chosen |= lowest;
            fitting &= ~lowest;
        }
        return chosen;
    }

    /// <summary>Random fitting devices.</summary>
    public static ulong Random(ClusterState state, int node, in TaskShape shape, SeededRandom random)
    {
        if (shape.Devices == 0)
        {
            return 0;
        }
        ulong fitting = state.FittingDevices(node, shape);
        if (shape.ComputeMilli == TaskShape.WholeDevice)
        {
            return Lowest(fitting, shape.Devices);
        }
        ulong chosen = 0;
        for (int taken = 0; taken < shape.Devices; taken++)
        {
            ulong rest = fitting;
            for (int skip = random.Next(BitOperations.PopCount(fitting)); skip > 0; skip--)
            {
                rest &= rest - 1;
            }
            ulong bit = rest & (~rest + 1);
            chosen |= bit;
            fitting &= ~bit;
        }
        return chosen;
    }
}
