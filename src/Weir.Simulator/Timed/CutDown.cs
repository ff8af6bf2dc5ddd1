using Weir.Scheduling;
using Weir.Scheduling.Cluster;
using Weir.Simulator.Traces;

namespace Weir.Simulator.Timed;

/// <summary>
/// openb at its own times leaves a cluster of its size almost empty. For a wanted load the cluster is cut down: a node
/// with the most devices, then random ones, are taken until what is asked for is that part of what
/// they can do, of devices or of processors, whichever is asked for more. Tasks
/// that fit none of them are refused, and counted.
/// </summary>
public static class CutDown
{
    /// <summary>The trace on the smaller cluster.</summary>
    /// <param name="trace">The trace; only tasks with known durations count.</param>
    /// <param name="load">Wanted load: work asked for over what the nodes can do in the trace's span.</param>
    /// <param name="seed">Decides which nodes are taken.</param>
    /// <exception cref="ArgumentException">The load is not above 0, or the trace has no work.</exception>
    public static Trace To(Trace trace, double load, ulong seed)
    {
        if (!(load > 0) || double.IsInfinity(load))
        {
            throw new ArgumentException($"load is {load}; only numbers above 0 make sense");
        }
        double work = 0;
        double cpuWork = 0;
        double first = double.PositiveInfinity;
        double last = 0;
        foreach (TraceTask task in trace.Tasks)
        {
            if (task.Duration >= 0)
            {
                work += task.Shape.TotalMilli * (double)task.Gang * task.Duration;
                cpuWork += task.Shape.CpuMilli * (double)task.Gang * task.Duration;
                first = Math.Min(first, task.Submitted);
                last = Math.Max(last, task.Submitted);
            }
        }
        if (work == 0 || last <= first)
        {
            throw new ArgumentException($"trace '{trace.Name}' has no work with durations, so it has no load");
        }
        double wanted = work / (last - first) / load;
        double wantedCpu = cpuWork / (last - first) / load;
        NodeConfig[] nodes = [.. trace.Nodes];
        new SeededRandom(seed).Shuffle<NodeConfig>(nodes);
        // A node with the most devices first, so that the widest tasks have a place.
        int largest = Array.FindIndex(nodes, node => node.Devices == nodes.Max(other => other.Devices));
        (nodes[0], nodes[largest]) = (nodes[largest], nodes[0]);
        List<NodeConfig> kept = [nodes[0]];
        double capacity = nodes[0].Devices * 1000.0;
        double cpu = nodes[0].CpuMilli;
        foreach (NodeConfig node in nodes.AsSpan(1))
        {
            if (capacity + node.Devices * 500.0 < wanted || cpu + node.CpuMilli / 2.0 < wantedCpu)
            {
                kept.Add(node);
                capacity += node.Devices * 1000.0;
                cpu += node.CpuMilli;
            }
        }
        kept.Sort((x, y) => string.CompareOrdinal(x.Name, y.Name));
        return trace with
        {
            Name = $"{trace.Name} at load {Math.Max(work / capacity, cpuWork / cpu) / (last - first):0.00}",
            Nodes = kept,
        };
    }
}
