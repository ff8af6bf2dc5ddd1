using Weir.Api;
using Weir.Shim.Guest;

namespace Weir.Shim.Graphs;

/// <summary>
/// The captures under way in the process. While there are any, every record passes through <see cref="Takes"/> before it is sent
/// (<see cref="ClientThread"/>): of a captured stream it becomes a node, and what would break a capture is refused, as the real driver refuses
/// it. Without captures this costs a launch one look at a number.
/// </summary>
internal static unsafe class Captures
{
    private const uint External = 1;
    private const nint PerThreadStream = 2;

    private static Capture* s_first;
    private static int s_count;
    private static ulong s_lastId;

    internal static bool AreActive => Volatile.Read(ref s_count) != 0;

    /// <summary>The captured stream behind a handle, for the calling thread; null when it is not captured.</summary>
    internal static CapturedStream* Find(ClientThread* thread, nint stream)
    {
        for (var capture = s_first; capture != null; capture = capture->Next)
        {
            for (var found = capture->Streams; found != null; found = found->Next)
            {
                if (found->Stream == stream && (stream != PerThreadStream || found->Slot == thread->Slot))
                {
                    return found;
                }
            }
        }
        return null;
    }

    /// <summary>Begins a capture into a graph; <paramref name="isGiven"/>: one that the program has.</summary>
    internal static CuResult Begin(
        ClientThread* thread,
        nint stream,
        CUstreamCaptureMode mode,
        Graph* graph,
        bool isGiven,
        bool isBlocking
    )
    {
        var capture = (Capture*)GuestLibc.Allocate((nuint)sizeof(Capture));
        if (capture == null)
        {
            return CuResult.OutOfMemory;
        }
        *capture = new Capture
        {
            Next = s_first,
            Graph = graph,
            Id = ++s_lastId,
            Mode = mode,
            IsGraphGiven = isGiven ? 1u : 0,
            Slot = thread->Slot,
            Context = thread->Context,
        };
        capture->Origin = Capture.Join(capture, stream, thread->Slot, isBlocking);
        if (capture->Origin == null)
        {
            GuestLibc.Free(capture);
            return CuResult.OutOfMemory;
        }
        graph->IsCapturing = 1;
        s_first = capture;
        _ = Interlocked.Increment(ref s_count);
        return CuResult.Success;
    }

    /// <summary>Ends a capture; the graph that came of it, or null and why there is none.</summary>
    internal static CuResult End(CapturedStream* stream, Graph** graph)
    {
        var capture = stream->Capture;
        var result =
            capture->IsInvalid != 0 ? CuResult.StreamCaptureInvalidated
            : Capture.IsJoined(capture) ? CuResult.Success
            : CuResult.StreamCaptureUnjoined;
        *graph = result == CuResult.Success ? capture->Graph : null;
        capture->Graph->IsCapturing = 0;
        if (result != CuResult.Success && capture->IsGraphGiven == 0)
        {
            Graph.Destroy(capture->Graph);
        }
        if (s_first == capture)
        {
            s_first = capture->Next;
        }
        else
        {
            var before = s_first;
            while (before->Next != capture)
            {
                before = before->Next;
            }
            before->Next = capture->Next;
        }
        Capture.Free(capture);
        _ = Interlocked.Decrement(ref s_count);
        return result;
    }

    /// <summary>
    /// Is the stream the legacy default one, which a captured stream of the context waits for? Then a use of it would be part of the capture
    /// without anybody having said so. <paramref name="isUse"/>: it is used, which spoils the capture.
    /// </summary>
    internal static bool IsImplicit(ClientThread* thread, nint stream, bool isUse)
    {
        var isImplicit = false;
        for (var capture = (nuint)stream > 1 ? null : s_first; capture != null; capture = capture->Next)
        {
            if (capture->Context != thread->Context)
            {
                continue;
            }
            for (var member = capture->Streams; member != null; member = member->Next)
            {
                if (member->IsBlocking != 0)
                {
                    isImplicit = true;
                    capture->IsInvalid |= isUse ? 1u : 0;
                }
            }
        }
        return isImplicit;
    }

