using System.Diagnostics;
using Weir.Api;
using Weir.Wire;
using Weir.Worker.OpenCl;

namespace Weir.Worker;

/// <content>OpenCL: data between memory objects and the client's chunks, copies and fills.</content>
internal sealed unsafe partial class Dispatcher
{
    private const uint FirstPart = 1;
    private const uint LastPart = 2;

    // An event that comes this soon is cheaper looked at than told.
    private static readonly long s_shortWait = Stopwatch.Frequency / 50_000;

    private partial ClResult OnClFillNew(
        nint memory,
        ulong chunk,
        ulong bytes,
        ulong x,
        ulong y,
        ulong z,
        ulong width,
        ulong height,
        ulong depth,
        ref ReplyWriter reply
    ) => MoveNow(memory, chunk, bytes, new Box(x, y, z, width, height, depth, 0, 0), isRead: false);

    private partial ClResult OnClWriteNow(
        nint memory,
        ulong chunk,
        ulong bytes,
        ulong x,
        ulong y,
        ulong z,
        ulong width,
        ulong height,
        ulong depth,
        ulong rowPitch,
        ulong slicePitch,
        ref ReplyWriter reply
    ) => MoveNow(memory, chunk, bytes, new Box(x, y, z, width, height, depth, rowPitch, slicePitch), isRead: false);

    private partial ClResult OnClReadNow(
        nint memory,
        ulong chunk,
        ulong bytes,
        ulong x,
        ulong y,
        ulong z,
        ulong width,
        ulong height,
        ulong depth,
        ulong rowPitch,
        ulong slicePitch,
        ref ReplyWriter reply
    ) => MoveNow(memory, chunk, bytes, new Box(x, y, z, width, height, depth, rowPitch, slicePitch), isRead: true);

    private partial ClResult OnClRead(
        nint queue,
        nint memory,
        ulong chunk,
        ulong bytes,
        uint part,
        ulong x,
        ulong y,
        ulong z,
        ulong width,
        ulong height,
        ulong depth,
        ulong rowPitch,
        ulong slicePitch,
        ulong @event,
        uint count,
        ulong* waits,
        uint length_waits,
        ref ReplyWriter reply
    )
    {
        var box = new Box(x, y, z, width, height, depth, rowPitch, slicePitch);
        return MovePart(queue, memory, chunk, bytes, part, box, @event, count, waits, isRead: true);
    }

    private partial ClResult OnClWrite(
        nint queue,
        nint memory,
        ulong chunk,
        ulong bytes,
        uint part,
        ulong x,
        ulong y,
        ulong z,
        ulong width,
        ulong height,
        ulong depth,
        ulong rowPitch,
        ulong slicePitch,
        ulong @event,
        uint count,
        ulong* waits,
        uint length_waits,
        ref ReplyWriter reply
    )
    {
        var box = new Box(x, y, z, width, height, depth, rowPitch, slicePitch);
        return MovePart(queue, memory, chunk, bytes, part, box, @event, count, waits, isRead: false);
    }

    /// <summary>A box of elements of a memory object; pitches of a buffer that is used as one.</summary>
    private readonly record struct Box(
        ulong X,
        ulong Y,
        ulong Z,
        ulong Width,
        ulong Height,
        ulong Depth,
        ulong RowPitch,
        ulong SlicePitch
    );

    private static void Check(MemoryNote note, in Box box, ulong bytes)
    {
        UInt128 whole = (UInt128)box.Width * box.Height * box.Depth * (note.IsImage ? note.Shape.ElementBytes : 1);
        if (whole != bytes || bytes > (ulong)SegmentLayout.StagingBytes)
        {
            throw new ProtocolException("a part of another size than is said");
        }
    }

