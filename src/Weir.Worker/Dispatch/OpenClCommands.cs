using Weir.Api;
using Weir.Wire;
using Weir.Worker.OpenCl;

namespace Weir.Worker;

/// <content>OpenCL: commands of queues that move no data of the client's, and events.</content>
internal sealed unsafe partial class Dispatcher
{
    private const uint MostWaits = 4096;
    private const int Complete = 0;

    private partial ClResult OnClLaunch(
        nint queue,
        nint kernel,
        uint dimensions,
        uint shape,
        ulong x,
        ulong y,
        ulong z,
        ulong width,
        ulong height,
        ulong depth,
        ulong localWidth,
        ulong localHeight,
        ulong localDepth,
        ulong @event,
        uint count,
        ulong* waits,
        uint length_waits,
        ref ReplyWriter reply
    )
    {
        nuint* sizes = stackalloc nuint[9]
        {
            (nuint)x,
            (nuint)y,
            (nuint)z,
            (nuint)width,
            (nuint)height,
            (nuint)depth,
            (nuint)localWidth,
            (nuint)localHeight,
            (nuint)localDepth,
        };
        nint made = 0;
        ClResult result = LaunchNow(queue, kernel, dimensions, shape, sizes, @event != 0, count, waits, &made);
        return Posted(queue, @event, made, result);
    }

    private partial ClResult OnClTryLaunch(
        nint queue,
        nint kernel,
        uint dimensions,
        uint shape,
        ulong x,
        ulong y,
        ulong z,
        ulong width,
        ulong height,
        ulong depth,
        ulong localWidth,
        ulong localHeight,
        ulong localDepth,
        ulong @event,
        uint count,
        ulong* waits,
        uint length_waits,
        ref ReplyWriter reply
    )
    {
        nuint* sizes = stackalloc nuint[9]
        {
            (nuint)x,
            (nuint)y,
            (nuint)z,
            (nuint)width,
            (nuint)height,
            (nuint)depth,
            (nuint)localWidth,
            (nuint)localHeight,
            (nuint)localDepth,
        };
        nint made = 0;
        ClResult result = LaunchNow(queue, kernel, dimensions, shape, sizes, @event != 0, count, waits, &made);
        if (result == ClResult.Success && @event != 0)
        {
            Handles.Add(HandleKind.ClEvent, @event, made);
        }
        return result;
    }

    private ClResult LaunchNow(
        nint queue,
        nint kernel,
        uint dimensions,
        uint shape,
        nuint* sizes,
        bool hasEvent,
        uint count,
        ulong* waits,
        nint* made
    )
    {
        const uint HasOffset = 1;
        const uint HasLocal = 2;
        if (dimensions is < 1 or > 3)
        {
            return ClResult.InvalidWorkDimension;
        }
        nint* list = stackalloc nint[Room(count)];
        if (!TryWaits(waits, count, list))
        {
            return ClResult.InvalidEventWaitList;
        }
        ClResult result = Cl.EnqueueNDRangeKernel(
            queue,
            kernel,
            dimensions,
            (shape & HasOffset) != 0 ? sizes : null,
            sizes + 3,
            (shape & HasLocal) != 0 ? sizes + 6 : null,
            count,
            count == 0 ? null : list,
            hasEvent ? made : null
        );
        Statistics.CountLaunch();
        return result;
    }

    private partial ClResult OnClCreateUserEvent(ulong @event, nint context, ref ReplyWriter reply)
    {
        int code;
        nint made = Cl.CreateUserEvent(context, &code);
        if (made == 0)
        {
            return Error(code);
        }
        Handles.Add(HandleKind.ClEvent, @event, made);
        return ClResult.Success;
    }

    private partial ClResult OnClSetUserEventStatus(nint @event, int status, ref ReplyWriter reply)
    {
        if (OpenCl.Turns.TryRemove(((ulong*)Payload)[0], out _))
        {
            session.Callbacks.End();
        }
        return Cl.SetUserEventStatus(@event, status);
    }

    private partial ClResult OnClReleaseEvent(ulong @event, nint native_event, ref ReplyWriter reply)
    {
        Handles.Remove(HandleKind.ClEvent, @event);
        if (!OpenCl.Times.IsEmpty)
        {
            _ = OpenCl.Times.TryRemove(@event, out _);
        }
        if (!OpenCl.Beginnings.IsEmpty && OpenCl.Beginnings.TryRemove(@event, out nint beginning))
        {
            _ = Cl.ReleaseEvent(beginning);
        }
        OpenCl.Sweep();
        return Cl.ReleaseEvent(native_event);
    }

    private partial ClResult OnClWait(uint count, ulong* waits, uint length_waits, ref ReplyWriter reply)
    {
        nint* list = stackalloc nint[Room(count)];
        return TryWaits(waits, count, list) ? Cl.WaitForEvents(count, list) : ClResult.InvalidEvent;
    }

