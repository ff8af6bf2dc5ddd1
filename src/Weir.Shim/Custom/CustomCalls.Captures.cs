using Weir.Api;
using Weir.Shim.Graphs;

namespace Weir.Shim;

/// <summary>Capture of streams into graphs.</summary>
internal static unsafe partial class CustomCalls
{
    private const uint LargestCaptureMode = 2;

    internal static CuResult StreamBeginCapture(nint hStream) =>
        StreamBeginCaptureV2(hStream, CUstreamCaptureMode.Global);

    internal static CuResult StreamBeginCaptureV2(nint hStream, CUstreamCaptureMode mode) =>
        BeginCapture(hStream, 0, null, null, 0, mode);

    internal static CuResult StreamBeginCaptureToGraph(
        nint hStream,
        nint hGraph,
        nint* dependencies,
        CUgraphEdgeData* dependencyData,
        nuint numDependencies,
        CUstreamCaptureMode mode
    ) =>
        hGraph == 0
            ? Session.Check() == CuResult.Success
                ? CuResult.InvalidValue
                : CuResult.NotInitialized
            : BeginCapture(hStream, hGraph, dependencies, dependencyData, numDependencies, mode);

    internal static CuResult StreamEndCapture(nint hStream, nint* phGraph)
    {
        ClientThread* thread;
        var result = EnterStream(&thread, hStream);
        if (result != CuResult.Success)
        {
            return result;
        }
        if (phGraph == null)
        {
            return CuResult.InvalidValue;
        }
        GraphLock.Enter();
        var stream = Captures.Find(thread, hStream);
        if (stream == null)
        {
            result = CuResult.IllegalState;
        }
        else if (stream->Capture->Origin != stream)
        {
            stream->Capture->IsInvalid = 1;
            result = CuResult.StreamCaptureUnmatched;
        }
        else if (stream->Capture->Mode != CUstreamCaptureMode.Relaxed && stream->Capture->Slot != thread->Slot)
        {
            result = CuResult.StreamCaptureWrongThread;
        }
        else
        {
            Graph* graph;
            result = Captures.End(stream, &graph);
            *phGraph = graph == null ? 0 : graph->Handle;
        }
        GraphLock.Leave();
        return result;
    }

    internal static CuResult StreamIsCapturing(nint hStream, CUstreamCaptureStatus* captureStatus) =>
        captureStatus == null
            ? Session.Check() == CuResult.Success
                ? CuResult.InvalidValue
                : CuResult.NotInitialized
            : StreamGetCaptureInfo(hStream, captureStatus, null);

    internal static CuResult StreamGetCaptureInfo(
        nint hStream,
        CUstreamCaptureStatus* captureStatus_out,
        ulong* id_out
    ) => StreamGetCaptureInfoV3(hStream, captureStatus_out, id_out, null, null, null, null);

    internal static CuResult StreamGetCaptureInfoV2(
        nint hStream,
        CUstreamCaptureStatus* captureStatus_out,
        ulong* id_out,
        nint* graph_out,
        nint** dependencies_out,
        nuint* numDependencies_out
    ) =>
        StreamGetCaptureInfoV3(
            hStream,
            captureStatus_out,
            id_out,
            graph_out,
            dependencies_out,
            null,
            numDependencies_out
        );

    internal static CuResult StreamGetCaptureInfoV3(
        nint hStream,
        CUstreamCaptureStatus* captureStatus_out,
        ulong* id_out,
        nint* graph_out,
        nint** dependencies_out,
        CUgraphEdgeData** edgeData_out,
        nuint* numDependencies_out
    )
    {
        ClientThread* thread;
        var result = ClientThread.Enter(&thread);
        if (result != CuResult.Success)
        {
            return result;
        }
        if (!IsStream(hStream))
        {
            return CuResult.InvalidHandle;
        }
        if (captureStatus_out == null)
        {
            return CuResult.InvalidValue;
        }
        *captureStatus_out = CUstreamCaptureStatus.None;
        if (!Captures.AreActive)
        {
            return CuResult.Success;
        }
        GraphLock.Enter();
        var stream = Captures.Find(thread, hStream);
        if (stream == null)
        {
            result = Captures.IsImplicit(thread, hStream, false) ? CuResult.StreamCaptureImplicit : CuResult.Success;
        }
        else if (stream->Capture->IsInvalid != 0)
        {
            *captureStatus_out = CUstreamCaptureStatus.Invalidated;
        }
        else
        {
            *captureStatus_out = CUstreamCaptureStatus.Active;
            result = ShowCapture(stream, id_out, graph_out, dependencies_out, edgeData_out, numDependencies_out);
        }
        GraphLock.Leave();
        return result;
    }

    internal static CuResult StreamUpdateCaptureDependencies(
        nint hStream,
        nint* dependencies,
        nuint numDependencies,
        uint flags
    ) => StreamUpdateCaptureDependenciesV2(hStream, dependencies, null, numDependencies, flags);

