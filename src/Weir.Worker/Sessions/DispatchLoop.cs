using System.Runtime.Intrinsics.X86;
using Weir.Api;
using Weir.Wire;
using Weir.Worker.Rings;

namespace Weir.Worker.Sessions;

/// <summary>
/// Carries out a session's records. One thread at a time leads: it takes records in ticket order and executes them. A
/// call that may wait long while others have something to say is executed by the leader too, but it hands the lead to
/// another executor first, so that nobody waits for somebody else's wait and a lone client pays for no hand-over.
/// </summary>
internal sealed unsafe class DispatchLoop(Session session)
{
    // More client threads than this may wait in calls at the same time; then the lead waits with them.
    private const int MaxExecutors = 64;
    private const int PausesPerLook = 32;
    private const int LooksPerClock = 8;

    // A client that waits for what it has posted says so within a microsecond or two.
    private const int LooksBeforeSettling = 3;

    // A client that never pauses does not wait for what it has posted.
    private const int RecordsBeforeSettling = 16;

    // As the cores of the software device have: a thread that waits for a kernel may run a part of it.
    private const int StackBytes = 16 << 20;

    private readonly object _gate = new();
    private bool _isLed;

    // The leader is in a call that may take long; whoever sets it back under the gate decides who leads then.
    private bool _isWatched;
    private Deputy? _deputy;

    // The leader has slept since the last record that it found while awake.
    private bool _hasJustWoken;

    // While it is not Go the leader takes no records; it stands between two of them.
    private volatile int _order = Go;
    private bool _stands;
    private Action? _whenCalled;
    private long _lastRecord = System.Diagnostics.Stopwatch.GetTimestamp();
    private volatile bool _sleeps;

    private static readonly TimeSpan s_look = TimeSpan.FromMilliseconds(100);

    // Who begins to read a connection does not say so.
    private static readonly TimeSpan s_glance = TimeSpan.FromMilliseconds(1);

    // The leader reads the connection of a client on another node and takes nothing: as good as standing.
    private volatile bool _reads;

    private const int Go = 0;
    private const int Halt = 1;
    private const int HaltAndWatch = 2;
    private int _executors;
    private int _waiting;

    /// <summary>Starts the first executor.</summary>
    public void Start() => AddExecutor();

    /// <summary>Waits until all executors have ended; false when one is still in the device after that time.</summary>
    public bool WaitForEnd(TimeSpan limit)
    {
        DateTime until = DateTime.UtcNow + limit;
        lock (_gate)
        {
            Monitor.PulseAll(_gate);
            while (_executors > 0)
            {
                TimeSpan left = until - DateTime.UtcNow;
                if (left <= TimeSpan.Zero || !Monitor.Wait(_gate, left))
                {
                    return _executors == 0;
                }
            }
        }
        return true;
    }

    /// <summary>How long no record has come; zero while they come.</summary>
    public TimeSpan IdleTime =>
        _sleeps ? System.Diagnostics.Stopwatch.GetElapsedTime(Volatile.Read(ref _lastRecord)) : TimeSpan.Zero;

    /// <summary>
    /// Brings the loop to a stand between two records, when all calls that are under way have come to their end; false, and it goes on, when
    /// they do not in that time.
    /// </summary>
    public bool TryHalt(TimeSpan limit)
    {
        DateTime until = DateTime.UtcNow + limit;
        _order = Halt;
        Interlocked.MemoryBarrier();
        Doorbell.Ring(session.Control);
        lock (_gate)
        {
            Monitor.PulseAll(_gate);
            // All but the one that stands wait for the lead.
            while (!(_stands || _reads) || _executors - _waiting > 1)
            {
                TimeSpan left = until - DateTime.UtcNow;
                if (session.HasEnded || left <= TimeSpan.Zero)
                {
                    _order = Go;
                    Monitor.PulseAll(_gate);
                    return false;
                }
                // Who begins to read does not say so.
                _ = Monitor.Wait(_gate, session.Remote is not null && left > s_glance ? s_glance : left);
            }
        }
        return true;
    }

    /// <summary>While the loop stands: <paramref name="whenCalled"/> is called once when there is a record, on the loop's thread.</summary>
    public void Watch(Action whenCalled)
    {
        lock (_gate)
        {
            _whenCalled = whenCalled;
            _order = HaltAndWatch;
            Monitor.PulseAll(_gate);
        }
    }

