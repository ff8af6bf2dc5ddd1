using Weir.Scheduling.Cluster;

namespace Weir.Scheduling.Fragmentation;

/// <summary>A shape that tasks often have, with how many have it. Host and device memory play no part.</summary>
public readonly record struct TypicalTask(TaskShape Shape, int Count)
{
    /// <summary>The most tasks that are told apart; larger numbers are scaled down to it.</summary>
    public const int MaxWeight = 30_000;

    /// <summary>
    /// The commonest shapes that together cover the share of the tasks (Weng et al., ATC 2023: 0.95).
    /// </summary>
    /// <remarks>
    /// Equal counts: larger CPU first, then compute, devices, then the task whose list of models compares greater.
    /// </remarks>
    public static TypicalTask[] Of(IEnumerable<TaskShape> tasks, NameTable models, double share = 0.95)
    {
        var counts = new Dictionary<TaskShape, int>();
        long total = 0;
        foreach (TaskShape task in tasks)
        {
            TaskShape key = task with
            {
                MemoryMib = 0,
                DeviceMemoryMib = 0,
                DeviceMemoryMilli = 0,
                Allowed = 0,
                Kind = 0,
                Pools = TaskShape.Any,
            };
            counts[key] = counts.GetValueOrDefault(key) + 1;
            total++;
        }
        List<TypicalTask> sorted = [.. counts.Select(pair => new TypicalTask(pair.Key, pair.Value))];
        sorted.Sort((x, y) => Compare(x, y, models));
        int taken = 0;
        for (long covered = 0; taken < sorted.Count && covered < share * total; taken++)
        {
            covered += sorted[taken].Count;
        }
        // Sums over 64 devices of 1000 thousandths stay within 32 bits.
        long scale = (total + MaxWeight - 1) / MaxWeight;
        return
        [
            .. sorted
                .Take(taken)
                .Select(task => task with { Count = (int)Math.Max(1, task.Count / Math.Max(1, scale)) }),
        ];
    }

    private static int Compare(in TypicalTask x, in TypicalTask y, NameTable models)
    {
        (int Count, int Cpu, int Milli, int Devices) left = (
            y.Count,
            y.Shape.CpuMilli,
            y.Shape.ComputeMilli,
            y.Shape.Devices
        );
        int order = left.CompareTo((x.Count, x.Shape.CpuMilli, x.Shape.ComputeMilli, x.Shape.Devices));
        return order != 0 ? order : string.CompareOrdinal(Names(y.Shape.Models, models), Names(x.Shape.Models, models));
    }

    private static string Names(ulong bits, NameTable models)
    {
        if (bits == TaskShape.Any)
        {
            return "";
        }
        IEnumerable<string> names = Enumerable
            .Range(0, models.Count)
            .Where(number => (bits >> number & 1) != 0)
            .Select(models.Name);
        return string.Join('|', names.Order(StringComparer.Ordinal));
    }
}
