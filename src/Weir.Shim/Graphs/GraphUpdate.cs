using Weir.Api;

namespace Weir.Shim.Graphs;

/// <summary>
/// Gives an instantiated graph the parameters of another one of the same shape: the same types of nodes, made in the same order, with the
/// same dependencies. Nothing is changed when the shapes differ.
/// </summary>
internal static unsafe class GraphUpdate
{
    internal static CuResult Apply(
        ClientThread* thread,
        GraphExec* exec,
        Graph* graph,
        Graph* update,
        CUgraphExecUpdateResultInfo* info
    )
    {
        *info = default;
        info->result = Compare(graph, update, info);
        if (info->result != CUgraphExecUpdateResult.Success)
        {
            return CuResult.GraphExecUpdateFailure;
        }
        var result = Take(thread, exec, graph, update);
        info->result = result == CuResult.Success ? CUgraphExecUpdateResult.Success : CUgraphExecUpdateResult.Error;
        return result == CuResult.Success || result == CuResult.OutOfMemory ? result : CuResult.GraphExecUpdateFailure;
    }

    private static CUgraphExecUpdateResult Compare(Graph* graph, Graph* update, CUgraphExecUpdateResultInfo* info)
    {
        if (graph->Count != update->Count)
        {
            return CUgraphExecUpdateResult.TopologyChanged;
        }
        Graph.Number(graph);
        Graph.Number(update);
        var node = graph->First;
        for (var other = update->First; other != null; other = other->Next, node = node->Next)
        {
            var result =
                node->Type != other->Type ? CUgraphExecUpdateResult.NodeTypeChanged
                : !HasSameDependencies(node, other) ? CUgraphExecUpdateResult.TopologyChanged
                : node->Child != null ? Compare(node->Child, other->Child, info)
                : CUgraphExecUpdateResult.Success;
            if (result != CUgraphExecUpdateResult.Success)
            {
                info->errorNode = info->errorNode != 0 ? info->errorNode : other->Handle;
                return result;
            }
        }
        return CUgraphExecUpdateResult.Success;
    }

    private static bool HasSameDependencies(GraphNode* node, GraphNode* other)
    {
        if (node->Dependencies.Count != other->Dependencies.Count)
        {
            return false;
        }
        for (var i = 0u; i < node->Dependencies.Count; i++)
        {
            var isThere = false;
            for (var j = 0u; j < other->Dependencies.Count && !isThere; j++)
            {
                isThere = node->Dependencies.Items[i]->Place == other->Dependencies.Items[j]->Place;
            }
            if (!isThere)
            {
                return false;
            }
        }
        return true;
    }

    private static CuResult Take(ClientThread* thread, GraphExec* exec, Graph* graph, Graph* update)
    {
        var result = CuResult.Success;
        var node = graph->First;
        for (
            var other = update->First;
            other != null && result == CuResult.Success;
            other = other->Next, node = node->Next
        )
        {
            node->Event = other->Event;
            if (node->Child != null)
            {
                result = Take(thread, exec, node->Child, other->Child);
            }
            else if (other->Work != null)
            {
                result = GraphExec.Replace(thread, exec, node, GraphNode.CloneWork(other));
            }
        }
        return result;
    }
}
