using Weir.Api;
using Weir.Shim.Graphs;

namespace Weir.Shim;

/// <summary>Graphs: made, copied, shown, and their shape.</summary>
internal static unsafe partial class CustomCalls
{
    internal static CuResult GraphCreate(nint* phGraph, uint flags)
    {
        var result = Session.Check();
        if (result != CuResult.Success)
        {
            return result;
        }
        if (phGraph == null || flags != 0)
        {
            return CuResult.InvalidValue;
        }
        var graph = Graph.Create(true);
        if (graph == null)
        {
            return CuResult.OutOfMemory;
        }
        *phGraph = graph->Handle;
        return CuResult.Success;
    }

    internal static CuResult GraphDestroy(nint hGraph)
    {
        Graph* graph;
        var result = EnterGraph(hGraph, true, &graph);
        if (result != CuResult.Success)
        {
            return result;
        }
        if (graph->IsOwned != 0 || graph->IsCapturing != 0)
        {
            result = CuResult.InvalidValue;
        }
        else
        {
            Graph.Destroy(graph);
        }
        GraphLock.Leave();
        return result;
    }

    internal static CuResult GraphClone(nint* phGraphClone, nint originalGraph)
    {
        Graph* graph;
        var result = EnterGraph(originalGraph, phGraphClone != null, &graph);
        if (result != CuResult.Success)
        {
            return result;
        }
        var clone = Graph.Clone(graph, true);
        GraphLock.Leave();
        if (clone == null)
        {
            return CuResult.OutOfMemory;
        }
        *phGraphClone = clone->Handle;
        return CuResult.Success;
    }

    internal static CuResult GraphNodeFindInClone(nint* phNode, nint hOriginalNode, nint hClonedGraph)
    {
        Graph* graph;
        var result = EnterGraph(hClonedGraph, phNode != null, &graph);
        if (result != CuResult.Success)
        {
            return result;
        }
        var found = graph->First;
        while (found != null && found->Source != hOriginalNode)
        {
            found = found->Next;
        }
        if (found == null)
        {
            result = CuResult.InvalidValue;
        }
        else
        {
            *phNode = found->Handle;
        }
        GraphLock.Leave();
        return result;
    }

    internal static CuResult GraphDebugDotPrint(nint hGraph, byte* path, uint flags)
    {
        Graph* graph;
        var result = EnterGraph(hGraph, path != null, &graph);
        if (result != CuResult.Success)
        {
            return result;
        }
        result = DotText.Write(graph, path);
        GraphLock.Leave();
        return result;
    }

    internal static CuResult GraphDestroyNode(nint hNode)
    {
        GraphNode* node;
        var result = EnterNode(hNode, true, &node);
        if (result != CuResult.Success)
        {
            return result;
        }
        // A captured stream knows its nodes.
        if (node->Graph->IsCapturing != 0)
        {
            result = CuResult.InvalidValue;
        }
        else
        {
            Graph.RemoveNode(node);
        }
        GraphLock.Leave();
        return result;
    }

    internal static CuResult GraphNodeGetType(nint hNode, CUgraphNodeType* type)
    {
        GraphNode* node;
        var result = EnterNode(hNode, type != null, &node);
        if (result == CuResult.Success)
        {
            *type = node->Type;
            GraphLock.Leave();
        }
        return result;
    }

    internal static CuResult GraphGetNodes(nint hGraph, nint* nodes, nuint* numNodes) =>
        ListNodes(hGraph, nodes, numNodes, false);

    internal static CuResult GraphGetRootNodes(nint hGraph, nint* rootNodes, nuint* numRootNodes) =>
        ListNodes(hGraph, rootNodes, numRootNodes, true);

    internal static CuResult GraphGetEdges(nint hGraph, nint* from, nint* to, nuint* numEdges) =>
        GraphGetEdgesV2(hGraph, from, to, null, numEdges);

    internal static CuResult GraphGetEdgesV2(
        nint hGraph,
        nint* from,
        nint* to,
        CUgraphEdgeData* edgeData,
        nuint* numEdges
    )
    {
        Graph* graph;
        var result = EnterGraph(hGraph, numEdges != null && (from == null) == (to == null), &graph);
        if (result != CuResult.Success)
        {
            return result;
        }
        nuint found = 0;
        for (var node = graph->First; node != null; node = node->Next)
        {
            for (var i = 0u; i < node->Dependencies.Count; i++, found++)
            {
                if (from == null || found >= *numEdges)
                {
                    continue;
                }
                from[found] = node->Dependencies.Items[i]->Handle;
                to[found] = node->Handle;
                if (edgeData != null)
                {
                    *(ulong*)(edgeData + found) = 0;
                }
            }
        }
        if (from != null)
        {
            for (var i = found; i < *numEdges; i++)
            {
                from[i] = to[i] = 0;
            }
        }
        *numEdges = from == null || found < *numEdges ? found : *numEdges;
        GraphLock.Leave();
        return CuResult.Success;
    }