    /// <summary>Takes records again.</summary>
    public void GoOn()
    {
        lock (_gate)
        {
            _order = Go;
            Monitor.PulseAll(_gate);
        }
        Doorbell.Ring(session.Control);
    }

    // The leader between two records, until it may go on.
    private void Stand()
    {
        if (session.Remote is { } client)
        {
            StandReading(client);
            return;
        }
        lock (_gate)
        {
            _stands = true;
            Monitor.PulseAll(_gate);
            while (_order == Halt && !session.HasEnded)
            {
                _ = Monitor.Wait(_gate);
            }
        }
        while (_order == HaltAndWatch && !session.HasEnded)
        {
            Doorbell.Announce(session.Control);
            bool hasWork = session.Rings.HasWork();
            if (!hasWork && _order == HaltAndWatch && !session.HasEnded)
            {
                Doorbell.Sleep(session.Control, -1);
                continue;
            }
            Doorbell.Cancel(session.Control);
            if (hasWork)
            {
                _whenCalled?.Invoke();
                lock (_gate)
                {
                    while (_order == HaltAndWatch && !session.HasEnded)
                    {
                        _ = Monitor.Wait(_gate);
                    }
                }
            }
        }
        lock (_gate)
        {
            _stands = false;
        }
    }

    // What the client says is heard meanwhile; it has been told to send no records. Nobody need end the reading: what comes next is looked at then.
    private void StandReading(Remote.RemoteClient client)
    {
        SetStands(true);
        while (_order != Go && !session.HasEnded)
        {
            client.Wait();
        }
        SetStands(false);
    }

    private void SetStands(bool stands)
    {
        lock (_gate)
        {
            _stands = stands;
            Monitor.PulseAll(_gate);
        }
    }

    private void AddExecutor()
    {
        lock (_gate)
        {
            _executors++;
        }
        new Thread(Run, StackBytes) { IsBackground = true, Name = "weir-dispatch" }.Start();
    }

    private void Run()
    {
        try
        {
            var executor = new Executor(session);
            while (TakeLead())
            {
                Lead(executor);
            }
        }
        catch (ProtocolException violation)
        {
            session.End(violation.Message);
        }
        catch (Exception failure)
        {
            session.End($"the worker failed: {failure}");
        }
        finally
        {
            lock (_gate)
            {
                _executors--;
                Monitor.PulseAll(_gate);
            }
        }
    }

    private bool TakeLead()
    {
        lock (_gate)
        {
            _waiting++;
            Monitor.PulseAll(_gate);
            while (_isLed && !session.HasEnded)
            {
                _ = Monitor.Wait(_gate);
            }
            _waiting--;
            _isLed = true;
            return !session.HasEnded;
        }
    }

    private bool TryPassLead()
    {
        lock (_gate)
        {
            if (_waiting == 0)
            {
                if (_executors >= MaxExecutors)
                {
                    return false;
                }
                AddExecutor();
            }
            _isLed = false;
            Monitor.Pulse(_gate);
        }
        return true;
    }

    // True when the calling thread still leads afterwards.
    private bool ExecuteWatched(Executor executor, RingState ring, in RecordHeader header, RecordReader record)
    {
        _deputy ??= new Deputy(StepIn);
        lock (_gate)
        {
            _isWatched = true;
        }
        _deputy.Begin();
        executor.Execute(ring, header, record);
        lock (_gate)
        {
            if (_isWatched)
            {
                _isWatched = false;
                _deputy.End();
                return true;
            }
        }
        return false;
    }

    private bool StepIn()
    {
        lock (_gate)
        {
            _isWatched = _isWatched && !TryPassLead();
            return !_isWatched;
        }
    }