    // Chunk ↔ memory on the session's own queue, waited for.
    private ClResult MoveNow(nint memory, ulong chunk, ulong bytes, in Box box, bool isRead)
    {
        MemoryNote note = OpenCl.Memory[memory];
        Check(note, box, bytes);
        byte* data = isRead ? BeginWrite(chunk, bytes) : BeginRead(chunk, bytes);
        nint queue = OpenCl.TransferQueue(note.Context);
        ClResult result =
            queue == 0
                ? ClResult.OutOfResources
                : Move(queue, memory, note, box, data, waits: true, 0, null, null, isRead);
        uint state = isRead
            ? result == ClResult.Success
                ? StagingChunk.Ready
                : StagingChunk.Failed
            : StagingChunk.Free;
        session.Staging.End(chunk, state);
        Count(bytes, isRead);
        return result;
    }

    private ClResult MovePart(
        nint queue,
        nint memory,
        ulong chunk,
        ulong bytes,
        uint part,
        in Box box,
        ulong @event,
        uint count,
        ulong* waits,
        bool isRead
    )
    {
        QueueNote target = OpenCl.Queues[queue];
        MemoryNote note = OpenCl.Memory[memory];
        Check(note, box, bytes);
        byte* data = isRead ? BeginWrite(chunk, bytes) : BeginRead(chunk, bytes);
        nint* list = stackalloc nint[Room(count)];
        nint made = 0;
        ClResult result = TryWaits(waits, count, list)
            ? Move(queue, memory, note, box, data, waits: false, count, count == 0 ? null : list, &made, isRead)
            : ClResult.InvalidEventWaitList;
        Count(bytes, isRead);
        uint done = isRead ? StagingChunk.Ready : StagingChunk.Free;
        uint failed = isRead ? StagingChunk.Failed : StagingChunk.Free;
        if (result != ClResult.Success)
        {
            session.Staging.End(chunk, failed);
            EndParts(target, part, 0);
            return (part & LastPart) != 0 ? Posted(queue, @event, 0, result) : Posted(queue, 0, 0, result);
        }
        _ = Cl.Flush(queue);
        bool isEvent = (part & LastPart) != 0 && @event != 0;
        nint seen = made;
        if (isEvent)
        {
            result = GiveEvent(queue, target, part, @event, made, out bool isKept);
            _ = isKept ? ClResult.Success : Cl.RetainEvent(made);
        }
        else
        {
            KeepPart(target, part, made);
        }
        EndChunkWith(seen, chunk, done, failed);
        return result;
    }

    // The event of a command in parts: in an ordered queue that of the last, else one that waits for all.
    private ClResult GiveEvent(nint queue, QueueNote target, uint part, ulong @event, nint made, out bool isKept)
    {
        isKept = false;
        if ((part & FirstPart) != 0)
        {
            Handles.Add(HandleKind.ClEvent, @event, made);
            return ClResult.Success;
        }
        List<nint> parts = TakeParts(target);
        if (parts.Count > 0)
        {
            _ = Cl.RetainEvent(parts[0]);
            OpenCl.Beginnings[@event] = parts[0];
        }
        ClResult result = ClResult.Success;
        if (target.IsOutOfOrder)
        {
            parts.Add(made);
            nint all = 0;
            fixed (nint* list = parts.ToArray())
            {
                result = Cl.EnqueueMarkerWithWaitList(queue, (uint)parts.Count, list, &all);
            }
            parts.RemoveAt(parts.Count - 1);
            if (result == ClResult.Success)
            {
                Handles.Add(HandleKind.ClEvent, @event, all);
                isKept = true;
            }
        }
        if (!isKept)
        {
            Handles.Add(HandleKind.ClEvent, @event, made);
        }
        foreach (nint earlier in parts)
        {
            _ = Cl.ReleaseEvent(earlier);
        }
        return result;
    }

    private void KeepPart(QueueNote target, uint part, nint made)
    {
        if ((part & LastPart) != 0)
        {
            EndParts(target, part, 0);
            return;
        }
        _ = Cl.RetainEvent(made);
        int slot = Ring?.Slot ?? -1;
        lock (target.Parts)
        {
            if ((part & FirstPart) != 0 || !target.Parts.TryGetValue(slot, out List<nint>? parts))
            {
                parts = [];
                target.Parts[slot] = parts;
            }
            parts.Add(made);
        }
    }

