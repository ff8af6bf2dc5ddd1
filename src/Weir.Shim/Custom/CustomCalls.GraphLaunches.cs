using Weir.Api;
using Weir.Shim.Graphs;

namespace Weir.Shim;

/// <summary>Instantiated graphs: made, changed, launched.</summary>
internal static unsafe partial class CustomCalls
{
    /// <summary>Free unused memory at launch, upload at once, launch from the device, keep nodes' priorities.</summary>
    private const ulong KnownInstantiateFlags = 0xF;
    private const ulong DeviceLaunchFlag = 4;

    internal static CuResult GraphInstantiate(
        nint* phGraphExec,
        nint hGraph,
        nint* phErrorNode,
        byte* logBuffer,
        nuint bufferSize
    )
    {
        if (phErrorNode != null)
        {
            *phErrorNode = 0;
        }
        if (logBuffer != null && bufferSize != 0)
        {
            *logBuffer = 0;
        }
        CUgraphInstantiateResult reason;
        return Instantiate(phGraphExec, hGraph, 0, &reason);
    }

    internal static CuResult GraphInstantiateV2(
        nint* phGraphExec,
        nint hGraph,
        nint* phErrorNode,
        byte* logBuffer,
        nuint bufferSize
    ) => GraphInstantiate(phGraphExec, hGraph, phErrorNode, logBuffer, bufferSize);

    internal static CuResult GraphInstantiateWithFlags(nint* phGraphExec, nint hGraph, ulong flags)
    {
        CUgraphInstantiateResult reason;
        return Instantiate(phGraphExec, hGraph, flags, &reason);
    }

    internal static CuResult GraphInstantiateWithParams(
        nint* phGraphExec,
        nint hGraph,
        CUDA_GRAPH_INSTANTIATE_PARAMS* instantiateParams
    )
    {
        if (instantiateParams == null)
        {
            return Session.Check() == CuResult.Success ? CuResult.InvalidValue : CuResult.NotInitialized;
        }
        instantiateParams->hErrNode_out = 0;
        return Instantiate(phGraphExec, hGraph, instantiateParams->flags, &instantiateParams->result_out);
    }

    /// <summary>The stream to prepare in has no effect: nothing is left to prepare.</summary>
    internal static CuResult GraphInstantiateWithParamsPerThread(
        nint* phGraphExec,
        nint hGraph,
        CUDA_GRAPH_INSTANTIATE_PARAMS* instantiateParams
    ) => GraphInstantiateWithParams(phGraphExec, hGraph, instantiateParams);

    internal static CuResult GraphExecDestroy(nint hGraphExec)
    {
        ClientThread* thread;
        GraphExec* exec;
        var result = EnterExec(hGraphExec, true, &thread, &exec);
        if (result == CuResult.Success)
        {
            result = GraphExec.Destroy(thread, exec);
            LeaveExec(thread);
        }
        return result;
    }

    internal static CuResult GraphExecGetFlags(nint hGraphExec, ulong* flags)
    {
        ClientThread* thread;
        GraphExec* exec;
        var result = EnterExec(hGraphExec, flags != null, &thread, &exec);
        if (result == CuResult.Success)
        {
            *flags = exec->Flags;
            LeaveExec(thread);
        }
        return result;
    }

    /// <summary>Nothing is left to prepare: a launch posts what is ready.</summary>
    internal static CuResult GraphUpload(nint hGraphExec, nint hStream)
    {
        ClientThread* thread;
        GraphExec* exec;
        var result = EnterExec(hGraphExec, IsStream(hStream), &thread, &exec);
        if (result == CuResult.Success)
        {
            LeaveExec(thread);
        }
        return result;
    }

    internal static CuResult GraphLaunch(nint hGraphExec, nint hStream)
    {
        ClientThread* thread;
        var result = EnterStream(&thread, hStream);
        if (result != CuResult.Success)
        {
            return result;
        }
        GraphExec* exec;
        result = EnterExec(hGraphExec, true, &thread, &exec);
        if (result != CuResult.Success)
        {
            return result;
        }
        var captured = Captures.AreActive ? Captures.Find(thread, hStream) : null;
        if (captured != null)
        {
            result = Captures.AppendGraph(captured, exec->Graph);
        }
        else if (Captures.AreActive && Captures.IsImplicit(thread, hStream, true))
        {
            result = CuResult.StreamCaptureImplicit;
        }
        else
        {
            result = GraphExec.Launch(thread, exec, hStream);
        }
        LeaveExec(thread);
        return result;
    }

    internal static CuResult GraphExecUpdate(
        nint hGraphExec,
        nint hGraph,
        nint* hErrorNode_out,
        CUgraphExecUpdateResult* updateResult_out
    )
    {
        CUgraphExecUpdateResultInfo info;
        var result = GraphExecUpdateV2(hGraphExec, hGraph, &info);
        if (hErrorNode_out != null)
        {
            *hErrorNode_out = info.errorNode;
        }
        if (updateResult_out != null)
        {
            *updateResult_out = info.result;
        }
        return result;
    }