    // Returns when the session has ended or the lead was handed on.
    private void Lead(Executor executor)
    {
        for (int records = 1; !session.HasEnded; records++)
        {
            if (_order != Go)
            {
                session.Settling?.Settle();
                Stand();
                continue;
            }
            RingState? ring = session.Rings.TryNextOfLast(out RecordHeader header) ?? Await(out header);
            if (ring is null)
            {
                continue;
            }
            RecordReader record = ring.Reader.CopyPayload(header, executor.Payload);
            if (session.CallLog is { } log)
            {
                // Before the client can see that it was taken.
                if (!log.TryAppend(ring, header, executor.Payload, session.Segment, out long logged))
                {
                    AwaitImage();
                    continue;
                }
                executor.Logged = logged;
            }
            ring.Reader.Advance(header);
            // A client on another node says on the connection, which the leader reads, that its host functions have run.
            bool needsReader = session.Remote is not null && header.IsCall && session.Callbacks.HasPending;
            bool mayWait = CallTable.Blocks(header.Op);
            bool isAlone = session.Rings.OpenCount <= 1;
            bool isOfObjects = CallTable.IsOfObjects(header.Op);
            if (mayWait && isAlone && !needsReader && (isOfObjects || session.Settling is not null))
            {
                // The leader does the work itself; that mostly takes less than it would to wake another leader.
                if (!isOfObjects && !session.Settling!.HasWork)
                {
                    executor.Execute(ring, header, record);
                    continue;
                }
                ring.IsBusy = true;
                if (!ExecuteWatched(executor, ring, header, record))
                {
                    session.Settling?.Settle();
                    return;
                }
                continue;
            }
            if (needsReader || mayWait && (!isAlone || executor.MayWaitLong(header)))
            {
                ring.IsBusy = true;
                if (TryPassLead())
                {
                    executor.Execute(ring, header, record);
                    session.Settling?.Settle();
                    return;
                }
                ring.IsBusy = false;
            }
            executor.Execute(ring, header, record);
            if (records % RecordsBeforeSettling == 0)
            {
                session.Settling?.Settle();
            }
        }
    }

    // The log is full: nothing more is taken until an image has been written, for which the loop must stand.
    private void AwaitImage()
    {
        session.Settling?.Settle();
        lock (_gate)
        {
            while (_order == Go && !session.HasEnded)
            {
                _ = Monitor.Wait(_gate, s_look);
                if (session.CallLog is not { IsFull: true })
                {
                    return;
                }
            }
        }
    }

    // The next record; null after a sleep, or when the session has ended.
    private RingState? Await(out RecordHeader header)
    {
        if (session.Remote is { } client)
        {
            // Nobody but this thread puts records into the rings.
            if (session.Rings.Next(out header) is { } known)
            {
                return known;
            }
            session.Settling?.Settle();
            Volatile.Write(ref _lastRecord, System.Diagnostics.Stopwatch.GetTimestamp());
            _sleeps = true;
            _reads = true;
            Interlocked.MemoryBarrier();
            if (_order == Go)
            {
                client.Wait();
            }
            _reads = false;
            _sleeps = false;
            Interlocked.MemoryBarrier();
            return null;
        }
        // Known rings are looked at after each pause, all else, which costs more, once in a while, and the clock more rarely still.
        long until = long.MaxValue;
        for (int look = 1; !session.HasEnded && _order == Go; look++)
        {
            for (int i = 0; i < PausesPerLook && !session.Rings.HasMore(); i++)
            {
                Pause();
            }
            if (session.Rings.Next(out header) is { } ring)
            {
                _hasJustWoken = false;
                return ring;
            }
            // Whoever woke this thread may wait on this very core, where its answer reaches it only when it can run.
            if (_hasJustWoken)
            {
                _ = Weir.Wire.Libc.YieldRaw();
            }
            if (look == LooksBeforeSettling)
            {
                session.Settling?.Settle();
            }
            if (look % LooksPerClock != 0)
            {
                continue;
            }
            long now = Weir.Wire.Libc.MonotonicNs();
            if (until == long.MaxValue)
            {
                until = now + Futex.SpinNs;
            }
            else if (now >= until)
            {
                Sleep();
                break;
            }
        }
        header = default;
        return null;
    }

    private void Sleep()
    {
        Doorbell.Announce(session.Control);
        if (session.Rings.HasWork() || session.HasEnded || _order != Go)
        {
            Doorbell.Cancel(session.Control);
            return;
        }
        Volatile.Write(ref _lastRecord, System.Diagnostics.Stopwatch.GetTimestamp());
        _sleeps = true;
        Doorbell.Sleep(session.Control, -1);
        _sleeps = false;
        _hasJustWoken = true;
    }

    private static void Pause()
    {
        if (X86Base.IsSupported)
        {
            X86Base.Pause();
        }
    }
}
