using System.Runtime.CompilerServices;
using Weir.Scheduling.Cluster;

namespace Weir.Scheduling.Fragmentation;

/// <summary>
/// How much of a node's free compute the typical tasks could use, in exact whole numbers: thousandths of a device times
/// the number of typical tasks (<see cref="Weight"/>). What they could not use is the node's fragmentation.
/// </summary>
/// <remarks>
/// Fragmentation of a node (Weng et al., ATC 2023) is the sum over typical tasks of share × (all that is free, when the
/// task does not fit the node; else what is free on devices too full for it). So free × weight - usable, and usable is,
/// for tasks of one device, a sum over devices of one table entry that depends on the model, on the rank of the free
/// processors among the tasks' demands and on the rank of the free compute.
/// </remarks>
public sealed class UsableTable
{
    private readonly int[] cpuSteps;
    private readonly byte[] computeRank = new byte[TaskShape.WholeDevice + 1];
    private readonly int computeRanks;
    private readonly int[] single;
    private readonly (int Devices, int Milli)[] wide;
    private readonly int[] wideCounts;

    /// <summary>Builds the tables for clusters with at most these models.</summary>
    public UsableTable(ReadOnlySpan<TypicalTask> typical, NameTable models)
    {
        Typical = typical.ToArray();
        var cpus = new SortedSet<int>();
        var millis = new SortedSet<int>();
        var wideKinds = new SortedSet<(int, int)>();
        foreach (TypicalTask task in typical)
        {
            Weight += task.Count;
            if (task.Shape.Devices == 0)
            {
                continue;
            }
            cpus.Add(task.Shape.CpuMilli);
            if (task.Shape.Devices == 1)
            {
                millis.Add(task.Shape.ComputeMilli);
            }
            else
            {
                wideKinds.Add((task.Shape.Devices, task.Shape.ComputeMilli));
            }
        }
        if (Weight > TypicalTask.MaxWeight + 1000)
        {
            throw new ArgumentException(
                $"typical tasks weigh {Weight}; at most {TypicalTask.MaxWeight} can be told apart"
            );
        }
        cpuSteps = [.. cpus];
        wide = [.. wideKinds];
        HasWideFractions = wide.Any(kind => kind.Milli < TaskShape.WholeDevice);
        int[] milliSteps = [.. millis];
        computeRanks = milliSteps.Length + 1;
        for (int free = 0, rank = 0; free <= TaskShape.WholeDevice; free++)
        {
            while (rank < milliSteps.Length && milliSteps[rank] <= free)
            {
                rank++;
            }
            computeRank[free] = (byte)rank;
        }
        int modelCount = Math.Max(1, models.Count);
        single = new int[modelCount * (cpuSteps.Length + 1) * computeRanks];
        wideCounts = new int[modelCount * (cpuSteps.Length + 1) * wide.Length];
        foreach (TypicalTask task in typical)
        {
            for (int model = 0; task.Shape.Devices > 0 && model < modelCount; model++)
            {
                if ((task.Shape.Models >> model & 1) != 0)
                {
                    Count(task, model);
                }
            }
        }
    }

    /// <summary>The typical tasks.</summary>
    public IReadOnlyList<TypicalTask> Typical { get; }

    /// <summary>Number of typical tasks.</summary>
    public int Weight { get; }

    /// <summary>Rank of an amount of free processors; equal ranks are the same to all typical tasks.</summary>
    public int CpuRank(int cpuFree)
    {
        int low = 0;
        int high = cpuSteps.Length;
        while (low < high)
        {
            int middle = (low + high) >> 1;
            if (cpuSteps[middle] <= cpuFree)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }
        return low;
    }

    /// <summary>First entry of the model and rank, for <see cref="OfDevice"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int Row(int model, int cpuRank) => (model * (cpuSteps.Length + 1) + cpuRank) * computeRanks;

    /// <summary>What typical tasks of one device could use of a device with so much free.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int OfDevice(int row, int free) => single[row + computeRank[free]] * free;

    /// <summary>What typical tasks of several devices could use of the node.</summary>
    public int OfWide(int model, int cpuRank, ReadOnlySpan<int> free, int wholeFree)
    {
        int usable = 0;
        int row = (model * (cpuSteps.Length + 1) + cpuRank) * wide.Length;
        for (int i = 0; i < wide.Length; i++)
        {
            (int devices, int milli) = wide[i];
            int count = wideCounts[row + i];
            if (count == 0)
            {
                continue;
            }
            if (milli == TaskShape.WholeDevice)
            {
                usable += wholeFree >= devices ? count * wholeFree * TaskShape.WholeDevice : 0;
                continue;
            }
            int fitting = 0;
            int sum = 0;
            foreach (int left in free)
            {
                fitting += left >= milli ? 1 : 0;
                sum += left >= milli ? left : 0;
            }
            usable += fitting >= devices ? count * sum : 0;
        }
        return usable;
    }

    /// <summary>True when some typical task needs several devices of a node.</summary>
    public bool HasWide => wide.Length > 0;

    /// <summary>True when some typical task needs parts of several devices; else wide demand looks at free devices only.</summary>
    public bool HasWideFractions { get; }

    /// <summary>What typical tasks could use of a node.</summary>
    public int OfNode(int model, int cpuFree, ReadOnlySpan<int> free, int wholeFree)
    {
        int rank = CpuRank(cpuFree);
        int row = Row(model, rank);
        int usable = wide.Length > 0 ? OfWide(model, rank, free, wholeFree) : 0;
        foreach (int left in free)
        {
            usable += OfDevice(row, left);
        }
        return usable;
    }

    private void Count(in TypicalTask task, int model)
    {
        for (int cpuRank = CpuRank(task.Shape.CpuMilli); cpuRank <= cpuSteps.Length; cpuRank++)
        {
            if (task.Shape.Devices == 1)
            {
                int row = Row(model, cpuRank);
                for (int rank = computeRank[task.Shape.ComputeMilli]; rank < computeRanks; rank++)
                {
                    single[row + rank] += task.Count;
                }
            }
            else
            {
                int kind = Array.IndexOf(wide, (task.Shape.Devices, task.Shape.ComputeMilli));
                wideCounts[(model * (cpuSteps.Length + 1) + cpuRank) * wide.Length + kind] += task.Count;
            }
        }
    }
}
