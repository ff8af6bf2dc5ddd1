using Weir.Scheduling;
using Weir.Scheduling.Cluster;
using Weir.Simulator.Traces;

namespace Weir.Simulator.Arrival;

/// <summary>
/// The published protocol (Weng et al., ATC 2023; hkust-adsl/kubernetes-scheduler-simulator): tasks arrive one after
/// another in random order until the demand is so many times the cluster; nothing ever leaves; what does not fit is dropped.
/// </summary>
public static class ArrivalProtocol
{
    /// <summary>The published demand, as a multiple of the cluster's compute.</summary>
    public const double PublishedTune = 1.3;

    /// <summary>The order in which tasks arrive: indices into the trace.</summary>
    /// <remarks>
    /// Sorted by name, shuffled, then tuned: random ones deleted while the demand is too large; else random ones of the
    /// original list appended (with replacement) until the next draw would be too much.
    /// </remarks>
    public static int[] Arrivals(Trace trace, double tune, SeededRandom random)
    {
        long target = (long)(tune * trace.CapacityMilli);
        int[] original = [.. Enumerable.Range(0, trace.Tasks.Count)];
        Array.Sort(original, (x, y) => string.CompareOrdinal(trace.Tasks[x].Name, trace.Tasks[y].Name));
        int[] shuffled = [.. original];
        random.Shuffle<int>(shuffled);
        long demand = 0;
        foreach (int task in shuffled)
        {
            demand += trace.Tasks[task].Shape.TotalMilli;
        }
        if (demand == 0)
        {
            return shuffled;
        }
        List<int> order = [.. shuffled];
        while (demand > target)
        {
            int at = random.Next(order.Count);
            demand -= trace.Tasks[order[at]].Shape.TotalMilli;
            order.RemoveAt(at);
        }
        while (true)
        {
            int drawn = original[random.Next(original.Length)];
            TaskShape shape = trace.Tasks[drawn].Shape;
            // The published program tests with the compute of one device only.
            if (demand + shape.ComputeMilli > target)
            {
                return [.. order];
            }
            demand += shape.TotalMilli;
            order.Add(drawn);
        }
    }

    /// <summary>The order of the nodes, which decides between equal scores: sorted by name, shuffled.</summary>
    public static NodeConfig[] Nodes(Trace trace, SeededRandom random)
    {
        NodeConfig[] nodes = [.. trace.Nodes];
        Array.Sort(nodes, (x, y) => string.CompareOrdinal(x.Name, y.Name));
        random.Shuffle<NodeConfig>(nodes);
        return nodes;
    }
}
