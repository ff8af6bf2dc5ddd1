using Weir.Scheduling.Cluster;
using Weir.Scheduling.Fragmentation;

namespace Weir.Simulator.Tests;

/// <summary>
/// FGD in its plain form, straight from the published description: every node's fragmentation is computed anew for every
/// arrival and every choice of device. Shares nothing with the incremental form but the input.
/// </summary>
internal sealed class PlainFgd(IReadOnlyList<NodeConfig> nodes, NameTable models, IReadOnlyList<TypicalTask> typical)
{
    private readonly int[] cpu = [.. nodes.Select(node => node.CpuMilli)];
    private readonly int[] memory = [.. nodes.Select(node => node.MemoryMib)];
    private readonly int[][] devices = [.. nodes.Select(node => Enumerable.Repeat(1000, node.Devices).ToArray())];
    private readonly int[] model = [.. nodes.Select(node => models.Number(node.Model))];
    private readonly long weight = typical.Sum(task => (long)task.Count);

    /// <summary>Places the task: the node and its devices' free compute afterwards; null when it fits nowhere.</summary>
    public (int Node, int[] Free)? Place(TaskShape task)
    {
        int bestScore = -1;
        int bestNode = -1;
        int[] bestFree = [];
        for (int node = 0; node < cpu.Length; node++)
        {
            if (cpu[node] < task.CpuMilli || memory[node] < task.MemoryMib)
            {
                continue;
            }
            foreach (int[] free in Choices(node, task))
            {
                // Fragmentation before and after, times the number of typical tasks.
                long gain = Fragment(node, cpu[node], devices[node]) - Fragment(node, cpu[node] - task.CpuMilli, free);
                int score = (int)(100 / (1 + Math.Exp(-gain / (double)weight / 1000)));
                if (score > bestScore)
                {
                    (bestScore, bestNode, bestFree) = (score, node, free);
                }
            }
        }
        if (bestNode < 0)
        {
            return null;
        }
        cpu[bestNode] -= task.CpuMilli;
        memory[bestNode] -= task.MemoryMib;
        devices[bestNode] = bestFree;
        return (bestNode, bestFree);
    }

    private IEnumerable<int[]> Choices(int node, TaskShape task)
    {
        int[] free = devices[node];
        if (task.Devices == 0)
        {
            yield return free;
            yield break;
        }
        if ((task.Models >> model[node] & 1) == 0)
        {
            yield break;
        }
        int[] fitting = [.. Enumerable.Range(0, free.Length).Where(i => free[i] >= task.ComputeMilli)];
        if (fitting.Length < task.Devices)
        {
            yield break;
        }
        if (task.Devices == 1 && task.ComputeMilli < 1000)
        {
            foreach (int device in fitting)
            {
                yield return [.. free.Select((left, i) => i == device ? left - task.ComputeMilli : left)];
            }
            yield break;
        }
        HashSet<int> taken = [.. fitting.Take(task.Devices)];
        yield return [.. free.Select((left, i) => taken.Contains(i) ? left - task.ComputeMilli : left)];
    }

    private long Fragment(int node, int cpuLeft, int[] free)
    {
        long sum = 0;
        foreach (TypicalTask task in typical)
        {
            int total = 0;
            int fitting = 0;
            int tooFull = 0;
            foreach (int left in free)
            {
                total += left;
                fitting += left >= task.Shape.ComputeMilli ? 1 : 0;
                tooFull += left < task.Shape.ComputeMilli ? left : 0;
            }
            bool fits =
                task.Shape.Devices > 0
                && (task.Shape.Models >> model[node] & 1) != 0
                && fitting >= task.Shape.Devices
                && cpuLeft >= task.Shape.CpuMilli;
            sum += (long)task.Count * (fits ? tooFull : total);
        }
        return sum;
    }
}