    /// <summary>A copy: into a captured stream as a node, or forbidden now. False when it is to be done.</summary>
    internal static bool TakesCopy(ClientThread* thread, nint stream, CUDA_MEMCPY3D* copy, CuResult* result)
    {
        GraphLock.Enter();
        var captured = Find(thread, stream);
        var isTaken = captured != null;
        if (captured != null)
        {
            *result = captured->Capture->IsInvalid != 0 ? CuResult.StreamCaptureInvalidated : CopyWork.Check(copy);
            if (*result == CuResult.Success)
            {
                *result = AppendWork(captured, CUgraphNodeType.Memcpy, CopyWork.Create(copy));
            }
        }
        else if (IsImplicit(thread, stream, true))
        {
            isTaken = true;
            *result = CuResult.StreamCaptureImplicit;
        }
        GraphLock.Leave();
        return isTaken;
    }

    /// <summary>The same for bytes in a row.</summary>
    internal static bool TakesCopy(
        ClientThread* thread,
        nint stream,
        ulong destination,
        CUmemorytype destinationType,
        ulong source,
        CUmemorytype sourceType,
        ulong bytes,
        CuResult* result
    )
    {
        var copy = new CUDA_MEMCPY3D
        {
            srcMemoryType = sourceType,
            dstMemoryType = destinationType,
            WidthInBytes = (nuint)bytes,
            Height = 1,
            Depth = 1,
        };
        if (sourceType == CUmemorytype.Host)
        {
            copy.srcHost = (void*)source;
        }
        else
        {
            copy.srcDevice = source;
        }
        if (destinationType == CUmemorytype.Host)
        {
            copy.dstHost = (void*)destination;
        }
        else
        {
            copy.dstDevice = destination;
        }
        return TakesCopy(thread, stream, &copy, result);
    }

    /// <summary>A record: true when it is not to be sent, because it became a node or because it is forbidden now.</summary>
    internal static bool Takes(ClientThread* thread, Op op, byte* payload, uint bytes, CuResult* result)
    {
        var fields = (ulong*)payload;
        GraphLock.Enter();
        var isTaken = true;
        var place = CapturedRecords.StreamField(op);
        if (place >= 0)
        {
            var stream = (nint)fields[place];
            var captured = Find(thread, stream);
            *result =
                captured == null ? Outside(thread, op, fields, stream, ref isTaken)
                : captured->Capture->IsInvalid != 0 && op != Op.StreamDestroy ? CuResult.StreamCaptureInvalidated
                : Inside(captured, op, payload, bytes, ref isTaken);
        }
        else if (CapturedRecords.EventField(op) is var eventPlace && eventPlace >= 0)
        {
            *result =
                FindEvent((nint)fields[eventPlace], null) != null ? CuResult.CapturedEvent
                : op == Op.EventElapsedTime ? CuResult.Success
                : Unsafe(thread);
            isTaken = *result != CuResult.Success;
        }
        else
        {
            *result =
                op == Op.CtxSynchronize ? Synchronize(thread)
                : CapturedRecords.IsLegacy(op) && IsImplicit(thread, 0, true) ? CuResult.StreamCaptureImplicit
                : CapturedRecords.IsUnsafe(op) ? Unsafe(thread)
                : CuResult.Success;
            isTaken = *result != CuResult.Success;
        }
        GraphLock.Leave();
        return isTaken;
    }

