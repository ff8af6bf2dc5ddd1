using System.Diagnostics;
using System.Runtime.InteropServices;
using Weir.Devices.Software.Contexts;
using Weir.Devices.Software.Native;

namespace Weir.Devices.Software.Execution;

/// <summary>
/// Decides what runs when: keeps the order of streams and events, hands ready commands to threads that have a slot, and
/// lets threads that wait help. One lock guards the order; units are claimed and run outside it.
/// </summary>
internal sealed unsafe class Scheduler : IDisposable
{
    private const long SpinNanoseconds = 30_000;
    private const int MostOutstanding = 8192;
    private const int WordsApart = 32;

    private readonly Lock gate = new();
    private readonly ExecutorSlot[] slots;
    private readonly List<Command> ready = [];
    private readonly List<Thread> threads = [];
    private readonly int* readyEpoch;
    private readonly int* doneEpoch;
    private HostFunctionThread? hostFunctions;
    private int readyCount;
    private int nextReady;
    private int parked;
    private int waiting;
    private int outstanding;
    private readonly Func<bool> canWork;
    private volatile bool stopping;

    /// <param name="slotCount">Cores to use.</param>
    public Scheduler(int slotCount)
    {
        slots = new ExecutorSlot[slotCount];
        for (int index = 0; index < slotCount; index++)
        {
            slots[index] = new ExecutorSlot(index);
        }
        canWork = CanWork;
        readyEpoch = (int*)NativeMemory.AllocZeroed(2 * WordsApart, sizeof(int));
        doneEpoch = readyEpoch + WordsApart;
    }

    /// <summary>Cores in use.</summary>
    public int SlotCount => slots.Length;

    /// <summary>Commands that are not done.</summary>
    public int Outstanding => Volatile.Read(ref outstanding);

    /// <summary>Nanoseconds that all cores together have spent on blocks and copies.</summary>
    public long BusyNanoseconds => slots.Sum(slot => slot.BusyNanoseconds);

    /// <summary>
    /// When nothing stands before new work in the stream and a slot is free: takes the slot and holds the order, so that
    /// the caller may do the work at once. It must be short, and <see cref="LeaveIdle"/> must follow.
    /// </summary>
    public ExecutorSlot? TryEnterIdle(DeviceStream stream)
    {
        gate.Enter();
        if (IsIdle(stream) && TakeSlot() is { } slot)
        {
            return slot;
        }
        gate.Exit();
        return null;
    }

    /// <summary>Ends what <see cref="TryEnterIdle"/> began.</summary>
    public void LeaveIdle(ExecutorSlot slot)
    {
        slot.Release();
        WakeForSlot();
        gate.Exit();
    }

