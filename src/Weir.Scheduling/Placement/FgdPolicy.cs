using System.Numerics;
using Weir.Scheduling.Cluster;
using Weir.Scheduling.Fragmentation;

namespace Weir.Scheduling.Placement;

/// <summary>
/// Fragmentation gradient descent (Weng et al., ATC 2023): the node whose fragmentation grows least.
/// Score = trunc(100 × sigmoid(fragmentation before - after, in devices)), computed exactly in whole numbers.
/// </summary>
internal sealed class FgdPolicy : IPlacementPolicy
{
    private readonly ClusterState state;
    private readonly FragmentationMeter meter;
    private readonly UsableTable table;
    private readonly SigmoidSteps steps;

    public FgdPolicy(ClusterState state, FragmentationMeter meter)
    {
        this.state = state;
        this.meter = meter;
        table = meter.Table;
        steps = new SigmoidSteps(table.Weight);
    }

    public TieBreak Ties => TieBreak.First;

    public int Score(int node, in TaskShape shape) => Best(node, shape, out _);

    public ulong ChooseDevices(int node, in TaskShape shape)
    {
        if (shape.Devices == 0)
        {
            return 0;
        }
        if (shape.Devices == 1 && shape.ComputeMilli < TaskShape.WholeDevice)
        {
            Best(node, shape, out int device);
            return 1UL << device;
        }
        return DeviceChoice.Tightest(state, node, shape);
    }

    private int Best(int node, in TaskShape shape, out int device)
    {
        device = -1;
        int before = meter.Usable(node);
        int model = state.model[node];
        int rank = table.CpuRank(state.cpuFree[node] - shape.CpuMilli);
        ReadOnlySpan<int> free = state.UsableFree(node);
        int row = table.Row(model, rank);
        int whole = state.wholeFree[node];
        int singles = 0;
        foreach (int left in free)
        {
            singles += table.OfDevice(row, left);
        }
        if (shape.Devices == 0)
        {
            return steps.Score(singles + table.OfWide(model, rank, free, whole) - before);
        }
        if (shape.Devices == 1 && shape.ComputeMilli == TaskShape.WholeDevice && shape.IsPlain)
        {
            // Which of the free devices makes no difference.
            int after = singles - table.OfDevice(row, TaskShape.WholeDevice);
            after += WideWithout(model, rank, free, free.IndexOf(TaskShape.WholeDevice), shape, whole - 1);
            return steps.Score(after - before + shape.TotalMilli * table.Weight);
        }
        if (shape.Devices > 1 || shape.ComputeMilli == TaskShape.WholeDevice)
        {
            return ScoreOfSet(node, shape, DeviceChoice.Tightest(state, node, shape), before, rank);
        }
        int best = -1;
        int lastLeft = -1;
        for (int i = 0; i < free.Length; i++)
        {
            int left = free[i];
            // Devices with the same left are the same; the first is taken.
            if (left < shape.ComputeMilli || left == lastLeft || !IsAllowed(node, i, shape))
            {
                continue;
            }
            lastLeft = left;
            int after = singles - table.OfDevice(row, left) + table.OfDevice(row, left - shape.ComputeMilli);
            if (table.HasWide)
            {
                int wholeAfter = left == TaskShape.WholeDevice ? whole - 1 : whole;
                after += WideWithout(model, rank, free, i, shape, wholeAfter);
            }
            int score = steps.Score(after - before + shape.TotalMilli * table.Weight);
            if (score > best)
            {
                best = score;
                device = i;
            }
        }
        return best;
    }

    private int ScoreOfSet(int node, in TaskShape shape, ulong devices, int before, int rank)
    {
        ReadOnlySpan<int> free = state.UsableFree(node);
        Span<int> after = stackalloc int[free.Length];
        free.CopyTo(after);
        int whole = state.wholeFree[node];
        for (ulong rest = devices; rest != 0; rest &= rest - 1)
        {
            int device = BitOperations.TrailingZeroCount(rest);
            whole -= after[device] == TaskShape.WholeDevice ? 1 : 0;
            after[device] -= shape.ComputeMilli;
        }
        int row = table.Row(state.model[node], rank);
        int usable = table.OfWide(state.model[node], rank, after, whole);
        foreach (int left in after)
        {
            usable += table.OfDevice(row, left);
        }
        return steps.Score(usable - before + shape.TotalMilli * table.Weight);
    }

    // What tasks of several devices could use once one device has taken the task.
    private int WideWithout(int model, int rank, ReadOnlySpan<int> free, int device, in TaskShape shape, int whole)
    {
        if (!table.HasWideFractions)
        {
            return table.OfWide(model, rank, free, whole);
        }
        Span<int> after = stackalloc int[free.Length];
        free.CopyTo(after);
        after[device] -= shape.ComputeMilli;
        return table.OfWide(model, rank, after, whole);
    }

    private bool IsAllowed(int node, int device, in TaskShape shape) =>
        shape.IsPlain && state.usable[node] == ulong.MaxValue || state.FitsDevice(node, device, shape);
}