    internal static CuResult GraphExecUpdateV2(nint hGraphExec, nint hGraph, CUgraphExecUpdateResultInfo* resultInfo)
    {
        ClientThread* thread;
        GraphExec* exec;
        if (resultInfo != null)
        {
            *resultInfo = new CUgraphExecUpdateResultInfo { result = CUgraphExecUpdateResult.Error };
        }
        var result = EnterExec(hGraphExec, resultInfo != null, &thread, &exec);
        if (result != CuResult.Success)
        {
            return result;
        }
        var graph = Graph.Of(hGraph);
        result =
            graph == null ? CuResult.InvalidValue : GraphUpdate.Apply(thread, exec, exec->Graph, graph, resultInfo);
        LeaveExec(thread);
        return result;
    }

    internal static CuResult GraphNodeSetEnabled(nint hGraphExec, nint hNode, uint isEnabled)
    {
        ClientThread* thread;
        GraphExec* exec;
        GraphNode* node;
        var result = EnterExecNode(hGraphExec, hNode, true, &thread, &exec, &node);
        if (result != CuResult.Success)
        {
            return result;
        }
        if (IsSwitchable(node))
        {
            node->IsDisabled = isEnabled == 0 ? 1u : 0;
        }
        else
        {
            result = CuResult.InvalidValue;
        }
        LeaveExec(thread);
        return result;
    }

    internal static CuResult GraphNodeGetEnabled(nint hGraphExec, nint hNode, uint* isEnabled)
    {
        ClientThread* thread;
        GraphExec* exec;
        GraphNode* node;
        var result = EnterExecNode(hGraphExec, hNode, isEnabled != null, &thread, &exec, &node);
        if (result != CuResult.Success)
        {
            return result;
        }
        if (IsSwitchable(node))
        {
            *isEnabled = node->IsDisabled == 0 ? 1u : 0;
        }
        else
        {
            result = CuResult.InvalidValue;
        }
        LeaveExec(thread);
        return result;
    }

    internal static CuResult GraphExecKernelNodeSetParams(
        nint hGraphExec,
        nint hNode,
        CUDA_KERNEL_NODE_PARAMS* nodeParams
    )
    {
        var full = First(nodeParams);
        return GraphExecKernelNodeSetParamsV2(hGraphExec, hNode, nodeParams == null ? null : &full);
    }

    internal static CuResult GraphExecKernelNodeSetParamsV2(
        nint hGraphExec,
        nint hNode,
        CUDA_KERNEL_NODE_PARAMS* nodeParams
    )
    {
        void* work;
        var result = MakeKernel(nodeParams, &work);
        return result != CuResult.Success ? result : SetExecWork(hGraphExec, hNode, CUgraphNodeType.Kernel, work);
    }

    internal static CuResult GraphExecMemcpyNodeSetParams(
        nint hGraphExec,
        nint hNode,
        CUDA_MEMCPY3D* copyParams,
        nint ctx
    )
    {
        void* work;
        var result = MakeCopy(copyParams, &work);
        return result != CuResult.Success ? result : SetExecWork(hGraphExec, hNode, CUgraphNodeType.Memcpy, work);
    }

    internal static CuResult GraphExecMemsetNodeSetParams(
        nint hGraphExec,
        nint hNode,
        CUDA_MEMSET_NODE_PARAMS* memsetParams,
        nint ctx
    )
    {
        void* work;
        var result = MakeFill(memsetParams, &work);
        return result != CuResult.Success ? result : SetExecWork(hGraphExec, hNode, CUgraphNodeType.Memset, work);
    }

    internal static CuResult GraphExecHostNodeSetParams(nint hGraphExec, nint hNode, CUDA_HOST_NODE_PARAMS* nodeParams)
    {
        void* work;
        var result = MakeHost(nodeParams, &work);
        return result != CuResult.Success ? result : SetExecWork(hGraphExec, hNode, CUgraphNodeType.Host, work);
    }

    internal static CuResult GraphExecChildGraphNodeSetParams(nint hGraphExec, nint hNode, nint childGraph)
    {
        ClientThread* thread;
        GraphExec* exec;
        GraphNode* node;
        var result = EnterExecNode(hGraphExec, hNode, true, &thread, &exec, &node);
        if (result != CuResult.Success)
        {
            return result;
        }
        var graph = Graph.Of(childGraph);
        CUgraphExecUpdateResultInfo info;
        result =
            graph == null || node->Child == null
                ? CuResult.InvalidValue
                : GraphUpdate.Apply(thread, exec, node->Child, graph, &info);
        LeaveExec(thread);
        return result == CuResult.GraphExecUpdateFailure ? CuResult.InvalidValue : result;
    }

    internal static CuResult GraphExecEventRecordNodeSetEvent(nint hGraphExec, nint hNode, nint @event) =>
        SetExecEvent(hGraphExec, hNode, CUgraphNodeType.EventRecord, @event);

    internal static CuResult GraphExecEventWaitNodeSetEvent(nint hGraphExec, nint hNode, nint @event) =>
        SetExecEvent(hGraphExec, hNode, CUgraphNodeType.WaitEvent, @event);

