using System.Runtime.InteropServices;
using Weir.Api;
using Weir.Shim.Guest;

namespace Weir.Shim.Graphs;

/// <summary>
/// A graph: its nodes in the order of their creation. Graphs live in the client alone; a launch posts their nodes' records. Everything here
/// is called under <see cref="GraphLock"/>.
/// </summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct Graph
{
    /// <summary>0 for the copy in an instantiated graph.</summary>
    internal nint Handle;
    internal GraphNode* First;
    internal GraphNode* Last;
    internal uint Count;

    /// <summary>The graph belongs to a child graph node and goes with it.</summary>
    internal uint IsOwned;

    /// <summary>Streams are being captured into it.</summary>
    internal uint IsCapturing;

    /// <summary>Handle of the graph that this one was copied from; 0 = none.</summary>
    internal nint Source;

    /// <summary>User objects that live as long as the graph.</summary>
    internal UserReference* Users;

    /// <summary>In an instantiated graph: where work goes that was replaced, because launches under way may need it.</summary>
    internal CopyWork** Retired;

    /// <summary>The live graph behind a handle; null when there is none.</summary>
    internal static Graph* Of(nint handle) =>
        Handles.IsLive(HandleKind.Graph, handle) ? (Graph*)*Handles.Data(HandleKind.Graph, handle) : null;

    /// <summary>An empty graph, with a handle unless it is to be part of an instantiated one; null when there is no memory.</summary>
    internal static Graph* Create(bool hasHandle)
    {
        var graph = (Graph*)GuestLibc.Allocate((nuint)sizeof(Graph));
        if (graph == null)
        {
            return null;
        }
        *graph = default;
        if (hasHandle)
        {
            graph->Handle = Handles.Mint(HandleKind.Graph);
            if (graph->Handle == 0)
            {
                GuestLibc.Free(graph);
                return null;
            }
            *Handles.Data(HandleKind.Graph, graph->Handle) = (ulong)graph;
        }
        return graph;
    }

    internal static void Destroy(Graph* graph)
    {
        while (graph->First != null)
        {
            RemoveNode(graph->First);
        }
        UserReference.ReleaseAll(graph);
        Handles.Release(HandleKind.Graph, graph->Handle);
        GuestLibc.Free(graph);
    }

    /// <summary>A node without work or dependencies at the end of the graph; null when there is no memory.</summary>
    internal static GraphNode* AddNode(Graph* graph, CUgraphNodeType type)
    {
        var node = (GraphNode*)GuestLibc.Allocate((nuint)sizeof(GraphNode));
        if (node == null)
        {
            return null;
        }
        *node = new GraphNode
        {
            Graph = graph,
            Type = type,
            Previous = graph->Last,
        };
        if (graph->Handle != 0)
        {
            node->Handle = Handles.Mint(HandleKind.GraphNode);
            if (node->Handle == 0)
            {
                GuestLibc.Free(node);
                return null;
            }
            *Handles.Data(HandleKind.GraphNode, node->Handle) = (ulong)node;
        }
        if (graph->Last != null)
        {
            graph->Last->Next = node;
        }
        else
        {
            graph->First = node;
        }
        graph->Last = node;
        graph->Count++;
        return node;
    }

    internal static void RemoveNode(GraphNode* node)
    {
        var graph = node->Graph;
        while (node->Dependencies.Count != 0)
        {
            GraphNode.Disconnect(node->Dependencies.Items[0], node);
        }
        while (node->Dependents.Count != 0)
        {
            GraphNode.Disconnect(node, node->Dependents.Items[0]);
        }
        node->Dependencies.Free();
        node->Dependents.Free();
        if (node->Previous != null)
        {
            node->Previous->Next = node->Next;
        }
        else
        {
            graph->First = node->Next;
        }
        if (node->Next != null)
        {
            node->Next->Previous = node->Previous;
        }
        else
        {
            graph->Last = node->Previous;
        }
        graph->Count--;
        GraphNode.FreeWork(node);
        if (node->Child != null)
        {
            Destroy(node->Child);
        }
        Handles.Release(HandleKind.GraphNode, node->Handle);
        GuestLibc.Free(node);
    }

    /// <summary>A copy with nodes in the same order; null when there is no memory.</summary>
    internal static Graph* Clone(Graph* graph, bool hasHandle)
    {
        var clone = Create(hasHandle);
        if (clone == null)
        {
            return null;
        }
        clone->Source = graph->Handle;
        if (!TryCopyNodes(graph, clone, hasHandle) || !UserReference.TryCopy(graph, clone))
        {
            Destroy(clone);
            return null;
        }
        return clone;
    }

    /// <summary>Number the nodes in their order, for walks that need a table.</summary>
    internal static void Number(Graph* graph)
    {
        var place = 0u;
        for (var node = graph->First; node != null; node = node->Next)
        {
            node->Place = place++;
        }
    }

    private static bool TryCopyNodes(Graph* graph, Graph* clone, bool hasHandle)
    {
        if (graph->Count == 0)
        {
            return true;
        }
        var copies = (GraphNode**)GuestLibc.Allocate((nuint)graph->Count * (nuint)sizeof(GraphNode*));
        if (copies == null)
        {
            return false;
        }
        Number(graph);
        var isDone = true;
        for (var node = graph->First; node != null && isDone; node = node->Next)
        {
            var copy = AddNode(clone, node->Type);
            copies[node->Place] = copy;
            isDone = copy != null && TryCopyNode(node, copy, hasHandle);
        }
        // A node may wait for one that was made after it: dependencies come when all nodes are there.
        for (var node = graph->First; node != null && isDone; node = node->Next)
        {
            for (var i = 0u; i < node->Dependencies.Count && isDone; i++)
            {
                isDone = GraphNode.TryConnect(copies[node->Dependencies.Items[i]->Place], copies[node->Place]);
            }
        }
        GuestLibc.Free(copies);
        return isDone;
    }

    private static bool TryCopyNode(GraphNode* node, GraphNode* copy, bool hasHandle)
    {
        copy->Source = node->Handle;
        copy->Event = node->Event;
        copy->IsDisabled = node->IsDisabled;
        copy->Work = GraphNode.CloneWork(node);
        if (node->Work != null && copy->Work == null)
        {
            return false;
        }
        if (node->Child == null)
        {
            return true;
        }
        copy->Child = Clone(node->Child, hasHandle);
        if (copy->Child == null)
        {
            return false;
        }
        copy->Child->IsOwned = 1;
        return true;
    }
}
