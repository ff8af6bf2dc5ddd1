using Weir.Scheduling.Cluster;
using Weir.Scheduling.Fragmentation;

namespace Weir.Scheduling.Placement;

/// <summary>
/// Fragmentation gradient descent that also keeps each node's free processors and devices in the proportion in which
/// tasks ask for them, prefers rests of devices that
/// typical tasks are expected to fill, and, where processors are what runs out, pieces of them that other tasks can use.
/// </summary>
/// <remarks>
/// FGD sees lack of processors only when a typical task no longer fits; by then the devices are stranded. Here every
/// device without its share of processors counts, at once. The score falls into coarse steps, so that among nearly equal
/// nodes the first wins and nodes fill one after another (which decides more than the formula does).
/// </remarks>
internal sealed class BalancedPolicy : IPlacementPolicy
{
    private const double Middle = 30_000;

    private const int CpuGrain = 100;

    private readonly ClusterState state;
    private readonly UsableTable table;
    private readonly FillTable fill;
    private readonly BalancedWeights weights;
    private readonly double usableScale;
    private readonly double devicesPerCpu;
    private readonly double[] cpuUsable;

    public BalancedPolicy(PlacementContext context, BalancedWeights? fixedWeights = null)
    {
        state = context.State;
        IReadOnlyList<TypicalTask> typical = context.Meter.Table.Typical;
        double cpu = 0;
        double cpuWithDevices = 0;
        double devices = 0;
        foreach (TypicalTask task in typical)
        {
            double taskCpu = (double)task.Count * task.Shape.CpuMilli;
            cpu += taskCpu;
            cpuWithDevices += task.Shape.Devices > 0 ? taskCpu : 0;
            devices += task.Count * (task.Shape.TotalMilli / (double)TaskShape.WholeDevice);
        }
        weights = fixedWeights ?? BalancedWeights.For(devices > 0 ? cpu / devices / CpuPerDevice(state) : 0);
        table = Weighted(typical, weights.SizeExponent);
        fill = new FillTable(typical, state.Models);
        usableScale = table.Weight > 0 ? 1.0 / table.Weight / TaskShape.WholeDevice : 0;
        devicesPerCpu = cpuWithDevices > 0 ? devices / cpuWithDevices / weights.CpuPerDevice : 0;
        cpuUsable = CpuUsable(typical);
    }

    public TieBreak Ties => TieBreak.First;

    public int Score(int node, in TaskShape shape) => Best(node, shape, out _);

    public ulong ChooseDevices(int node, in TaskShape shape)
    {
        if (shape.Devices != 1 || shape.ComputeMilli == TaskShape.WholeDevice)
        {
            return DeviceChoice.Tightest(state, node, shape);
        }
        Best(node, shape, out int device);
        return 1UL << device;
    }

    private int Best(int node, in TaskShape shape, out int device)
    {
        device = -1;
        int model = state.model[node];
        ReadOnlySpan<int> free = state.UsableFree(node);
        int whole = state.wholeFree[node];
        int cpuBefore = state.cpuFree[node];
        int cpuAfter = cpuBefore - shape.CpuMilli;
        int before = table.OfNode(model, cpuBefore, free, whole);
        double taken = shape.TotalMilli / (double)TaskShape.WholeDevice;
        double devices = state.freeMilli[node] / (double)TaskShape.WholeDevice;
        double lackBefore = devices - cpuBefore * devicesPerCpu;
        double lackAfter = devices - taken - cpuAfter * devicesPerCpu;
        double imbalance =
            weights.Stranded * (Math.Max(0, lackAfter) - Math.Max(0, lackBefore))
            + weights.SpareCpu * (Math.Max(0, -lackAfter) - Math.Max(0, -lackBefore));
        double common =
            weights.Fragmentation * taken
            - weights.Rest * (0.5 * cpuAfter / BestFitPolicy.CpuScale + 0.5 * (devices - taken) / 8)
            - (state.tasks[node] == 0 ? weights.OpenNode : 0);
        if (shape.Devices == 0)
        {
            common -= weights.ImbalanceWithoutDevices * imbalance;
            common -= weights.CpuRestWithoutDevices * cpuAfter / BestFitPolicy.CpuScale;
        }
        else
        {
            common -= imbalance;
        }
        double cpuLost = UsableCpu(cpuBefore) - UsableCpu(cpuAfter) - shape.CpuMilli;
        common -= weights.CpuFragmentation * cpuLost * devicesPerCpu * weights.CpuPerDevice;
        int rank = table.CpuRank(cpuAfter);
        if (shape.Devices != 1 || shape.ComputeMilli == TaskShape.WholeDevice)
        {
            return Step(common + SetGain(node, shape, rank, before));
        }
        int row = table.Row(model, rank);
        int singles = 0;
        foreach (int left in free)
        {
            singles += table.OfDevice(row, left);
        }
        int wide = table.OfWide(model, rank, free, whole);
        int wideOpened = whole > 0 ? table.OfWide(model, rank, free, whole - 1) : wide;
        double best = double.NegativeInfinity;
        int bestStep = -1;
        int seen = -1;
        for (int i = 0; i < free.Length; i++)
        {
            int left = free[i];
            if (left < shape.ComputeMilli || left == seen || !IsAllowed(node, i, shape))
            {
                continue;
            }
            seen = left;
            int rest = left - shape.ComputeMilli;
            bool opens = left == TaskShape.WholeDevice;
            int usable = singles - table.OfDevice(row, left) + table.OfDevice(row, rest) + (opens ? wideOpened : wide);
            double gain =
                weights.Fragmentation * (usable - before) * usableScale
                + weights.Fill * (taken + fill.Expected(model, rest) - fill.Expected(model, left))
                - (opens ? weights.OpenDevice : 0);
            int step = Step(gain);
            if (step > bestStep)
            {
                (best, bestStep, device) = (gain, step, i);
            }
        }
        return Step(common + best);
    }

