using System.Runtime.InteropServices;
using Weir.Api;
using Weir.Shim.Guest;

namespace Weir.Shim.Graphs;

/// <summary>A capture under way: the graph that it makes, the streams and events that take part.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct Capture
{
    internal Capture* Next;
    internal Graph* Graph;
    internal ulong Id;
    internal CUstreamCaptureMode Mode;
    internal uint IsInvalid;

    /// <summary>The graph was the program's before and stays when the capture fails.</summary>
    internal uint IsGraphGiven;

    /// <summary>The stream and the thread with which it began.</summary>
    internal CapturedStream* Origin;
    internal int Slot;
    internal ulong Context;
    internal CapturedStream* Streams;
    internal CapturedEvent* Events;

    /// <summary>Add a node that comes after everything in the stream so far, and is what comes next after it.</summary>
    internal static GraphNode* Append(CapturedStream* stream, CUgraphNodeType type)
    {
        var node = Graphs.Graph.AddNode(stream->Capture->Graph, type);
        if (node == null)
        {
            return null;
        }
        for (var i = 0u; i < stream->Last.Count; i++)
        {
            if (!GraphNode.TryConnect(stream->Last.Items[i], node))
            {
                Graphs.Graph.RemoveNode(node);
                return null;
            }
        }
        stream->Last.Clear();
        if (!stream->Last.TryAdd(node))
        {
            Graphs.Graph.RemoveNode(node);
            return null;
        }
        return node;
    }

    /// <summary>A stream takes part from now on.</summary>
    internal static CapturedStream* Join(Capture* capture, nint stream, int slot, bool isBlocking)
    {
        var joined = (CapturedStream*)GuestLibc.Allocate((nuint)sizeof(CapturedStream));
        if (joined != null)
        {
            *joined = new CapturedStream
            {
                Next = capture->Streams,
                Capture = capture,
                Stream = stream,
                Slot = slot,
                IsBlocking = isBlocking ? 1u : 0,
            };
            capture->Streams = joined;
        }
        return joined;
    }

    /// <summary>Is all that other streams have done waited for by the stream in which the capture began?</summary>
    internal static bool IsJoined(Capture* capture)
    {
        for (var node = capture->Graph->First; node != null; node = node->Next)
        {
            node->Mark = 0;
        }
        NodeList open = default;
        var isDone = open.TryMerge(capture->Origin->Last);
        while (isDone && open.Count != 0)
        {
            var node = open.Items[--open.Count];
            if (node->Mark != 0)
            {
                continue;
            }
            node->Mark = 1;
            for (var i = 0u; i < node->Dependencies.Count && isDone; i++)
            {
                isDone = open.TryAdd(node->Dependencies.Items[i]);
            }
        }
        open.Free();
        for (var stream = capture->Streams; stream != null && isDone; stream = stream->Next)
        {
            for (var i = 0u; i < stream->Last.Count && isDone; i++)
            {
                isDone = stream->Last.Items[i]->Mark != 0;
            }
        }
        return isDone;
    }

    /// <summary>What the capture kept, without its graph.</summary>
    internal static void Free(Capture* capture)
    {
        while (capture->Streams != null)
        {
            var stream = capture->Streams;
            capture->Streams = stream->Next;
            stream->Last.Free();
            GuestLibc.Free(stream->Shown);
            GuestLibc.Free(stream);
        }
        while (capture->Events != null)
        {
            var mark = capture->Events;
            capture->Events = mark->Next;
            mark->Nodes.Free();
            GuestLibc.Free(mark);
        }
        GuestLibc.Free(capture);
    }
}

/// <summary>A stream that takes part in a capture.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct CapturedStream
{
    internal CapturedStream* Next;
    internal Capture* Capture;
    internal nint Stream;

    /// <summary>Of the per-thread default stream: whose; otherwise −1.</summary>
    internal int Slot;

    /// <summary>It waits for the legacy default stream, and that for it.</summary>
    internal uint IsBlocking;

    /// <summary>The nodes that whatever comes next in the stream waits for.</summary>
    internal NodeList Last;

    /// <summary>Their handles, as they were last shown to the program, and as many edges.</summary>
    internal nint* Shown;
}

/// <summary>An event that was recorded in a captured stream: it stands for nodes.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct CapturedEvent
{
    internal CapturedEvent* Next;
    internal nint Event;
    internal NodeList Nodes;
}