    /// <summary>Nodes that whatever comes next in a captured stream waits for, as handles that stay until the next such question.</summary>
    internal static nint* Show(CapturedStream* stream)
    {
        GuestLibc.Free(stream->Shown);
        var count = stream->Last.Count;
        var bytes = (nuint)(count + 1) * ((nuint)sizeof(nint) + (nuint)sizeof(CUgraphEdgeData));
        stream->Shown = (nint*)GuestLibc.Allocate(bytes);
        if (stream->Shown != null)
        {
            _ = GuestLibc.Fill(stream->Shown, 0, bytes);
            for (var i = 0u; i < count; i++)
            {
                stream->Shown[i] = stream->Last.Items[i]->Handle;
            }
        }
        return stream->Shown;
    }

    /// <summary>Append a node with its work, which is null when there was no memory for it.</summary>
    internal static CuResult AppendWork(CapturedStream* stream, CUgraphNodeType type, void* work)
    {
        var node = work == null ? null : Capture.Append(stream, type);
        if (node == null)
        {
            GuestLibc.Free(work);
            return CuResult.OutOfMemory;
        }
        node->Work = work;
        return CuResult.Success;
    }

    /// <summary>A launch of an instantiated graph into a captured stream is a child graph.</summary>
    internal static CuResult AppendGraph(CapturedStream* stream, Graph* graph)
    {
        if (stream->Capture->IsInvalid != 0)
        {
            return CuResult.StreamCaptureInvalidated;
        }
        var child = Graph.Clone(graph, true);
        if (child == null)
        {
            return CuResult.OutOfMemory;
        }
        child->IsOwned = 1;
        var node = Capture.Append(stream, CUgraphNodeType.Graph);
        if (node == null)
        {
            Graph.Destroy(child);
            return CuResult.OutOfMemory;
        }
        node->Child = child;
        return CuResult.Success;
    }

    private static CuResult Inside(CapturedStream* stream, Op op, byte* payload, uint bytes, ref bool isTaken)
    {
        var fields = (ulong*)payload;
        switch (op)
        {
            case Op.EventRecord:
            case Op.EventRecordWithFlags when (fields[2] & External) == 0:
                return Mark(stream, (nint)fields[0]);
            case Op.EventRecordWithFlags:
                return AppendEvent(stream, CUgraphNodeType.EventRecord, (nint)fields[0]);
            case Op.StreamWaitEvent when (fields[2] & External) != 0:
                return AppendEvent(stream, CUgraphNodeType.WaitEvent, (nint)fields[1]);
            case Op.StreamWaitEvent:
                return Wait(stream, (nint)fields[1]);
            case Op.StreamDestroy:
                // The stream goes; what was captured in it is worth nothing without it.
                stream->Capture->IsInvalid = 1;
                stream->Stream = -1;
                isTaken = false;
                return CuResult.Success;
            case Op.StreamGetFlags:
            case Op.StreamGetPriority:
            case Op.GetStreamContext:
                isTaken = false;
                return CuResult.Success;
            default:
                var result = CapturedRecords.Append(stream, op, payload, bytes);
                if (result == CuResult.StreamCaptureUnsupported)
                {
                    stream->Capture->IsInvalid = 1;
                }
                return result;
        }
    }

    private static CuResult Outside(ClientThread* thread, Op op, ulong* fields, nint stream, ref bool isTaken)
    {
        if (IsImplicit(thread, stream, true))
        {
            return CuResult.StreamCaptureImplicit;
        }
        switch (op)
        {
            case Op.StreamSynchronize:
            case Op.StreamQuery:
                var result = Unsafe(thread);
                isTaken = result != CuResult.Success;
                return result;
            case Op.EventRecord:
            case Op.EventRecordWithFlags:
                Forget((nint)fields[0]);
                break;
            case Op.StreamWaitEvent when (fields[2] & External) == 0:
                Capture* capture = null;
                var mark = FindEvent((nint)fields[1], &capture);
                if (mark != null)
                {
                    return Fork(thread, capture, mark, stream);
                }
                break;
            default:
                break;
        }
        isTaken = false;
        return CuResult.Success;
    }