    internal static CuResult GraphNodeGetDependencies(nint hNode, nint* dependencies, nuint* numDependencies) =>
        ListNeighbours(hNode, dependencies, null, numDependencies, false);

    internal static CuResult GraphNodeGetDependenciesV2(
        nint hNode,
        nint* dependencies,
        CUgraphEdgeData* edgeData,
        nuint* numDependencies
    ) => ListNeighbours(hNode, dependencies, edgeData, numDependencies, false);

    internal static CuResult GraphNodeGetDependentNodes(nint hNode, nint* dependentNodes, nuint* numDependentNodes) =>
        ListNeighbours(hNode, dependentNodes, null, numDependentNodes, true);

    internal static CuResult GraphNodeGetDependentNodesV2(
        nint hNode,
        nint* dependentNodes,
        CUgraphEdgeData* edgeData,
        nuint* numDependentNodes
    ) => ListNeighbours(hNode, dependentNodes, edgeData, numDependentNodes, true);

    internal static CuResult GraphAddDependencies(nint hGraph, nint* from, nint* to, nuint numDependencies) =>
        ChangeEdges(hGraph, from, to, null, numDependencies, true);

    internal static CuResult GraphAddDependenciesV2(
        nint hGraph,
        nint* from,
        nint* to,
        CUgraphEdgeData* edgeData,
        nuint numDependencies
    ) => ChangeEdges(hGraph, from, to, edgeData, numDependencies, true);

    internal static CuResult GraphRemoveDependencies(nint hGraph, nint* from, nint* to, nuint numDependencies) =>
        ChangeEdges(hGraph, from, to, null, numDependencies, false);

    internal static CuResult GraphRemoveDependenciesV2(
        nint hGraph,
        nint* from,
        nint* to,
        CUgraphEdgeData* edgeData,
        nuint numDependencies
    ) => ChangeEdges(hGraph, from, to, edgeData, numDependencies, false);

    internal static CuResult UserObjectCreate(
        nint* object_out,
        void* ptr,
        nint destroy,
        uint initialRefcount,
        uint flags
    )
    {
        const uint noDestructorSync = 1;
        var result = Session.Check();
        if (result != CuResult.Success)
        {
            return result;
        }
        if (object_out == null || destroy == 0 || initialRefcount - 1 >= int.MaxValue || flags != noDestructorSync)
        {
            return CuResult.InvalidValue;
        }
        var made = UserObject.Create(ptr, destroy, initialRefcount);
        *object_out = (nint)made;
        return made == null ? CuResult.OutOfMemory : CuResult.Success;
    }

    internal static CuResult UserObjectRetain(nint @object, uint count)
    {
        var result = Session.Check();
        if (result != CuResult.Success)
        {
            return result;
        }
        var user = UserObject.Of(@object);
        if (user == null || count - 1 >= int.MaxValue)
        {
            return CuResult.InvalidValue;
        }
        UserObject.Retain(user, count);
        return CuResult.Success;
    }

    internal static CuResult UserObjectRelease(nint @object, uint count)
    {
        var result = Session.Check();
        if (result != CuResult.Success)
        {
            return result;
        }
        var user = UserObject.Of(@object);
        return user == null || count - 1 >= int.MaxValue ? CuResult.InvalidValue : UserObject.Release(user, count);
    }

    /// <summary>The graph takes references of its own, or (flag 1) those of the caller.</summary>
    internal static CuResult GraphRetainUserObject(nint graph, nint @object, uint count, uint flags)
    {
        const uint move = 1;
        Graph* found;
        var user = UserObject.Of(@object);
        var isValid = user != null && count - 1 < int.MaxValue && (flags & ~move) == 0;
        var result = EnterGraph(graph, isValid, &found);
        if (result != CuResult.Success)
        {
            return result;
        }
        result = UserReference.Add(found, user, count);
        if (result == CuResult.Success && (flags & move) == 0)
        {
            UserObject.Retain(user, count);
        }
        GraphLock.Leave();
        return result;
    }