    private partial ClResult OnClTook(nint @event, ulong nanoseconds, ref ReplyWriter reply)
    {
        const uint FirstTime = 0x1280;
        ulong[] times = new ulong[4];
        for (uint i = 0; i < times.Length; i++)
        {
            ulong time;
            if (Cl.GetEventProfilingInfo(@event, FirstTime + i, sizeof(ulong), &time, null) != ClResult.Success)
            {
                // Of a queue that measures nothing.
                return ClResult.Success;
            }
            times[i] = time;
        }
        times[3] += nanoseconds;
        OpenCl.Times[((ulong*)Payload)[0]] = times;
        return ClResult.Success;
    }

    private partial ClResult OnClTell(nint @event, int status, ulong node, ref ReplyWriter reply)
    {
        ulong named = ((ulong*)Payload)[0];
        return OpenCl.Tell(@event, node, new Telling(named, status));
    }

    private partial ClResult OnClSync(
        nint queue,
        uint kind,
        ulong flags,
        ulong @event,
        uint count,
        ulong* waits,
        uint length_waits,
        uint objects,
        ulong* memory,
        uint length_memory,
        ref ReplyWriter reply
    )
    {
        const uint Marker = 0;
        const uint Barrier = 1;
        nint made = 0;
        nint* list = stackalloc nint[Room(count)];
        nint* native = stackalloc nint[Room(objects)];
        nint* given = @event != 0 ? &made : null;
        ClResult result = ClResult.Success;
        if (!TryWaits(waits, count, list))
        {
            result = ClResult.InvalidEventWaitList;
        }
        for (uint i = 0; i < objects && result == ClResult.Success; i++)
        {
            result = Handles.TryGet(HandleKind.ClMemory, memory[i], out native[i])
                ? ClResult.Success
                : ClResult.InvalidMemObject;
        }
        if (result == ClResult.Success)
        {
            nint* waited = count == 0 ? null : list;
            result = kind switch
            {
                Marker => Cl.EnqueueMarkerWithWaitList(queue, count, waited, given),
                Barrier => Cl.EnqueueBarrierWithWaitList(queue, count, waited, given),
                _ => Cl.EnqueueMigrateMemObjects(queue, objects, native, flags, count, waited, given),
            };
        }
        return Posted(queue, @event, made, result);
    }

    private partial ClResult OnClTurn(
        nint queue,
        ulong @event,
        ulong node,
        uint count,
        ulong* waits,
        uint length_waits,
        ref ReplyWriter reply
    )
    {
        QueueNote note = OpenCl.Queues[queue];
        int code;
        nint turn = 0;
        nint done = Cl.CreateUserEvent(note.Context.Native, &code);
        nint* list = stackalloc nint[Room(count)];
        ClResult result =
            done == 0 ? Error(code)
            : !TryWaits(waits, count, list) ? ClResult.InvalidEventWaitList
            : Cl.EnqueueMarkerWithWaitList(queue, count, count == 0 ? null : list, &turn);
        if (result == ClResult.Success)
        {
            // What comes after in an ordered queue, and whoever waits for the queue, waits for the client.
            result = Cl.EnqueueMarkerWithWaitList(queue, 1, &done, null);
        }
        if (done != 0)
        {
            Handles.Add(HandleKind.ClEvent, @event, done);
        }
        Sessions.Session client = session;
        // Until the client has set the event.
        if (OpenCl.Turns.TryAdd(@event, node))
        {
            client.Callbacks.Begin();
        }
        void Tell(int status) =>
            client.Callbacks.Post(
                new CallbackEntry
                {
                    Function = node,
                    Status = status,
                    Kind = CallbackEntry.OpenCl,
                }
            );
        if (result == ClResult.Success)
        {
            OpenCl.Beginnings[@event] = turn;
            _ = Cl.Flush(queue);
            result = OpenCl.WhenReached(turn, Complete, Tell);
        }
        if (result != ClResult.Success)
        {
            note.Latch(result);
            Tell((int)result);
        }
        return result;
    }

    // The outcome of a command that nobody waits for: what failed is its event's status and the queue's next answer.
    private ClResult Posted(nint queue, ulong @event, nint made, ClResult result)
    {
        if (result != ClResult.Success && OpenCl.Queues.TryGetValue(queue, out QueueNote? note))
        {
            note.Latch(result);
            made = @event == 0 ? 0 : OpenCl.FailedEvent(note.Context.Native, result);
        }
        if (@event != 0 && made != 0)
        {
            Handles.Add(HandleKind.ClEvent, @event, made);
        }
        return result;
    }

    private static int Room(uint count) =>
        count <= MostWaits ? (int)count + 1 : throw new ProtocolException("a list that is too long");

    private bool TryWaits(ulong* waits, uint count, nint* list)
    {
        for (uint i = 0; i < count; i++)
        {
            if (!Handles.TryGet(HandleKind.ClEvent, waits[i], out list[i]))
            {
                return false;
            }
        }
        return true;
    }
}