    /// <summary>A stream that waits for a captured event is captured from then on.</summary>
    private static CuResult Fork(ClientThread* thread, Capture* capture, CapturedEvent* mark, nint stream)
    {
        if (capture->IsInvalid != 0)
        {
            return CuResult.StreamCaptureInvalidated;
        }
        if ((nuint)stream <= 1)
        {
            capture->IsInvalid = 1;
            return CuResult.StreamCaptureImplicit;
        }
        // Whether it is a blocking one is not asked for here: it counts as what the capture began with.
        var joined = Capture.Join(capture, stream, thread->Slot, capture->Origin->IsBlocking != 0);
        return joined != null && joined->Last.TryMerge(mark->Nodes) ? CuResult.Success : CuResult.OutOfMemory;
    }

    private static CuResult Wait(CapturedStream* stream, nint waited)
    {
        Capture* capture = null;
        var mark = FindEvent(waited, &capture);
        if (mark == null)
        {
            stream->Capture->IsInvalid = 1;
            return CuResult.StreamCaptureIsolation;
        }
        if (capture != stream->Capture)
        {
            stream->Capture->IsInvalid = capture->IsInvalid = 1;
            return CuResult.StreamCaptureMerge;
        }
        return stream->Last.TryMerge(mark->Nodes) ? CuResult.Success : CuResult.OutOfMemory;
    }

    private static CuResult Mark(CapturedStream* stream, nint recorded)
    {
        Forget(recorded);
        var capture = stream->Capture;
        var mark = (CapturedEvent*)GuestLibc.Allocate((nuint)sizeof(CapturedEvent));
        if (mark == null)
        {
            return CuResult.OutOfMemory;
        }
        *mark = new CapturedEvent { Next = capture->Events, Event = recorded };
        capture->Events = mark;
        return mark->Nodes.TryMerge(stream->Last) ? CuResult.Success : CuResult.OutOfMemory;
    }

    private static CuResult AppendEvent(CapturedStream* stream, CUgraphNodeType type, nint used)
    {
        var node = Capture.Append(stream, type);
        if (node == null)
        {
            return CuResult.OutOfMemory;
        }
        node->Event = used;
        return CuResult.Success;
    }

    private static CapturedEvent* FindEvent(nint searched, Capture** capture)
    {
        for (var each = s_first; each != null; each = each->Next)
        {
            for (var mark = each->Events; mark != null; mark = mark->Next)
            {
                if (mark->Event == searched)
                {
                    if (capture != null)
                    {
                        *capture = each;
                    }
                    return mark;
                }
            }
        }
        return null;
    }

    /// <summary>The event stands for something else from now on.</summary>
    private static void Forget(nint recorded)
    {
        var mark = FindEvent(recorded, null);
        if (mark != null)
        {
            mark->Event = 0;
        }
    }

    /// <summary>Waiting for a context waits for its captured streams, which do nothing.</summary>
    private static CuResult Synchronize(ClientThread* thread)
    {
        var result = Unsafe(thread);
        for (var capture = s_first; capture != null; capture = capture->Next)
        {
            if (capture->Context == thread->Context)
            {
                capture->IsInvalid = 1;
                result = CuResult.StreamCaptureUnsupported;
            }
        }
        return result;
    }

    /// <summary>A call that a capture under way forbids to this thread, by its mode and the thread's; it spoils the capture.</summary>
    private static CuResult Unsafe(ClientThread* thread)
    {
        var result = CuResult.Success;
        if (thread->CaptureMode == CUstreamCaptureMode.Relaxed)
        {
            return result;
        }
        for (var capture = s_first; capture != null; capture = capture->Next)
        {
            var isOwn = capture->Slot == thread->Slot && capture->Mode != CUstreamCaptureMode.Relaxed;
            var isGlobal =
                capture->Mode == CUstreamCaptureMode.Global && thread->CaptureMode == CUstreamCaptureMode.Global;
            if (isOwn || isGlobal)
            {
                capture->IsInvalid = 1;
                result = CuResult.StreamCaptureUnsupported;
            }
        }
        return result;
    }
}