    internal static CuResult GraphExecNodeSetParams(nint exec, nint node, CUgraphNodeParams* nodeParams)
    {
        if (nodeParams == null)
        {
            return Session.Check() == CuResult.Success ? CuResult.InvalidValue : CuResult.NotInitialized;
        }
        return nodeParams->type switch
        {
            CUgraphNodeType.Kernel => GraphExecKernelNodeSetParamsV2(exec, node, &nodeParams->kernel),
            CUgraphNodeType.Memcpy => GraphExecMemcpyNodeSetParams(exec, node, &nodeParams->memcpy, 0),
            CUgraphNodeType.Memset => GraphExecMemsetNodeSetParams(exec, node, &nodeParams->memset, 0),
            CUgraphNodeType.Host => GraphExecHostNodeSetParams(exec, node, &nodeParams->host),
            CUgraphNodeType.Graph => GraphExecChildGraphNodeSetParams(exec, node, nodeParams->graph),
            CUgraphNodeType.WaitEvent => GraphExecEventWaitNodeSetEvent(exec, node, nodeParams->eventWait),
            CUgraphNodeType.EventRecord => GraphExecEventRecordNodeSetEvent(exec, node, nodeParams->eventRecord),
            _ => CuResult.NotSupported,
        };
    }

    private static CuResult Instantiate(nint* phGraphExec, nint hGraph, ulong flags, CUgraphInstantiateResult* reason)
    {
        ClientThread* thread;
        *reason = CUgraphInstantiateResult.Error;
        var result = ClientThread.Enter(&thread);
        if (result != CuResult.Success)
        {
            return result;
        }
        if (phGraphExec == null || (flags & ~KnownInstantiateFlags) != 0)
        {
            return CuResult.InvalidValue;
        }
        if ((flags & DeviceLaunchFlag) != 0)
        {
            *reason = CUgraphInstantiateResult.NodeOperationNotSupported;
            return CuResult.NotSupported;
        }
        Graph* graph;
        result = EnterGraph(hGraph, true, &graph);
        if (result != CuResult.Success)
        {
            return result;
        }
        GraphExec* exec = null;
        thread->PassesCaptures++;
        result = GraphExec.Instantiate(thread, graph, flags, &exec, reason);
        thread->PassesCaptures--;
        GraphLock.Leave();
        *phGraphExec = exec == null ? 0 : exec->Handle;
        return result;
    }

    /// <summary>The instantiated graph behind a handle; the lock is taken, and the thread's records pass captures, when the answer is success.</summary>
    private static CuResult EnterExec(nint handle, bool isValid, ClientThread** thread, GraphExec** exec)
    {
        var result = ClientThread.Enter(thread);
        if (result != CuResult.Success)
        {
            return result;
        }
        if (!isValid)
        {
            return CuResult.InvalidValue;
        }
        GraphLock.Enter();
        *exec = GraphExec.Of(handle);
        if (*exec == null)
        {
            GraphLock.Leave();
            return CuResult.InvalidValue;
        }
        (*thread)->PassesCaptures++;
        return CuResult.Success;
    }

    private static void LeaveExec(ClientThread* thread)
    {
        thread->PassesCaptures--;
        GraphLock.Leave();
    }

    private static CuResult EnterExecNode(
        nint handle,
        nint node,
        bool isValid,
        ClientThread** thread,
        GraphExec** exec,
        GraphNode** found
    )
    {
        var result = EnterExec(handle, isValid, thread, exec);
        if (result != CuResult.Success)
        {
            return result;
        }
        *found = node == 0 ? null : GraphExec.NodeFor(*exec, node);
        if (*found == null)
        {
            LeaveExec(*thread);
            return CuResult.InvalidValue;
        }
        return CuResult.Success;
    }

    private static bool IsSwitchable(GraphNode* node) =>
        node->Type is CUgraphNodeType.Kernel or CUgraphNodeType.Memcpy or CUgraphNodeType.Memset;

    private static CuResult SetExecWork(nint hGraphExec, nint hNode, CUgraphNodeType type, void* work)
    {
        ClientThread* thread;
        GraphExec* exec;
        GraphNode* node;
        var result = EnterExecNode(hGraphExec, hNode, true, &thread, &exec, &node);
        if (result == CuResult.Success && node->Type == type)
        {
            result = GraphExec.Replace(thread, exec, node, work);
            LeaveExec(thread);
            return result;
        }
        if (result == CuResult.Success)
        {
            result = CuResult.InvalidValue;
            LeaveExec(thread);
        }
        var unused = new GraphNode { Type = type, Work = work };
        GraphNode.FreeWork(&unused);
        return result;
    }

    private static CuResult SetExecEvent(nint hGraphExec, nint hNode, CUgraphNodeType type, nint used)
    {
        ClientThread* thread;
        GraphExec* exec;
        GraphNode* node;
        var isEvent = Handles.IsLive(HandleKind.Event, used);
        var result = EnterExecNode(hGraphExec, hNode, isEvent, &thread, &exec, &node);
        if (result != CuResult.Success)
        {
            return result;
        }
        if (node->Type == type)
        {
            node->Event = used;
        }
        else
        {
            result = CuResult.InvalidValue;
        }
        LeaveExec(thread);
        return result;
    }
}
