using System.Diagnostics;
using System.Runtime.InteropServices;
using Weir.Devices.Software.Native;

namespace Weir.Devices.Software.Execution;

/// <summary>
/// The cores of a device: slots, the threads that take them, and where threads sleep. Ready commands are claimed range
/// by range, so that whoever has a slot helps with whatever is ready; threads spin briefly before they sleep.
/// </summary>
internal sealed unsafe class ExecutorPool : IDisposable
{
    // A thread that waits for a result is worth more than one that waits for work: the machine may have few cores.
    private const long WaitSpinNanoseconds = 30_000;
    private const long IdleSpinNanoseconds = 10_000;
    private const int WordsApart = 32;

    // Work that takes less stays with the thread that brought it: waking another one takes as long, and keeps a core busy.
    private const long StayNanoseconds = 100_000;

    // Kernels of tens of thousands of instructions spill megabytes; untouched stack costs nothing.
    private const int StackBytes = 16 << 20;

    private readonly Lock gate = new();
    private readonly ExecutorSlot[] slots;
    private readonly List<Command> ready = [];
    private readonly List<Thread> threads = [];
    private readonly Action<Command> complete;
    private readonly Func<bool> canWork;
    private readonly ICoreShare? share;
    private readonly bool callerSettles;
    private readonly int* readyEpoch;
    private readonly int* doneEpoch;
    private int readyCount;

    // Expected time of ready commands that nobody was woken for; guarded by the gate.
    private long stayingNanoseconds;
    private int nextReady;
    private int parked;
    private int waiting;
    private volatile bool stopping;

