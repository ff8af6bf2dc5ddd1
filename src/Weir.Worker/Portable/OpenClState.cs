using System.Diagnostics;
using Weir.Api;
using Weir.Devices.OpenCl;
using Weir.Images;
using Weir.Worker.OpenCl;
using Weir.Worker.Sessions;

namespace Weir.Worker.Portable;

/// <summary>
/// What a session has of OpenCL, beside its records: the bytes of its memory objects, how far its events have come and what is to be
/// told of them. On coming back the records make the objects anew, then this makes them what they were.
/// </summary>
internal static unsafe class OpenClState
{
    private const string Part = "opencl";
    private const string MemoryPart = "opencl-memory";
    private const int TimeCount = 4;
    private const uint FirstTime = 0x1280;

    /// <summary>There is something to carry.</summary>
    public static bool IsThere(Session session) => session.OpenCl is { IsOpen: true, Contexts.IsEmpty: false };

    /// <summary>Waits until no queue has work.</summary>
    /// <returns>Why that does not come, or null.</returns>
    public static string? Drain(Session session, TimeSpan patience)
    {
        if (!IsThere(session))
        {
            return null;
        }
        OpenClLibrary library = session.OpenCl.Library!;
        long start = Stopwatch.GetTimestamp();
        foreach (nint queue in session.OpenCl.Queues.Keys)
        {
            nint mark;
            if (library.EnqueueMarkerWithWaitList(queue, 0, null, &mark) != ClResult.Success)
            {
                return "a queue takes no commands any more";
            }
            _ = library.Flush(queue);
            while (session.OpenCl.StatusOf(mark) > 0)
            {
                if (Stopwatch.GetElapsedTime(start) > patience)
                {
                    return "commands wait for an event that the program has not set, or the device has not done them in time";
                }
                Thread.Sleep(1);
            }
            _ = library.ReleaseEvent(mark);
        }
        session.OpenCl.Sweep();
        return null;
    }

    /// <summary>Writes it into an image; nothing runs.</summary>
    public static void Write(ImageWriter writer, Session session)
    {
        if (!IsThere(session))
        {
            return;
        }
        OpenClSession open = session.OpenCl;
        var state = new StateWriter();
        (nint Native, MemoryNote Note)[] memory = Owned(open);
        state.Number((ulong)memory.Length);
        ulong address = 0;
        foreach ((_, MemoryNote note) in memory)
        {
            state.Number(note.Handle);
            state.Number(note.Bytes);
            state.Number(address);
            address += Whole(note.Bytes);
        }
        List<(ulong Handle, nint Native)> events = session.Handles[HandleKind.ClEvent].Live();
        state.Number((ulong)events.Count);
        foreach ((ulong handle, nint native) in events)
        {
            state.Number(handle);
            state.Number(ContextOf(open, native));
            state.Number((ulong)open.StatusOf(native));
            state.Numbers(Times(open, handle, native));
        }
        KeyValuePair<ulong, Telling>[] tellings = [.. open.Tellings];
        state.Number((ulong)tellings.Length);
        foreach ((ulong node, Telling telling) in tellings)
        {
            state.Number(node);
            state.Number(telling.Event);
            state.Number((ulong)telling.Status);
        }
        writer.Section(Part, state.Bytes);
        byte[] piece = new byte[ImageFormat.ChunkBytes];
        address = 0;
        foreach ((nint native, MemoryNote note) in memory)
        {
            var content = new ObjectContent(open, native, note);
            for (ulong at = 0; at < note.Bytes; at += ImageFormat.ChunkBytes)
            {
                piece.AsSpan().Clear();
                content.Read(at, piece.AsSpan(0, (int)Math.Min(ImageFormat.ChunkBytes, note.Bytes - at)));
                if (piece.AsSpan().ContainsAnyExcept((byte)0))
                {
                    writer.Memory(MemoryPart, address + at, writer.Store(piece));
                }
            }
            address += Whole(note.Bytes);
        }
    }

    /// <summary>Gives all of it back to the driver; handles stay, for <see cref="Read"/>.</summary>
    public static void Discard(Session session)
    {
        if (!IsThere(session))
        {
            return;
        }
        OpenClSession open = session.OpenCl;
        OpenClLibrary library = open.Library!;
        Release(HandleKind.ClEvent, library.ReleaseEvent);
        Release(HandleKind.ClKernel, library.ReleaseKernel);
        Release(HandleKind.ClProgram, library.ReleaseProgram);
        Release(HandleKind.ClSampler, library.ReleaseSampler);
        Release(HandleKind.ClMemory, library.ReleaseMemObject);
        Release(HandleKind.ClQueue, library.ReleaseCommandQueue);
        foreach (nint beginning in open.Beginnings.Values)
        {
            _ = library.ReleaseEvent(beginning);
        }
        foreach (ContextNote context in open.Contexts.Values.Where(context => context.TransferQueue != 0))
        {
            _ = library.ReleaseCommandQueue(context.TransferQueue);
        }
        Release(HandleKind.ClContext, library.ReleaseContext);
        foreach (MemoryNote note in open.Memory.Values)
        {
            open.Quota.Give(note.OwnBytes);
        }
        open.Beginnings.Clear();
        open.Memory.Clear();
        open.Queues.Clear();
        open.Contexts.Clear();

        void Release(HandleKind kind, Func<nint, ClResult> release)
        {
            foreach ((_, nint native) in session.Handles[kind].Live())
            {
                _ = release(native);
            }
        }
    }

