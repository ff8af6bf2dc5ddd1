using Weir.Api;
using Weir.Shim.Graphs;
using Weir.Shim.Guest;

namespace Weir.Shim;

/// <summary>What nodes do, from what the program says; how nodes are added and changed.</summary>
internal static unsafe partial class CustomCalls
{
    /// <summary>Size of a kernel node's parameters before a kernel and a context were among them.</summary>
    private const uint FirstKernelParamsBytes = 56;

    private static CUDA_KERNEL_NODE_PARAMS First(CUDA_KERNEL_NODE_PARAMS* given)
    {
        CUDA_KERNEL_NODE_PARAMS full = default;
        if (given != null)
        {
            _ = GuestLibc.Copy(&full, given, FirstKernelParamsBytes);
        }
        return full;
    }

    private static CuResult NoEvent() =>
        Session.Check() == CuResult.Success ? CuResult.InvalidValue : CuResult.NotInitialized;

    /// <summary>A launch as it will be posted, from its parameters.</summary>
    private static CuResult MakeKernel(CUDA_KERNEL_NODE_PARAMS* given, void** work)
    {
        ClientThread* thread;
        var result = ClientThread.Enter(&thread);
        if (result != CuResult.Success)
        {
            return result;
        }
        if (given == null)
        {
            return CuResult.InvalidValue;
        }
        var shape = new CUlaunchConfig
        {
            gridDimX = given->gridDimX,
            gridDimY = given->gridDimY,
            gridDimZ = given->gridDimZ,
            blockDimX = given->blockDimX,
            blockDimY = given->blockDimY,
            blockDimZ = given->blockDimZ,
            sharedMemBytes = given->sharedMemBytes,
        };
        var function = given->func != 0 ? given->func : given->kern;
        byte* packed = null;
        uint bytes;
        result = CheckLaunch(thread, &shape, &function, given->kernelParams, given->extra, &packed, &bytes);
        if (result != CuResult.Success)
        {
            return result == CuResult.InvalidHandle ? CuResult.InvalidValue : result;
        }
        var record = (byte*)GuestLibc.Allocate(LaunchBytes(bytes));
        if (record == null)
        {
            return CuResult.OutOfMemory;
        }
        FillLaunch(record, &shape, function, given->kernelParams, packed, bytes, 0);
        *work = KernelWork.Create(record, LaunchBytes(bytes), *given);
        GuestLibc.Free(record);
        return *work == null ? CuResult.OutOfMemory : CuResult.Success;
    }

    private static CuResult MakeCopy(CUDA_MEMCPY3D* given, void** work)
    {
        var result = Session.Check();
        if (result == CuResult.Success)
        {
            result = CopyWork.Check(given);
        }
        if (result == CuResult.Success)
        {
            *work = CopyWork.Create(given);
            result = *work == null ? CuResult.OutOfMemory : CuResult.Success;
        }
        return result;
    }

    private static CuResult MakeFill(CUDA_MEMSET_NODE_PARAMS* given, void** work)
    {
        var result = Session.Check();
        if (result == CuResult.Success)
        {
            result = FillWork.Check(given);
        }
        if (result == CuResult.Success)
        {
            *work = GraphNode.Duplicate(given, (nuint)sizeof(CUDA_MEMSET_NODE_PARAMS));
            result = *work == null ? CuResult.OutOfMemory : CuResult.Success;
        }
        return result;
    }

    private static CuResult MakeHost(CUDA_HOST_NODE_PARAMS* given, void** work)
    {
        var result = Session.Check();
        if (result != CuResult.Success)
        {
            return result;
        }
        if (given == null || given->fn == 0)
        {
            return CuResult.InvalidValue;
        }
        *work = GraphNode.Duplicate(given, (nuint)sizeof(CUDA_HOST_NODE_PARAMS));
        return *work == null ? CuResult.OutOfMemory : CuResult.Success;
    }

    /// <summary>
    /// Adds a node that does <paramref name="work"/>, or what <paramref name="other"/> says: an event, or the graph of a child graph node. Both are
    /// the node's from then on, and are freed when there is none.
    /// </summary>
    private static CuResult AddNode(
        nint* phGraphNode,
        nint hGraph,
        nint* dependencies,
        nuint count,
        CUgraphNodeType type,
        void* work,
        nint other
    )
    {
        Graph* graph;
        GraphNode* node = null;
        var isValid = phGraphNode != null && (count == 0 || dependencies != null);
        var result = EnterGraph(hGraph, isValid, &graph);
        if (result == CuResult.Success)
        {
            result = AddNode(graph, dependencies, count, type, &node);
            if (node != null)
            {
                node->Work = work;
                node->Child = type == CUgraphNodeType.Graph ? (Graph*)other : null;
                node->Event = type == CUgraphNodeType.Graph ? 0 : other;
                *phGraphNode = node->Handle;
            }
            GraphLock.Leave();
        }
        if (node == null)
        {
            var unused = new GraphNode { Type = type, Work = work };
            GraphNode.FreeWork(&unused);
            if (type == CUgraphNodeType.Graph)
            {
                GraphLock.Enter();
                Graph.Destroy((Graph*)other);
                GraphLock.Leave();
            }
        }
        return result;
    }

    private static CuResult AddNode(
        Graph* graph,
        nint* dependencies,
        nuint count,
        CUgraphNodeType type,
        GraphNode** made
    )
    {
        for (nuint i = 0; i < count; i++)
        {
            var dependency = GraphNode.Of(dependencies[i]);
            if (dependency == null || dependency->Graph != graph)
            {
                return CuResult.InvalidValue;
            }
            for (nuint j = 0; j < i; j++)
            {
                if (dependencies[j] == dependencies[i])
                {
                    return CuResult.InvalidValue;
                }
            }
        }
        var node = Graph.AddNode(graph, type);
        if (node == null)
        {
            return CuResult.OutOfMemory;
        }
        for (nuint i = 0; i < count; i++)
        {
            if (!GraphNode.TryConnect(GraphNode.Of(dependencies[i]), node))
            {
                Graph.RemoveNode(node);
                return CuResult.OutOfMemory;
            }
        }
        *made = node;
        return CuResult.Success;
    }

    private static CuResult EnterNodeOf(nint handle, CUgraphNodeType type, bool isValid, GraphNode** node)
    {
        var result = EnterNode(handle, isValid, node);
        if (result == CuResult.Success && (*node)->Type != type)
        {
            GraphLock.Leave();
            return CuResult.InvalidValue;
        }
        return result;
    }

    private static CuResult SetWork(nint hNode, CUgraphNodeType type, void* work)
    {
        GraphNode* node;
        var result = EnterNodeOf(hNode, type, true, &node);
        if (result == CuResult.Success)
        {
            GraphNode.Replace(node, work);
            GraphLock.Leave();
            return result;
        }
        var unused = new GraphNode { Type = type, Work = work };
        GraphNode.FreeWork(&unused);
        return result;
    }

    private static CuResult GetEvent(nint hNode, CUgraphNodeType type, nint* found)
    {
        GraphNode* node;
        var result = EnterNodeOf(hNode, type, found != null, &node);
        if (result == CuResult.Success)
        {
            *found = node->Event;
            GraphLock.Leave();
        }
        return result;
    }

    private static CuResult SetEvent(nint hNode, CUgraphNodeType type, nint used)
    {
        GraphNode* node;
        var result = EnterNodeOf(hNode, type, Handles.IsLive(HandleKind.Event, used), &node);
        if (result == CuResult.Success)
        {
            node->Event = used;
            GraphLock.Leave();
        }
        return result;
    }
}
