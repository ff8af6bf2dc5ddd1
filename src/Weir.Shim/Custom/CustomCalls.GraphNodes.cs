using Weir.Api;
using Weir.Shim.Graphs;
using Weir.Shim.Guest;

namespace Weir.Shim;

/// <summary>Nodes of graphs and their parameters.</summary>
internal static unsafe partial class CustomCalls
{
    internal static CuResult GraphAddKernelNode(
        nint* phGraphNode,
        nint hGraph,
        nint* dependencies,
        nuint numDependencies,
        CUDA_KERNEL_NODE_PARAMS* nodeParams
    )
    {
        var full = First(nodeParams);
        return GraphAddKernelNodeV2(
            phGraphNode,
            hGraph,
            dependencies,
            numDependencies,
            nodeParams == null ? null : &full
        );
    }

    internal static CuResult GraphAddKernelNodeV2(
        nint* phGraphNode,
        nint hGraph,
        nint* dependencies,
        nuint numDependencies,
        CUDA_KERNEL_NODE_PARAMS* nodeParams
    )
    {
        void* work;
        var result = MakeKernel(nodeParams, &work);
        return result != CuResult.Success
            ? result
            : AddNode(phGraphNode, hGraph, dependencies, numDependencies, CUgraphNodeType.Kernel, work, 0);
    }

    internal static CuResult GraphKernelNodeGetParams(nint hNode, CUDA_KERNEL_NODE_PARAMS* nodeParams)
    {
        CUDA_KERNEL_NODE_PARAMS full;
        var result = nodeParams == null ? CuResult.InvalidValue : GraphKernelNodeGetParamsV2(hNode, &full);
        if (result == CuResult.Success)
        {
            _ = GuestLibc.Copy(nodeParams, &full, FirstKernelParamsBytes);
        }
        return result;
    }

    internal static CuResult GraphKernelNodeGetParamsV2(nint hNode, CUDA_KERNEL_NODE_PARAMS* nodeParams)
    {
        GraphNode* node;
        var result = EnterNodeOf(hNode, CUgraphNodeType.Kernel, nodeParams != null, &node);
        if (result == CuResult.Success)
        {
            *nodeParams = node->Kernel->Params;
            GraphLock.Leave();
        }
        return result;
    }

    internal static CuResult GraphKernelNodeSetParams(nint hNode, CUDA_KERNEL_NODE_PARAMS* nodeParams)
    {
        var full = First(nodeParams);
        return GraphKernelNodeSetParamsV2(hNode, nodeParams == null ? null : &full);
    }

    internal static CuResult GraphKernelNodeSetParamsV2(nint hNode, CUDA_KERNEL_NODE_PARAMS* nodeParams)
    {
        void* work;
        var result = MakeKernel(nodeParams, &work);
        return result != CuResult.Success ? result : SetWork(hNode, CUgraphNodeType.Kernel, work);
    }

    internal static CuResult GraphKernelNodeSetAttribute(nint hNode, CUlaunchAttributeID attr, void* value)
    {
        GraphNode* node;
        var result = EnterNodeOf(hNode, CUgraphNodeType.Kernel, value != null, &node);
        if (result == CuResult.Success)
        {
            result = KernelWork.TrySetAttribute(node->Kernel, attr, value);
            GraphLock.Leave();
        }
        return result;
    }

    internal static CuResult GraphKernelNodeGetAttribute(nint hNode, CUlaunchAttributeID attr, void* value_out)
    {
        GraphNode* node;
        var result = EnterNodeOf(hNode, CUgraphNodeType.Kernel, value_out != null, &node);
        if (result == CuResult.Success)
        {
            result = KernelWork.TryGetAttribute(node->Kernel, attr, value_out);
            GraphLock.Leave();
        }
        return result;
    }

    internal static CuResult GraphKernelNodeCopyAttributes(nint dst, nint src)
    {
        GraphNode* destination;
        var result = EnterNodeOf(dst, CUgraphNodeType.Kernel, true, &destination);
        if (result != CuResult.Success)
        {
            return result;
        }
        var source = GraphNode.Of(src);
        result =
            source == null || source->Type != CUgraphNodeType.Kernel
                ? CuResult.InvalidValue
                : KernelWork.CopyAttributes(source->Kernel, destination->Kernel);
        GraphLock.Leave();
        return result;
    }

    internal static CuResult GraphAddMemcpyNode(
        nint* phGraphNode,
        nint hGraph,
        nint* dependencies,
        nuint numDependencies,
        CUDA_MEMCPY3D* copyParams,
        nint ctx
    )
    {
        void* work;
        var result = MakeCopy(copyParams, &work);
        return result != CuResult.Success
            ? result
            : AddNode(phGraphNode, hGraph, dependencies, numDependencies, CUgraphNodeType.Memcpy, work, 0);
    }