    // Tasks of no device, of whole ones or of several parts: the devices are the tightest.
    private double SetGain(int node, in TaskShape shape, int rank, int before)
    {
        int model = state.model[node];
        ReadOnlySpan<int> free = state.UsableFree(node);
        Span<int> after = stackalloc int[free.Length];
        free.CopyTo(after);
        int whole = state.wholeFree[node];
        double filled = 0;
        for (ulong rest = DeviceChoice.Tightest(state, node, shape); rest != 0; rest &= rest - 1)
        {
            int device = System.Numerics.BitOperations.TrailingZeroCount(rest);
            int left = free[device];
            whole -= left == TaskShape.WholeDevice ? 1 : 0;
            after[device] = left - shape.ComputeMilli;
            filled += fill.Expected(model, after[device]) - fill.Expected(model, left);
        }
        int row = table.Row(model, rank);
        int usable = table.OfWide(model, rank, after, whole);
        foreach (int left in after)
        {
            usable += table.OfDevice(row, left);
        }
        return weights.Fragmentation * (usable - before) * usableScale
            + weights.Fill * (shape.TotalMilli / (double)TaskShape.WholeDevice + filled);
    }

    private UsableTable Weighted(IReadOnlyList<TypicalTask> typical, double exponent)
    {
        double total = 0;
        foreach (TypicalTask task in typical)
        {
            total += task.Shape.Devices > 0 ? task.Count * Size(task, exponent) : 0;
        }
        List<TypicalTask> weighted = [];
        foreach (TypicalTask task in typical)
        {
            if (task.Shape.Devices > 0)
            {
                double share = task.Count * Size(task, exponent) / total;
                weighted.Add(task with { Count = Math.Max(1, (int)(20_000 * share)) });
            }
        }
        return new UsableTable([.. weighted], state.Models);
    }

    private static double Size(in TypicalTask task, double exponent) =>
        Math.Pow(task.Shape.TotalMilli / (double)TaskShape.WholeDevice, exponent);

    // What typical tasks without devices could use of so many free processors, each as much as a few of itself.
    private double[] CpuUsable(IReadOnlyList<TypicalTask> typical)
    {
        int most = 0;
        for (int node = 0; node < state.NodeCount; node++)
        {
            most = Math.Max(most, state.Node(node).CpuMilli);
        }
        double[] usable = new double[most / CpuGrain + 1];
        double weight = 0;
        foreach (TypicalTask task in typical)
        {
            if (task.Shape.Devices > 0)
            {
                continue;
            }
            weight += task.Count;
            for (int i = (task.Shape.CpuMilli + CpuGrain - 1) / CpuGrain; i < usable.Length; i++)
            {
                double few = weights.CpuOfFew * task.Shape.CpuMilli;
                usable[i] += task.Count * Math.Min((double)i * CpuGrain, few);
            }
        }
        for (int i = 0; weight > 0 && i < usable.Length; i++)
        {
            usable[i] /= weight;
        }
        return usable;
    }

    private double UsableCpu(int free) => cpuUsable[free / CpuGrain];

    private static double CpuPerDevice(ClusterState state)
    {
        double cpu = 0;
        for (int node = 0; node < state.NodeCount; node++)
        {
            cpu += state.Node(node).CpuMilli;
        }
        return Math.Max(1, cpu) / Math.Max(1, state.DeviceCount);
    }

    private int Step(double value) =>
        Math.Clamp((int)Math.Floor(value / weights.Step + Middle), 0, IPlacementPolicy.MaxScore);

    private bool IsAllowed(int node, int device, in TaskShape shape) =>
        shape.IsPlain && state.usable[node] == ulong.MaxValue || state.FitsDevice(node, device, shape);
}
