using System.Diagnostics;
using Weir.Devices.Software.Contexts;

namespace Weir.Devices.Software.Execution;

/// <summary>
/// Keeps the order: of the commands in a stream, of blocking streams and the legacy default stream, and of what events
/// tie together. A command whose turn has come goes to the executor pool; one lock guards the order.
/// </summary>
internal sealed class Scheduler : IDisposable
{
    private const int MostOutstanding = 8192;

    // Reading the clock costs as much as the shortest work: one of so many is timed, and stands for the others.
    private const int ShortsPerTiming = 16;

    private readonly Lock gate = new();
    private readonly ExecutorPool pool;
    private readonly ICoreShare? share;
    private HostFunctionThread? hostFunctions;
    private int outstanding;
    private int shorts;
    private long shortBegan;

    // Legacy default streams of all contexts keep one order, as on a device that serves one context at a time: programs
    // hand memory from one context's default stream to another's and rely on it (docs/decisions/0004-default-streams.md).
    private Command? lastLegacy;

    /// <param name="slotCount">Cores to use.</param>
    /// <param name="share">Whom to ask for them, or null when they are all this device's.</param>
    /// <param name="callerSettles">Whether short work may wait for <see cref="Settle"/>.</param>
    public Scheduler(int slotCount, ICoreShare? share = null, bool callerSettles = false)
    {
        this.share = share;
        pool = new ExecutorPool(slotCount, Complete, share, callerSettles);
    }

    /// <summary>Cores in use.</summary>
    public int SlotCount => pool.SlotCount;

    /// <summary>Commands that are not done.</summary>
    public int Outstanding => Volatile.Read(ref outstanding);

    /// <summary>Nanoseconds that all cores together have spent on blocks and copies.</summary>
    public long BusyNanoseconds => pool.BusyNanoseconds;

    /// <summary>The part of it that went into copies and fills.</summary>
    public long CopyNanoseconds => pool.CopyNanoseconds;

    /// <summary>Nanoseconds that threads had work and waited for a core that other sessions had.</summary>
    public long WaitNanoseconds => pool.WaitNanoseconds;

    /// <summary>
    /// When nothing stands before new work in the stream and a slot is free: takes the slot and holds the order, so that
    /// the caller may do the work at once. It must be short, and <see cref="LeaveIdle"/> must follow.
    /// </summary>
    public ExecutorSlot? TryEnterIdle(DeviceStream stream)
    {
        gate.Enter();
        if (IsIdle(stream) && (stream.Kind != StreamKind.Legacy || lastLegacy is null) && pool.TakeSlot() is { } slot)
        {
            if (share is null || share.TryBeginShort())
            {
                shortBegan = ++shorts % ShortsPerTiming == 0 ? Stopwatch.GetTimestamp() : 0;
                return slot;
            }
            pool.Release(slot);
        }
        gate.Exit();
        return null;
    }

    /// <summary>Ends what <see cref="TryEnterIdle"/> began.</summary>
    public void LeaveIdle(ExecutorSlot slot, bool isCopy = false)
    {
        if (shortBegan != 0)
        {
            slot.Count((Stopwatch.GetTimestamp() - shortBegan) * ShortsPerTiming, isCopy);
        }
        share?.EndShort();
        pool.Release(slot);
        gate.Exit();
    }

    /// <summary>Has others do what was left for the calling thread.</summary>
    public void Settle() => pool.Settle();

    /// <summary>Puts a command at the end of its stream.</summary>
    /// <param name="command">The command.</param>
    /// <param name="after">A command of any stream that it must follow too.</param>
    /// <param name="callerHelps">True when the caller waits for it right behind.</param>
    public void Enqueue(Command command, Command? after = null, bool callerHelps = false)
    {
        if (Volatile.Read(ref outstanding) >= MostOutstanding)
        {
            pool.WaitFor(() => Volatile.Read(ref outstanding) < MostOutstanding / 2);
        }
        lock (gate)
        {
            EnqueueLocked(command, after, callerHelps);
        }
    }

    /// <summary>Records an event in a stream: reached at once when the stream is idle.</summary>
    public void Record(DeviceEvent mark, DeviceStream stream)
    {
        lock (gate)
        {
            if (IsIdle(stream))
            {
                mark.Reach(Stopwatch.GetTimestamp());
                return;
            }
            RecordCommand recording = new(stream, mark);
            mark.Expect(recording);
            EnqueueLocked(recording, null);
        }
    }

    /// <summary>True when all commands of the stream are done.</summary>
    public bool IsDone(DeviceStream stream)
    {
        if (Outstanding == 0)
        {
            return true;
        }
        // Who asks does not wait.
        pool.Settle();
        lock (gate)
        {
            return stream.Kind == StreamKind.Legacy ? IsIdle(stream) : stream.Last is null;
        }
    }