    internal static CuResult StreamUpdateCaptureDependenciesV2(
        nint hStream,
        nint* dependencies,
        CUgraphEdgeData* dependencyData,
        nuint numDependencies,
        uint flags
    )
    {
        const uint set = 1;
        ClientThread* thread;
        var result = EnterStream(&thread, hStream);
        if (result != CuResult.Success)
        {
            return result;
        }
        if (flags > set || (numDependencies != 0 && dependencies == null) || !AreFull(dependencyData, numDependencies))
        {
            return CuResult.InvalidValue;
        }
        GraphLock.Enter();
        var stream = Captures.Find(thread, hStream);
        result =
            stream == null ? CuResult.IllegalState
            : stream->Capture->IsInvalid != 0 ? CuResult.StreamCaptureInvalidated
            : SetLast(stream, dependencies, numDependencies, flags == set);
        GraphLock.Leave();
        return result;
    }

    internal static CuResult ThreadExchangeStreamCaptureMode(CUstreamCaptureMode* mode)
    {
        ClientThread* thread;
        var result = ClientThread.Enter(&thread);
        if (result != CuResult.Success)
        {
            return result;
        }
        if (mode == null || (uint)*mode > LargestCaptureMode)
        {
            return CuResult.InvalidValue;
        }
        var old = thread->CaptureMode;
        thread->CaptureMode = *mode;
        *mode = old;
        return CuResult.Success;
    }

    private static CuResult BeginCapture(
        nint hStream,
        nint hGraph,
        nint* dependencies,
        CUgraphEdgeData* edges,
        nuint count,
        CUstreamCaptureMode mode
    )
    {
        const uint nonBlocking = 1;
        ClientThread* thread;
        var result = EnterStream(&thread, hStream);
        if (result != CuResult.Success)
        {
            return result;
        }
        if ((uint)mode > LargestCaptureMode || (count != 0 && dependencies == null) || !AreFull(edges, count))
        {
            return CuResult.InvalidValue;
        }
        if ((nuint)hStream <= 1)
        {
            return CuResult.StreamCaptureUnsupported;
        }
        uint flags = 0;
        result = (nuint)hStream <= 2 ? CuResult.Success : WireCalls.StreamGetFlags(thread, hStream, &flags);
        if (result != CuResult.Success)
        {
            return result;
        }
        GraphLock.Enter();
        var graph = hGraph == 0 ? Graph.Create(true) : Graph.Of(hGraph);
        result =
            Captures.Find(thread, hStream) != null ? CuResult.IllegalState
            : graph == null ? (hGraph == 0 ? CuResult.OutOfMemory : CuResult.InvalidValue)
            : graph->IsCapturing != 0 ? CuResult.InvalidValue
            : Captures.Begin(thread, hStream, mode, graph, hGraph != 0, (flags & nonBlocking) == 0);
        if (result == CuResult.Success)
        {
            var stream = Captures.Find(thread, hStream);
            result = SetLast(stream, dependencies, count, true);
            if (result != CuResult.Success)
            {
                Graph* unused;
                stream->Capture->IsInvalid = 1;
                _ = Captures.End(stream, &unused);
            }
        }
        else if (hGraph == 0 && graph != null)
        {
            Graph.Destroy(graph);
        }
        GraphLock.Leave();
        return result;
    }

    private static CuResult SetLast(CapturedStream* stream, nint* nodes, nuint count, bool replace)
    {
        for (nuint i = 0; i < count; i++)
        {
            var node = GraphNode.Of(nodes[i]);
            if (node == null || node->Graph != stream->Capture->Graph)
            {
                return CuResult.InvalidValue;
            }
        }
        if (replace)
        {
            stream->Last.Clear();
        }
        for (nuint i = 0; i < count; i++)
        {
            var node = GraphNode.Of(nodes[i]);
            if (!stream->Last.Contains(node) && !stream->Last.TryAdd(node))
            {
                return CuResult.OutOfMemory;
            }
        }
        return CuResult.Success;
    }

    private static CuResult ShowCapture(
        CapturedStream* stream,
        ulong* id,
        nint* graph,
        nint** dependencies,
        CUgraphEdgeData** edges,
        nuint* count
    )
    {
        if (id != null)
        {
            *id = stream->Capture->Id;
        }
        if (graph != null)
        {
            *graph = stream->Capture->Graph->Handle;
        }
        if (count != null)
        {
            *count = stream->Last.Count;
        }
        if (dependencies == null && edges == null)
        {
            return CuResult.Success;
        }
        var shown = Captures.Show(stream);
        if (shown == null)
        {
            return CuResult.OutOfMemory;
        }
        if (dependencies != null)
        {
            *dependencies = shown;
        }
        if (edges != null)
        {
            *edges = (CUgraphEdgeData*)(shown + stream->Last.Count + 1);
        }
        return CuResult.Success;
    }
}