    internal static CuResult GraphMemcpyNodeGetParams(nint hNode, CUDA_MEMCPY3D* nodeParams)
    {
        GraphNode* node;
        var result = EnterNodeOf(hNode, CUgraphNodeType.Memcpy, nodeParams != null, &node);
        if (result == CuResult.Success)
        {
            *nodeParams = node->Copy->Params;
            GraphLock.Leave();
        }
        return result;
    }

    internal static CuResult GraphMemcpyNodeSetParams(nint hNode, CUDA_MEMCPY3D* nodeParams)
    {
        void* work;
        var result = MakeCopy(nodeParams, &work);
        return result != CuResult.Success ? result : SetWork(hNode, CUgraphNodeType.Memcpy, work);
    }

    internal static CuResult GraphAddMemsetNode(
        nint* phGraphNode,
        nint hGraph,
        nint* dependencies,
        nuint numDependencies,
        CUDA_MEMSET_NODE_PARAMS* memsetParams,
        nint ctx
    )
    {
        void* work;
        var result = MakeFill(memsetParams, &work);
        return result != CuResult.Success
            ? result
            : AddNode(phGraphNode, hGraph, dependencies, numDependencies, CUgraphNodeType.Memset, work, 0);
    }

    internal static CuResult GraphMemsetNodeGetParams(nint hNode, CUDA_MEMSET_NODE_PARAMS* nodeParams)
    {
        GraphNode* node;
        var result = EnterNodeOf(hNode, CUgraphNodeType.Memset, nodeParams != null, &node);
        if (result == CuResult.Success)
        {
            *nodeParams = *node->Fill;
            GraphLock.Leave();
        }
        return result;
    }

    internal static CuResult GraphMemsetNodeSetParams(nint hNode, CUDA_MEMSET_NODE_PARAMS* nodeParams)
    {
        void* work;
        var result = MakeFill(nodeParams, &work);
        return result != CuResult.Success ? result : SetWork(hNode, CUgraphNodeType.Memset, work);
    }

    internal static CuResult GraphAddHostNode(
        nint* phGraphNode,
        nint hGraph,
        nint* dependencies,
        nuint numDependencies,
        CUDA_HOST_NODE_PARAMS* nodeParams
    )
    {
        void* work;
        var result = MakeHost(nodeParams, &work);
        return result != CuResult.Success
            ? result
            : AddNode(phGraphNode, hGraph, dependencies, numDependencies, CUgraphNodeType.Host, work, 0);
    }

    internal static CuResult GraphHostNodeGetParams(nint hNode, CUDA_HOST_NODE_PARAMS* nodeParams)
    {
        GraphNode* node;
        var result = EnterNodeOf(hNode, CUgraphNodeType.Host, nodeParams != null, &node);
        if (result == CuResult.Success)
        {
            *nodeParams = *node->Host;
            GraphLock.Leave();
        }
        return result;
    }

    internal static CuResult GraphHostNodeSetParams(nint hNode, CUDA_HOST_NODE_PARAMS* nodeParams)
    {
        void* work;
        var result = MakeHost(nodeParams, &work);
        return result != CuResult.Success ? result : SetWork(hNode, CUgraphNodeType.Host, work);
    }

    internal static CuResult GraphAddChildGraphNode(
        nint* phGraphNode,
        nint hGraph,
        nint* dependencies,
        nuint numDependencies,
        nint childGraph
    )
    {
        Graph* child;
        var result = EnterGraph(childGraph, childGraph != hGraph, &child);
        if (result != CuResult.Success)
        {
            return result;
        }
        var copy = Graph.Clone(child, true);
        GraphLock.Leave();
        if (copy == null)
        {
            return CuResult.OutOfMemory;
        }
        copy->IsOwned = 1;
        result = AddNode(phGraphNode, hGraph, dependencies, numDependencies, CUgraphNodeType.Graph, null, (nint)copy);
        return result;
    }

    internal static CuResult GraphChildGraphNodeGetGraph(nint hNode, nint* phGraph)
    {
        GraphNode* node;
        var result = EnterNodeOf(hNode, CUgraphNodeType.Graph, phGraph != null, &node);
        if (result == CuResult.Success)
        {
            *phGraph = node->Child->Handle;
            GraphLock.Leave();
        }
        return result;
    }

    internal static CuResult GraphAddEmptyNode(
        nint* phGraphNode,
        nint hGraph,
        nint* dependencies,
        nuint numDependencies
    ) => AddNode(phGraphNode, hGraph, dependencies, numDependencies, CUgraphNodeType.Empty, null, 0);