    internal static CuResult GraphReleaseUserObject(nint graph, nint @object, uint count)
    {
        Graph* found;
        var user = UserObject.Of(@object);
        var result = EnterGraph(graph, user != null && count - 1 < int.MaxValue, &found);
        if (result != CuResult.Success)
        {
            return result;
        }
        result = UserReference.Release(found, user, count);
        GraphLock.Leave();
        return result;
    }

    /// <summary>The graph behind a handle, with the lock taken when the answer is success.</summary>
    private static CuResult EnterGraph(nint handle, bool isValid, Graph** graph)
    {
        var result = Session.Check();
        if (result != CuResult.Success)
        {
            return result;
        }
        if (!isValid)
        {
            return CuResult.InvalidValue;
        }
        GraphLock.Enter();
        *graph = Graph.Of(handle);
        if (*graph != null)
        {
            return CuResult.Success;
        }
        GraphLock.Leave();
        return CuResult.InvalidValue;
    }

    private static CuResult EnterNode(nint handle, bool isValid, GraphNode** node)
    {
        var result = Session.Check();
        if (result != CuResult.Success)
        {
            return result;
        }
        if (!isValid)
        {
            return CuResult.InvalidValue;
        }
        GraphLock.Enter();
        *node = GraphNode.Of(handle);
        if (*node != null)
        {
            return CuResult.Success;
        }
        GraphLock.Leave();
        return CuResult.InvalidValue;
    }

    private static CuResult ListNodes(nint hGraph, nint* nodes, nuint* count, bool rootsOnly)
    {
        Graph* graph;
        var result = EnterGraph(hGraph, count != null, &graph);
        if (result != CuResult.Success)
        {
            return result;
        }
        nuint found = 0;
        for (var node = graph->First; node != null; node = node->Next)
        {
            if (rootsOnly && node->Dependencies.Count != 0)
            {
                continue;
            }
            if (nodes != null && found < *count)
            {
                nodes[found] = node->Handle;
            }
            found++;
        }
        EndList(nodes, count, found);
        GraphLock.Leave();
        return CuResult.Success;
    }

    private static CuResult ListNeighbours(
        nint hNode,
        nint* nodes,
        CUgraphEdgeData* edges,
        nuint* count,
        bool dependents
    )
    {
        GraphNode* node;
        var result = EnterNode(hNode, count != null, &node);
        if (result != CuResult.Success)
        {
            return result;
        }
        var list = dependents ? node->Dependents : node->Dependencies;
        for (var i = 0u; nodes != null && i < list.Count && i < *count; i++)
        {
            nodes[i] = list.Items[i]->Handle;
            if (edges != null)
            {
                *(ulong*)(edges + i) = 0;
            }
        }
        EndList(nodes, count, list.Count);
        GraphLock.Leave();
        return CuResult.Success;
    }

    /// <summary>Places that stay empty are 0, and the count is what was written; without a place for nodes, what there is.</summary>
    private static void EndList(nint* nodes, nuint* count, nuint found)
    {
        for (var i = found; nodes != null && i < *count; i++)
        {
            nodes[i] = 0;
        }
        *count = nodes == null || found < *count ? found : *count;
    }

    private static CuResult ChangeEdges(
        nint hGraph,
        nint* from,
        nint* to,
        CUgraphEdgeData* edges,
        nuint count,
        bool add
    )
    {
        Graph* graph;
        var isValid = count == 0 || (from != null && to != null && AreFull(edges, count));
        var result = EnterGraph(hGraph, isValid, &graph);
        if (result != CuResult.Success)
        {
            return result;
        }
        for (nuint i = 0; i < count && result == CuResult.Success; i++)
        {
            var source = GraphNode.Of(from[i]);
            var target = GraphNode.Of(to[i]);
            if (
                source == null
                || target == null
                || source == target
                || source->Graph != graph
                || target->Graph != graph
                || target->Dependencies.Contains(source) == add
            )
            {
                result = CuResult.InvalidValue;
            }
            else if (!add)
            {
                GraphNode.Disconnect(source, target);
            }
            else if (!GraphNode.TryConnect(source, target))
            {
                result = CuResult.OutOfMemory;
            }
        }
        GraphLock.Leave();
        return result;
    }

    /// <summary>Are these full dependencies, the only kind here?</summary>
    private static bool AreFull(CUgraphEdgeData* edges, nuint count)
    {
        for (nuint i = 0; edges != null && i < count; i++)
        {
            if (edges[i].from_port != 0 || edges[i].to_port != 0 || edges[i].type != 0)
            {
                return false;
            }
        }
        return true;
    }
}
