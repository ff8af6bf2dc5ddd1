using System.Runtime.InteropServices;
using Weir.Api;
using Weir.Shim.Guest;

namespace Weir.Shim.Graphs;

/// <summary>
/// An instantiated graph: a copy of its own, and the copy's nodes in an order in which each comes after what it waits for. A launch posts their
/// records to one stream in that order. Everything here is called under <see cref="GraphLock"/>.
/// </summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct GraphExec
{
    internal nint Handle;
    internal ulong Flags;

    /// <summary>The copy.</summary>
    internal Graph* Graph;

    /// <summary>Nodes of the copy and of the graphs inside of it.</summary>
    internal NodeList Order;

    /// <summary>Copy works that were replaced and may still be needed by launches under way.</summary>
    internal CopyWork* Retired;

    /// <summary>The stream of the last launch, and whether there was one.</summary>
    internal nint LastStream;
    internal uint WasLaunched;

    /// <summary>Host functions of the shim use the works, so they live until launches under way are done.</summary>
    internal uint HasOwnFunctions;

    /// <summary>Orders launches in different streams; 0 until there are any.</summary>
    internal nint Event;

    /// <summary>The live object behind a handle; null when there is none.</summary>
    internal static GraphExec* Of(nint handle) =>
        Handles.IsLive(HandleKind.GraphExec, handle) ? (GraphExec*)*Handles.Data(HandleKind.GraphExec, handle) : null;

    /// <summary>Makes <paramref name="graph"/> ready to be launched.</summary>
    internal static CuResult Instantiate(
        ClientThread* thread,
        Graph* graph,
        ulong flags,
        GraphExec** made,
        CUgraphInstantiateResult* reason
    )
    {
        *reason = CUgraphInstantiateResult.Error;
        var exec = (GraphExec*)GuestLibc.Allocate((nuint)sizeof(GraphExec));
        if (exec == null)
        {
            return CuResult.OutOfMemory;
        }
        *exec = new GraphExec { Flags = flags };
        exec->Graph = Graphs.Graph.Clone(graph, false);
        exec->Handle = exec->Graph == null ? 0 : Handles.Mint(HandleKind.GraphExec);
        var result = exec->Handle == 0 ? CuResult.OutOfMemory : Prepare(thread, exec, exec->Graph, reason);
        if (result != CuResult.Success)
        {
            Free(exec);
            return result;
        }
        *Handles.Data(HandleKind.GraphExec, exec->Handle) = (ulong)exec;
        *reason = CUgraphInstantiateResult.Success;
        *made = exec;
        return CuResult.Success;
    }

    /// <summary>Post all nodes to a stream, after launches of the same object in other streams.</summary>
    internal static CuResult Launch(ClientThread* thread, GraphExec* exec, nint stream)
    {
        var result = Follow(thread, exec, stream);
        for (var i = 0u; i < exec->Order.Count && result == CuResult.Success; i++)
        {
            result = Post(thread, exec->Order.Items[i], stream);
        }
        return result;
    }

    /// <summary>The node of the copy that stands for a node of the graph that was instantiated; null when there is none.</summary>
    internal static GraphNode* NodeFor(GraphExec* exec, nint node) => NodeFor(exec->Graph, node);

    /// <summary>Give a node of the copy other work, which it owns from now on.</summary>
    internal static CuResult Replace(ClientThread* thread, GraphExec* exec, GraphNode* node, void* work)
    {
        if (work == null)
        {
            return CuResult.OutOfMemory;
        }
        if (node->Type == CUgraphNodeType.Memcpy)
        {
            var result = CopyWork.Plan((CopyWork*)work, thread);
            if (result != CuResult.Success)
            {
                CopyWork.Free((CopyWork*)work);
                return result;
            }
            exec->HasOwnFunctions |= ((CopyWork*)work)->HasAreas ? 1u : 0;
        }
        else if (node->Type == CUgraphNodeType.Host)
        {
            var result = Callbacks.Start();
            if (result != CuResult.Success)
            {
                GuestLibc.Free(work);
                return result;
            }
        }
        GraphNode.Replace(node, work);
        return CuResult.Success;
    }

    /// <summary>Destroy: at once, or when the launches under way are done.</summary>
    internal static CuResult Destroy(ClientThread* thread, GraphExec* exec)
    {
        Handles.Release(HandleKind.GraphExec, exec->Handle);
        if (exec->Event != 0)
        {
            _ = WireCalls.EventDestroy(thread, exec->Event);
        }
        if (exec->WasLaunched == 0 || (exec->HasOwnFunctions == 0 && exec->Graph->Users == null))
        {
            Free(exec);
            return CuResult.Success;
        }
        var result = CuResult.InvalidHandle;
        if (CustomCalls.IsStream(exec->LastStream) && Callbacks.Start() == CuResult.Success)
        {
            delegate* <void*, void> release = &FreeLater;
            result = WireCalls.HostFunction(thread, (ulong)release, (ulong)exec, exec->LastStream, 0);
        }
        if (result != CuResult.Success)
        {
            // Without the stream there is no place to wait at: wait for everything.
            _ = WireCalls.CtxSynchronize(thread);
            Free(exec);
        }
        return CuResult.Success;
    }

    /// <summary>On the thread of host functions; nobody else knows the object any more, so that no lock is needed.</summary>
    private static void FreeLater(void* exec) => Free((GraphExec*)exec);

    private static void Free(GraphExec* exec)
    {
        exec->Order.Free();
        if (exec->Graph != null)
        {
            Graphs.Graph.Destroy(exec->Graph);
        }
        while (exec->Retired != null)
        {
            var work = exec->Retired;
            exec->Retired = work->NextRetired;
            CopyWork.Free(work);
        }
        Handles.Release(HandleKind.GraphExec, exec->Handle);
        GuestLibc.Free(exec);
    }

    /// <summary>An object's launches follow each other, also in different streams.</summary>
    private static CuResult Follow(ClientThread* thread, GraphExec* exec, nint stream)
    {
        var result = CuResult.Success;
        if (exec->WasLaunched != 0 && exec->LastStream != stream && CustomCalls.IsStream(exec->LastStream))
        {
            const uint disableTiming = 2;
            nint made = exec->Event;
            if (made == 0)
            {
                result = WireCalls.EventCreate(thread, &made, disableTiming);
            }
            exec->Event = made;
            if (result == CuResult.Success)
            {
                result = WireCalls.EventRecord(thread, made, exec->LastStream);
            }
            if (result == CuResult.Success)
            {
                result = WireCalls.StreamWaitEvent(thread, stream, made, 0);
            }
        }
        exec->WasLaunched = 1;
        exec->LastStream = stream;
        return result;
    }

    private static CuResult Post(ClientThread* thread, GraphNode* node, nint stream)
    {
        if (node->IsDisabled != 0)
        {
            return CuResult.Success;
        }
        switch (node->Type)
        {
            case CUgraphNodeType.Kernel:
                return KernelWork.Post(node->Kernel, thread, stream);
            case CUgraphNodeType.Memcpy:
                return CopyWork.Post(node->Copy, thread, stream);
            case CUgraphNodeType.Memset:
                return FillWork.Post(node->Fill, thread, stream);
            case CUgraphNodeType.Host:
                return WireCalls.HostFunction(thread, (ulong)node->Host->fn, (ulong)node->Host->userData, stream, 0);
            case CUgraphNodeType.EventRecord:
                return WireCalls.EventRecord(thread, node->Event, stream);
            case CUgraphNodeType.WaitEvent:
                return WireCalls.StreamWaitEvent(thread, stream, node->Event, 0);
            default:
                return CuResult.Success;
        }
    }

    /// <summary>Put the nodes of a graph into the order, each after what it waits for, and plan their work.</summary>
    private static CuResult Prepare(
        ClientThread* thread,
        GraphExec* exec,
        Graph* graph,
        CUgraphInstantiateResult* reason
    )
    {
        graph->Retired = &exec->Retired;
        for (var node = graph->First; node != null; node = node->Next)
        {
            node->Mark = node->Dependencies.Count;
        }
        var left = graph->Count;
        while (left != 0)
        {
            var before = left;
            for (var node = graph->First; node != null; node = node->Next)
            {
                if (node->Mark != 0)
                {
                    continue;
                }
                node->Mark = uint.MaxValue;
                left--;
                for (var i = 0u; i < node->Dependents.Count; i++)
                {
                    node->Dependents.Items[i]->Mark--;
                }
                var result = PrepareNode(thread, exec, node, reason);
                if (result != CuResult.Success)
                {
                    return result;
                }
            }
            if (left == before)
            {
                *reason = CUgraphInstantiateResult.InvalidStructure;
                return CuResult.InvalidValue;
            }
        }
        return CuResult.Success;
    }

    private static CuResult PrepareNode(
        ClientThread* thread,
        GraphExec* exec,
        GraphNode* node,
        CUgraphInstantiateResult* reason
    )
    {
        if (node->Child != null)
        {
            return Prepare(thread, exec, node->Child, reason);
        }
        if (node->Type == CUgraphNodeType.Empty)
        {
            return CuResult.Success;
        }
        var result = CuResult.Success;
        if (node->Type == CUgraphNodeType.Memcpy)
        {
            result = CopyWork.Plan(node->Copy, thread);
            exec->HasOwnFunctions |= node->Copy->HasAreas ? 1u : 0;
        }
        else if (node->Type == CUgraphNodeType.Host)
        {
            result = Callbacks.Start();
        }
        return result == CuResult.Success && !exec->Order.TryAdd(node) ? CuResult.OutOfMemory : result;
    }

    private static GraphNode* NodeFor(Graph* graph, nint source)
    {
        for (var node = graph->First; node != null; node = node->Next)
        {
            if (node->Source == source)
            {
                return node;
            }
            var inner = node->Child == null ? null : NodeFor(node->Child, source);
            if (inner != null)
            {
                return inner;
            }
        }
        return null;
    }
}