    /// <summary>Makes the objects, which the journal has made, what they were.</summary>
    /// <exception cref="ImageException">The image is none of this session.</exception>
    public static void Read(ImageReader reader, Session session)
    {
        if (reader.Find(Part) is null)
        {
            return;
        }
        OpenClSession open = session.OpenCl;
        var state = new StateReader(reader.Section(Part));
        Dictionary<ulong, (ManifestPart Part, int Index)> pieces = [];
        foreach (ManifestPart part in reader.Manifest.Parts.Where(part => part.Name == MemoryPart))
        {
            for (int index = 0; index < part.Chunks.Count; index++)
            {
                pieces[part.Address + (ulong)index * ImageFormat.ChunkBytes] = (part, index);
            }
        }
        byte[] piece = new byte[ImageFormat.ChunkBytes];
        for (int left = state.Count(3 * sizeof(ulong)); left > 0; left--)
        {
            ulong handle = state.Number();
            ulong bytes = state.Number();
            ulong address = state.Number();
            if (
                !session.Handles.TryGet(HandleKind.ClMemory, handle, out nint native)
                || !open.Memory.TryGetValue(native, out MemoryNote? note)
                || note.Bytes != bytes
            )
            {
                throw new ImageException(ImageFault.Malformed, "the image names memory that its journal has not");
            }
            var content = new ObjectContent(open, native, note);
            for (ulong at = 0; at < bytes; at += ImageFormat.ChunkBytes)
            {
                piece.AsSpan().Clear();
                if (pieces.TryGetValue(address + at, out (ManifestPart Part, int Index) found))
                {
                    _ = reader.ReadChunk(found.Part, found.Index, piece);
                }
                content.Write(at, piece.AsSpan(0, (int)Math.Min(ImageFormat.ChunkBytes, bytes - at)));
            }
        }
        for (int left = state.Count(4 * sizeof(ulong)); left > 0; left--)
        {
            ulong handle = state.Number();
            ulong context = state.Number();
            int status = (int)state.Number();
            ulong[] times = state.Numbers();
            if (!open.Contexts.TryGetValue(context, out ContextNote? owner))
            {
                throw new ImageException(ImageFault.Malformed, "the image names an event of no context");
            }
            int code;
            nint made = open.Library!.CreateUserEvent(owner.Native, &code);
            if (made != 0 && status <= 0)
            {
                _ = open.Library.SetUserEventStatus(made, status);
            }
            session.Handles.Add(HandleKind.ClEvent, handle, made);
            if (times.Length == TimeCount)
            {
                open.Times[handle] = times;
            }
        }
        for (int left = state.Count(3 * sizeof(ulong)); left > 0; left--)
        {
            ulong node = state.Number();
            var telling = new Telling(state.Number(), (int)state.Number());
            if (session.Handles.TryGet(HandleKind.ClEvent, telling.Event, out nint native))
            {
                _ = open.Tell(native, node, telling);
            }
        }
        state.End();
    }

    private static (nint, MemoryNote)[] Owned(OpenClSession open) =>
        [
            .. open
                .Memory.Where(one => one.Value.OwnBytes > 0)
                .OrderBy(one => one.Value.Handle)
                .Select(one => (one.Key, one.Value)),
        ];

    private static ulong Whole(ulong bytes) =>
        (bytes + ImageFormat.ChunkBytes - 1) / ImageFormat.ChunkBytes * ImageFormat.ChunkBytes;

    private static ulong ContextOf(OpenClSession open, nint native)
    {
        const uint EventContext = 0x11D4;
        nint context;
        _ = open.Library!.GetEventInfo(native, EventContext, (nuint)sizeof(nint), &context, null);
        foreach (ContextNote note in open.Contexts.Values)
        {
            if (note.Native == context)
            {
                return note.Handle;
            }
        }
        return 0;
    }

    private static ulong[] Times(OpenClSession open, ulong handle, nint native)
    {
        if (open.Times.TryGetValue(handle, out ulong[]? kept))
        {
            return kept;
        }
        ulong[] times = new ulong[TimeCount];
        for (uint i = 0; i < TimeCount; i++)
        {
            nint asked = i < TimeCount - 1 && open.Beginnings.TryGetValue(handle, out nint first) ? first : native;
            ulong time;
            if (
                open.Library!.GetEventProfilingInfo(asked, FirstTime + i, sizeof(ulong), &time, null)
                != ClResult.Success
            )
            {
                return [];
            }
            times[i] = time;
        }
        return times;
    }
}