    /// <param name="slotCount">Cores to use.</param>
    /// <param name="complete">Told of a command whose last unit is finished, outside of every lock of the pool.</param>
    /// <param name="share">Whom to ask for cores, or null when they are all this device's.</param>
    /// <param name="callerSettles">Whether short commands may wait for <see cref="Settle"/>.</param>
    public ExecutorPool(int slotCount, Action<Command> complete, ICoreShare? share, bool callerSettles)
    {
        this.callerSettles = callerSettles;
        this.complete = complete;
        this.share = share;
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

    /// <summary>Nanoseconds that all cores together have spent on blocks and copies.</summary>
    public long BusyNanoseconds => slots.Sum(slot => slot.BusyNanoseconds);

    /// <summary>The part of it that went into copies and fills.</summary>
    public long CopyNanoseconds => slots.Sum(slot => slot.CopyNanoseconds);

    /// <summary>Nanoseconds that threads had work and waited for a core that other sessions had.</summary>
    public long WaitNanoseconds => slots.Sum(slot => slot.WaitNanoseconds);

    /// <summary>Takes a slot that nobody has, or null.</summary>
    public ExecutorSlot? TakeSlot()
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

    /// <summary>Gives a slot back; a thread may have gone to sleep for want of one although there was work.</summary>
    public void Release(ExecutorSlot slot)
    {
        slot.Release();
        if (Volatile.Read(ref readyCount) == 0)
        {
            return;
        }
        // The slot must be seen free before the sleepers are counted: they count themselves first and look then.
        Interlocked.MemoryBarrier();
        if (Volatile.Read(ref parked) > 0)
        {
            Interlocked.Increment(ref *readyEpoch);
            LibC.FutexWake(readyEpoch, 1);
        }
        if (Volatile.Read(ref waiting) > 0)
        {
            SignalDone();
        }
    }

    /// <summary>Adds a command whose turn has come and that has units.</summary>
    /// <param name="command">The command.</param>
    /// <param name="callerHelps">True when the calling thread is about to wait for it: one thread less needs waking.</param>
    /// <param name="mayStay">True when the calling thread will wait, or settle, before it sleeps.</param>
    public void Add(Command command, bool callerHelps, bool mayStay)
    {
        lock (gate)
        {
            ready.Add(command);
            Volatile.Write(ref readyCount, ready.Count);
            if (mayStay && Stays(command))
            {
                return;
            }
            Volatile.Write(ref stayingNanoseconds, 0);
            if (!callerHelps || command.Ranges > 1)
            {
                StartThreads();
            }
        }
        Wake(command.Ranges - (callerHelps ? 1 : 0));
    }

    /// <summary>Told of a command whose turn will come after others: when much waits behind what stayed, it stays no longer.</summary>
    public void FollowsStaying(Command command)
    {
        if (Volatile.Read(ref stayingNanoseconds) == 0)
        {
            return;
        }
        lock (gate)
        {
            long waiting = stayingNanoseconds;
            if (waiting == 0 || waiting <= StayNanoseconds - command.ExpectedNanoseconds)
            {
                stayingNanoseconds = waiting == 0 ? 0 : waiting + Math.Max(0, command.ExpectedNanoseconds);
                return;
            }
        }
        Settle();
    }

    /// <summary>Wakes threads for what stayed with the thread that brought it.</summary>
    public void Settle()
    {
        if (Volatile.Read(ref stayingNanoseconds) == 0)
        {
            return;
        }
        long ranges;
        lock (gate)
        {
            Volatile.Write(ref stayingNanoseconds, 0);
            ranges = ready.Sum(command => command.Ranges);
            if (ranges == 0)
            {
                return;
            }
            StartThreads();
        }
        Wake(ranges);
    }

    /// <summary>Wakes the threads that wait for commands to be done.</summary>
    public void SignalDone()
    {
        Interlocked.Increment(ref *doneEpoch);
        if (Volatile.Read(ref waiting) > 0)
        {
            LibC.FutexWake(doneEpoch, int.MaxValue);
        }
    }

    /// <summary>Waits until <paramref name="condition"/> holds, helping meanwhile; whoever makes it hold signals.</summary>
    public void WaitFor(Func<bool> condition)
    {
        while (!condition())
        {
            if (TryHelp() || SpinUntil(condition, WaitSpinNanoseconds))
            {
                continue;
            }
            int epoch = Volatile.Read(ref *doneEpoch);
            Interlocked.Increment(ref waiting);
            if (!condition() && !CanWork())
            {
                LibC.FutexWait(doneEpoch, epoch);
            }
            Interlocked.Decrement(ref waiting);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        stopping = true;
        Interlocked.Increment(ref *readyEpoch);
        LibC.FutexWake(readyEpoch, int.MaxValue);
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

    // With a single core there is nobody to share the work with.
    private bool Stays(Command command)
    {
        if (!callerSettles)
        {
            return false;
        }
        long expected = Math.Max(1, command.ExpectedNanoseconds);
        if (slots.Length > 1 && expected > StayNanoseconds - stayingNanoseconds)
        {
            return false;
        }
        Volatile.Write(ref stayingNanoseconds, Math.Min(expected, StayNanoseconds) + stayingNanoseconds);
        return true;
    }

    private void Wake(long ranges)
    {
        Interlocked.Increment(ref *readyEpoch);
        int wanted = (int)Math.Min(ranges, Volatile.Read(ref parked));
        if (wanted > 0)
        {
            LibC.FutexWake(readyEpoch, wanted);
        }
    }

    private void StartThreads()
    {
        if (threads.Count > 0)
        {
            return;
        }
        for (int index = 0; index < slots.Length; index++)
        {
            Thread thread = new(ExecutorLoop, StackBytes) { IsBackground = true, Name = $"weir-core-{index}" };
            threads.Add(thread);
            thread.Start();
        }
    }

    // Runs ranges of some ready command; false when there is none or no slot is free.
    private bool TryHelp()
    {
        if (Volatile.Read(ref readyCount) == 0 || TakeSlot() is not { } slot)
        {
            return false;
        }
        try
        {
            return PickReady() is { } command && Help(slot, command);
        }
        finally
        {
            Release(slot);
        }
    }

    private bool Help(ExecutorSlot slot, Command command)
    {
        CoreTurn turn = default;
        if (share is null)
        {
            return HelpWithCore(slot, command, ref turn);
        }
        share.Ask(ref turn);
        try
        {
            return AwaitCore(slot, command, ref turn) && HelpWithCore(slot, command, ref turn);
        }
        finally
        {
            share.Leave(ref turn);
        }
    }

    private bool HelpWithCore(ExecutorSlot slot, Command command, ref CoreTurn turn)
    {
        long start = Stopwatch.GetTimestamp();
        bool helped = false;
        while (command.TryClaim(out long first, out long end))
        {
            helped = true;
            command.RunUnits(slot, first, end);
            if (command.Finish(end - first))
            {
                Remove(command);
                complete(command);
                break;
            }
            // Commands take turns, range by range, when there is more than one.
            if (Volatile.Read(ref readyCount) > 1)
            {
                break;
            }
            if (share is not null && !share.Keep(ref turn))
            {
                slot.Count(Stopwatch.GetTimestamp() - start, command.IsCopy);
                bool isOurs = AwaitCore(slot, command, ref turn);
                start = Stopwatch.GetTimestamp();
                if (!isOurs)
                {
                    break;
                }
            }
        }
        slot.Count(Stopwatch.GetTimestamp() - start, command.IsCopy);
        return helped;
    }

    // False when the command needs nobody any more.
    private bool AwaitCore(ExecutorSlot slot, Command command, ref CoreTurn turn)
    {
        if (share!.TryTake(ref turn))
        {
            return true;
        }
        long start = Stopwatch.GetTimestamp();
        try
        {
            do
            {
                if (stopping || !command.HasUnclaimed)
                {
                    return false;
                }
                share.Wait(ref turn);
            } while (!share.TryTake(ref turn));
            return true;
        }
        finally
        {
            slot.WaitNanoseconds += Stopwatch.GetTimestamp() - start;
        }
    }

    private Command? PickReady()
    {
        lock (gate)
        {
            while (ready.Count > 0)
            {
                int index = (int)((uint)nextReady++ % (uint)ready.Count);
                Command command = ready[index];
                if (command.HasUnclaimed)
                {
                    return command;
                }
                ready.RemoveAt(index);
                Volatile.Write(ref readyCount, ready.Count);
            }
            return null;
        }
    }

    private void Remove(Command command)
    {
        lock (gate)
        {
            if (ready.Remove(command))
            {
                Volatile.Write(ref readyCount, ready.Count);
                if (ready.Count == 0)
                {
                    Volatile.Write(ref stayingNanoseconds, 0);
                }
            }
        }
    }

    private void ExecutorLoop()
    {
        while (!stopping)
        {
            if (TryHelp() || SpinUntil(canWork, IdleSpinNanoseconds))
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

    private bool SpinUntil(Func<bool> condition, long nanoseconds)
    {
        if (Environment.ProcessorCount == 1)
        {
            return false;
        }
        long start = Stopwatch.GetTimestamp();
        while (Stopwatch.GetTimestamp() - start < nanoseconds)
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
