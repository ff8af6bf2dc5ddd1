using Weir.Controller.State;
using Weir.Protocol.Rest;

namespace Weir.Controller.Workloads;

/// <summary>Which node a workload's process runs on. Called under the gate.</summary>
internal static class RunNodes
{
    /// <summary>
    /// The node asked for; else that of the first device; else the one with the fewest workloads. Throws status 409 when
    /// there is none now.
    /// </summary>
    public static string Choose(ClusterState state, WorkloadRequest request, string? deviceNode)
    {
        if (request.RunOn is { } asked)
        {
            return state.Nodes.TryGetValue(asked, out var node) && Ready(state, node, request)
                ? asked
                : throw NoRoom($"node {asked} has no room for the process now");
        }
        if (deviceNode is not null && Ready(state, state.Nodes[deviceNode], request))
        {
            return deviceNode;
        }
        return state
                .Nodes.Values.Where(node => Ready(state, node, request))
                .OrderBy(node => Running(state, node).Count())
                .ThenBy(node => node.Name, StringComparer.Ordinal)
                .FirstOrDefault()
                ?.Name
            ?? throw NoRoom("no node has room for the process now");
    }

    private static bool Ready(ClusterState state, NodeState node, WorkloadRequest request)
    {
        if (!node.Placeable)
        {
            return false;
        }
        long processors = request.ProcessorsMilli ?? 0;
        long memory = request.HostMemoryBytes ?? 0;
        foreach (var other in Running(state, node))
        {
            processors += other.Request.ProcessorsMilli ?? 0;
            memory += other.Request.HostMemoryBytes ?? 0;
        }
        return processors <= node.Processors * 1000L && memory <= node.HostMemory;
    }

    private static IEnumerable<WorkloadState> Running(ClusterState state, NodeState node) =>
        state.Workloads.Values.Where(one => one.OnNode && one.Node == node.Name);

    private static ControlException NoRoom(string what) => new(409, "no-room", what);
}