    /// <summary>Puts a command at the end of its stream.</summary>
    /// <param name="command">The command.</param>
    /// <param name="after">A command of any stream that it must follow too.</param>
    public void Enqueue(Command command, Command? after = null)
    {
        if (Volatile.Read(ref outstanding) >= MostOutstanding)
        {
            WaitFor(() => Volatile.Read(ref outstanding) < MostOutstanding / 2);
        }
        lock (gate)
        {
            EnqueueLocked(command, after);
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
        lock (gate)
        {
            return stream.Kind == StreamKind.Legacy ? IsIdle(stream) : stream.Last is null;
        }
    }

    /// <summary>Waits until what is in the stream now is done.</summary>
    public void Synchronize(DeviceStream stream)
    {
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
            WaitFor(() => command.IsDone);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        stopping = true;
        Interlocked.Increment(ref *readyEpoch);
        LibC.FutexWake(readyEpoch, int.MaxValue);
        hostFunctions?.Dispose();
        foreach (Thread thread in threads)
        {
            thread.Join();
        }
        foreach (ExecutorSlot slot in slots)
        {
            slot.Dispose();
        }
        NativeMemory.Free(readyEpoch);
    }

    private static bool IsIdle(DeviceStream stream) =>
        stream.Last is null
        && stream.Kind switch
        {
            StreamKind.Legacy => stream.Context.BusyBlocking.Count == 0,
            StreamKind.Blocking => stream.Context.Legacy.Last is null,
            _ => true,
        };

    private void EnqueueLocked(Command command, Command? after)
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
            MakeReady(command);
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

    private void MakeReady(Command command)
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
        ready.Add(command);
        Volatile.Write(ref readyCount, ready.Count);
        StartThreads();
        Interlocked.Increment(ref *readyEpoch);
        int sleepers = Volatile.Read(ref parked);
        if (sleepers > 0)
        {
            LibC.FutexWake(readyEpoch, (int)Math.Min(command.Ranges, sleepers));
        }
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
        Interlocked.Increment(ref *doneEpoch);
        if (Volatile.Read(ref waiting) > 0)
        {
            LibC.FutexWake(doneEpoch, int.MaxValue);
        }
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

    private void StartThreads()
    {
        if (threads.Count > 0)
        {
            return;
        }
        for (int index = 0; index < slots.Length; index++)
        {
            Thread thread = new(ExecutorLoop, 1 << 20) { IsBackground = true, Name = $"weir-core-{index}" };
            threads.Add(thread);
            thread.Start();
        }
    }

    private ExecutorSlot? TakeSlot()
    {
        foreach (ExecutorSlot slot in slots)
        {
            if (slot.TryTake())
            {
                return slot;
            }
        }
        return null;
    }

    // Runs one range of some ready command; false when there is none or no slot is free.
    private bool TryHelp()
    {
        if (Volatile.Read(ref readyCount) == 0 || TakeSlot() is not { } slot)
        {
            return false;
        }
        try
        {
            if (PickReady() is not { } command)
            {
                return false;
            }
            long start = Stopwatch.GetTimestamp();
            bool helped = false;
            // One command at a time while it is the only one; otherwise take turns, range by range.
            while (command.TryClaim(out long first, out long end))
            {
                helped = true;
                command.Run(slot, first, end);
                if (command.Finish(end - first))
                {
                    Complete(command);
                    break;
                }
                if (Volatile.Read(ref readyCount) > 1)
                {
                    break;
                }
            }
            slot.BusyNanoseconds += Stopwatch.GetTimestamp() - start;
            return helped;
        }
        finally
        {
            slot.Release();
            WakeForSlot();
        }
    }

    // A thread may have gone to sleep for want of a slot although there was work.
    private void WakeForSlot()
    {
        if (Volatile.Read(ref readyCount) > 0 && Volatile.Read(ref parked) > 0)
        {
            Interlocked.Increment(ref *readyEpoch);
            LibC.FutexWake(readyEpoch, 1);
        }
    }

    private Command? PickReady()
    {
        lock (gate)
        {
            while (ready.Count > 0)
            {
                int index = nextReady++ % ready.Count;
                Command command = ready[index];
                if (command.HasUnclaimed)
                {
                    return command;
                }
                ready.RemoveAt(index);
                Volatile.Write(ref readyCount, ready.Count);
            }
            nextReady = 0;
            return null;
        }
    }

    private void Complete(Command command)
    {
        lock (gate)
        {
            if (ready.Remove(command))
            {
                Volatile.Write(ref readyCount, ready.Count);
            }
            CompleteLocked(command);
        }
    }

    private void RunHostFunction(Command command)
    {
        command.Run(slots[0], 0, 0);
        lock (gate)
        {
            CompleteLocked(command);
        }
    }

    private void ExecutorLoop()
    {
        while (!stopping)
        {
            if (TryHelp() || SpinUntil(canWork))
            {
                continue;
            }
            int epoch = Volatile.Read(ref *readyEpoch);
            Interlocked.Increment(ref parked);
            if (!stopping && !canWork())
            {
                LibC.FutexWait(readyEpoch, epoch);
            }
            Interlocked.Decrement(ref parked);
        }
    }

    private bool CanWork()
    {
        if (Volatile.Read(ref readyCount) == 0)
        {
            return false;
        }
        foreach (ExecutorSlot slot in slots)
        {
            if (slot.IsFree)
            {
                return true;
            }
        }
        return false;
    }

    private void WaitFor(Func<bool> condition)
    {
        while (!condition())
        {
            if (TryHelp() || SpinUntil(condition))
            {
                continue;
            }
            int epoch = Volatile.Read(ref *doneEpoch);
            Interlocked.Increment(ref waiting);
            if (!condition())
            {
                LibC.FutexWait(doneEpoch, epoch);
            }
            Interlocked.Decrement(ref waiting);
        }
    }

    private bool SpinUntil(Func<bool> condition)
    {
        if (Environment.ProcessorCount == 1)
        {
            return false;
        }
        long start = Stopwatch.GetTimestamp();
        while (Stopwatch.GetTimestamp() - start < SpinNanoseconds)
        {
            if (condition() || stopping)
            {
                return true;
            }
            Thread.SpinWait(8);
        }
        return false;
    }
}