    private List<nint> TakeParts(QueueNote target)
    {
        lock (target.Parts)
        {
            return target.Parts.Remove(Ring?.Slot ?? -1, out List<nint>? parts) ? parts : [];
        }
    }

    private void EndParts(QueueNote target, uint part, nint made)
    {
        if ((part & LastPart) == 0 || (part & FirstPart) != 0)
        {
            return;
        }
        foreach (nint earlier in TakeParts(target))
        {
            _ = Cl.ReleaseEvent(earlier);
        }
    }

    // The client gets its chunk back when the event, which is released here, has come.
    private void EndChunkWith(nint made, ulong chunk, uint done, uint failed)
    {
        long start = 0;
        int status;
        while ((status = OpenCl.StatusOf(made)) > Complete)
        {
            long now = Stopwatch.GetTimestamp();
            start = start == 0 ? now : start;
            if (now - start > s_shortWait)
            {
                break;
            }
        }
        if (status <= Complete)
        {
            session.Staging.End(chunk, status < 0 ? failed : done);
            _ = Cl.ReleaseEvent(made);
            return;
        }
        Sessions.StagingUse staging = session.Staging;
        OpenClSession open = OpenCl;
        ClResult result = open.WhenReached(
            made,
            Complete,
            reached =>
            {
                staging.End(chunk, reached < 0 ? failed : done);
                open.Discard(made);
            }
        );
        if (result != ClResult.Success)
        {
            nint waited = made;
            ClResult outcome = Cl.WaitForEvents(1, &waited);
            session.Staging.End(chunk, outcome == ClResult.Success ? done : failed);
            _ = Cl.ReleaseEvent(made);
        }
    }

    private ClResult Move(
        nint queue,
        nint memory,
        MemoryNote note,
        in Box box,
        byte* data,
        bool waits,
        uint count,
        nint* list,
        nint* given,
        bool isRead
    )
    {
        uint blocking = waits ? 1u : 0;
        nuint* origin = stackalloc nuint[3] { (nuint)box.X, (nuint)box.Y, (nuint)box.Z };
        nuint* region = stackalloc nuint[3] { (nuint)box.Width, (nuint)box.Height, (nuint)box.Depth };
        if (note.IsImage)
        {
            nuint row = (nuint)(box.Width * note.Shape.ElementBytes);
            return isRead
                ? Cl.EnqueueReadImage(queue, memory, blocking, origin, region, row, 0, data, count, list, given)
                : Cl.EnqueueWriteImage(queue, memory, blocking, origin, region, row, 0, data, count, list, given);
        }
        if (box.Height == 1 && box.Depth == 1)
        {
            nuint offset = (nuint)(box.X + box.Y * box.RowPitch + box.Z * box.SlicePitch);
            return isRead
                ? Cl.EnqueueReadBuffer(queue, memory, blocking, offset, (nuint)box.Width, data, count, list, given)
                : Cl.EnqueueWriteBuffer(queue, memory, blocking, offset, (nuint)box.Width, data, count, list, given);
        }
        nuint* host = stackalloc nuint[3] { 0, 0, 0 };
        return isRead
            ? Cl.EnqueueReadBufferRect(
                queue,
                memory,
                blocking,
                origin,
                host,
                region,
                (nuint)box.RowPitch,
                (nuint)box.SlicePitch,
                (nuint)box.Width,
                0,
                data,
                count,
                list,
                given
            )
            : Cl.EnqueueWriteBufferRect(
                queue,
                memory,
                blocking,
                origin,
                host,
                region,
                (nuint)box.RowPitch,
                (nuint)box.SlicePitch,
                (nuint)box.Width,
                0,
                data,
                count,
                list,
                given
            );
    }

    private void Count(ulong bytes, bool isRead)
    {
        if (isRead)
        {
            Statistics.CountToHost(bytes);
        }
        else
        {
            Statistics.CountToDevice(bytes);
        }
    }
}