    /// <summary>Waits until what is in the stream now is done.</summary>
    public void Synchronize(DeviceStream stream)
    {
        if (Outstanding == 0)
        {
            return;
        }
        Command? last;
        lock (gate)
        {
            if (IsIdle(stream))
            {
                return;
            }
            last = stream.Last;
            if (stream.Kind == StreamKind.Legacy)
            {
                // The legacy stream is as far as everything that it would have to follow.
                last = new MarkerCommand(stream);
                EnqueueLocked(last, null);
            }
        }
        Wait(last);
    }

    /// <summary>Waits until everything in the context that has been enqueued is done.</summary>
    public void Synchronize(DeviceContext context)
    {
        // What the caller knows of is counted already, and what is done is counted off only when its effects are there.
        if (Outstanding == 0)
        {
            return;
        }
        Command[] all;
        lock (gate)
        {
            all = [.. context.AllStreams().Select(stream => stream.Last).OfType<Command>()];
        }
        foreach (Command last in all)
        {
            Wait(last);
        }
    }

    /// <summary>Waits for one command, helping meanwhile.</summary>
    public void Wait(Command? command)
    {
        if (command is not null && !command.IsDone)
        {
            pool.WaitFor(() => command.IsDone);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        hostFunctions?.Dispose();
        pool.Dispose();
    }

    private static bool IsIdle(DeviceStream stream) =>
        stream.Last is null
        && stream.Kind switch
        {
            StreamKind.Legacy => stream.Context.BusyBlocking.Count == 0,
            StreamKind.Blocking => stream.Context.Legacy.Last is null,
            _ => true,
        };

    private void EnqueueLocked(Command command, Command? after, bool callerHelps = false)
    {
        DeviceStream stream = command.Stream;
        outstanding++;
        Follow(command, stream.Last);
        if (stream.Kind == StreamKind.Legacy)
        {
            foreach (DeviceStream other in stream.Context.BusyBlocking)
            {
                Follow(command, other.Last);
            }
            Follow(command, lastLegacy);
            lastLegacy = command;
        }
        else if (stream.Kind == StreamKind.Blocking)
        {
            Follow(command, stream.Context.Legacy.Last);
            if (stream.BusyIndex < 0)
            {
                stream.BusyIndex = stream.Context.BusyBlocking.Count;
                stream.Context.BusyBlocking.Add(stream);
            }
        }
        Follow(command, after);
        stream.Last = command;
        if (command.Blockers == 0)
        {
            MakeReady(command, callerHelps, mayStay: true);
        }
        else
        {
            pool.FollowsStaying(command);
        }
    }

    private static void Follow(Command command, Command? before)
    {
        if (before is { IsDone: false } && before != command)
        {
            (before.Followers ??= []).Add(command);
            command.Blockers++;
        }
    }

    private void MakeReady(Command command, bool callerHelps = false, bool mayStay = false)
    {
        if (command.IsHostFunction)
        {
            (hostFunctions ??= new HostFunctionThread(RunHostFunction)).Add(command);
            return;
        }
        if (command.Units == 0)
        {
            CompleteLocked(command);
            return;
        }
        pool.Add(command, callerHelps, mayStay);
    }

    private void CompleteLocked(Command command)
    {
        // A work list instead of recursion: a chain of markers may be long.
        List<Command>? more = null;
        for (Command? current = command; current is not null; current = Pop(more))
        {
            current.Complete();
            current.MarkDone();
            outstanding--;
            DeviceStream stream = current.Stream;
            if (lastLegacy == current)
            {
                lastLegacy = null;
            }
            if (stream.Last == current)
            {
                stream.Last = null;
                LeaveBusy(stream);
            }
            if (current.Followers is not { } followers)
            {
                continue;
            }
            current.Followers = null;
            foreach (Command follower in followers)
            {
                if (--follower.Blockers > 0)
                {
                    continue;
                }
                if (follower.Units == 0 && !follower.IsHostFunction)
                {
                    (more ??= []).Add(follower);
                }
                else
                {
                    MakeReady(follower);
                }
            }
        }
        pool.SignalDone();
    }

    private static Command? Pop(List<Command>? list)
    {
        if (list is null || list.Count == 0)
        {
            return null;
        }
        Command last = list[^1];
        list.RemoveAt(list.Count - 1);
        return last;
    }

    private static void LeaveBusy(DeviceStream stream)
    {
        if (stream.BusyIndex < 0)
        {
            return;
        }
        List<DeviceStream> busy = stream.Context.BusyBlocking;
        DeviceStream moved = busy[^1];
        busy[stream.BusyIndex] = moved;
        moved.BusyIndex = stream.BusyIndex;
        busy.RemoveAt(busy.Count - 1);
        stream.BusyIndex = -1;
    }

    private void Complete(Command command)
    {
        lock (gate)
        {
            CompleteLocked(command);
        }
    }

    private void RunHostFunction(Command command)
    {
        command.Run(null!, 0, 0);
        Complete(command);
    }
}