    internal static CuResult GraphAddEventRecordNode(
        nint* phGraphNode,
        nint hGraph,
        nint* dependencies,
        nuint numDependencies,
        nint @event
    ) =>
        Handles.IsLive(HandleKind.Event, @event)
            ? AddNode(phGraphNode, hGraph, dependencies, numDependencies, CUgraphNodeType.EventRecord, null, @event)
            : NoEvent();

    internal static CuResult GraphAddEventWaitNode(
        nint* phGraphNode,
        nint hGraph,
        nint* dependencies,
        nuint numDependencies,
        nint @event
    ) =>
        Handles.IsLive(HandleKind.Event, @event)
            ? AddNode(phGraphNode, hGraph, dependencies, numDependencies, CUgraphNodeType.WaitEvent, null, @event)
            : NoEvent();

    internal static CuResult GraphEventRecordNodeGetEvent(nint hNode, nint* event_out) =>
        GetEvent(hNode, CUgraphNodeType.EventRecord, event_out);

    internal static CuResult GraphEventWaitNodeGetEvent(nint hNode, nint* event_out) =>
        GetEvent(hNode, CUgraphNodeType.WaitEvent, event_out);

    internal static CuResult GraphEventRecordNodeSetEvent(nint hNode, nint @event) =>
        SetEvent(hNode, CUgraphNodeType.EventRecord, @event);

    internal static CuResult GraphEventWaitNodeSetEvent(nint hNode, nint @event) =>
        SetEvent(hNode, CUgraphNodeType.WaitEvent, @event);

    internal static CuResult GraphAddNode(
        nint* phGraphNode,
        nint hGraph,
        nint* dependencies,
        nuint numDependencies,
        CUgraphNodeParams* nodeParams
    ) => GraphAddNodeV2(phGraphNode, hGraph, dependencies, null, numDependencies, nodeParams);

    internal static CuResult GraphAddNodeV2(
        nint* node,
        nint graph,
        nint* dependencies,
        CUgraphEdgeData* dependencyData,
        nuint count,
        CUgraphNodeParams* nodeParams
    )
    {
        if (nodeParams == null || !AreFull(dependencyData, count))
        {
            return Session.Check() == CuResult.Success ? CuResult.InvalidValue : CuResult.NotInitialized;
        }
        return nodeParams->type switch
        {
            CUgraphNodeType.Kernel => GraphAddKernelNodeV2(node, graph, dependencies, count, &nodeParams->kernel),
            CUgraphNodeType.Memcpy => GraphAddMemcpyNode(node, graph, dependencies, count, &nodeParams->memcpy, 0),
            CUgraphNodeType.Memset => GraphAddMemsetNode(node, graph, dependencies, count, &nodeParams->memset, 0),
            CUgraphNodeType.Host => GraphAddHostNode(node, graph, dependencies, count, &nodeParams->host),
            CUgraphNodeType.Graph => GraphAddChildGraphNode(node, graph, dependencies, count, nodeParams->graph),
            CUgraphNodeType.Empty => GraphAddEmptyNode(node, graph, dependencies, count),
            CUgraphNodeType.WaitEvent => GraphAddEventWaitNode(node, graph, dependencies, count, nodeParams->eventWait),
            CUgraphNodeType.EventRecord => GraphAddEventRecordNode(
                node,
                graph,
                dependencies,
                count,
                nodeParams->eventRecord
            ),
            _ => CuResult.NotSupported,
        };
    }

    internal static CuResult GraphNodeSetParams(nint hNode, CUgraphNodeParams* nodeParams)
    {
        if (nodeParams == null)
        {
            return Session.Check() == CuResult.Success ? CuResult.InvalidValue : CuResult.NotInitialized;
        }
        return nodeParams->type switch
        {
            CUgraphNodeType.Kernel => GraphKernelNodeSetParamsV2(hNode, &nodeParams->kernel),
            CUgraphNodeType.Memcpy => GraphMemcpyNodeSetParams(hNode, &nodeParams->memcpy),
            CUgraphNodeType.Memset => GraphMemsetNodeSetParams(hNode, &nodeParams->memset),
            CUgraphNodeType.Host => GraphHostNodeSetParams(hNode, &nodeParams->host),
            CUgraphNodeType.WaitEvent => GraphEventWaitNodeSetEvent(hNode, nodeParams->eventWait),
            CUgraphNodeType.EventRecord => GraphEventRecordNodeSetEvent(hNode, nodeParams->eventRecord),
            _ => CuResult.NotSupported,
        };
    }
}
