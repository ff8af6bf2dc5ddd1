using System.Diagnostics;
using System.Text.Json;
using System.Threading.Channels;
using Weir.Api;
using Weir.Images;
using Weir.Remote;
using Weir.Remote.Workers;
using Weir.Worker.Logging;
using Weir.Worker.Sessions;

namespace Weir.Worker.Portable;

/// <summary>
/// Carries out what the supervisor asks of a session's state: bring it to rest, save it, take its memory off the device, go on. Whatever
/// cannot be done is refused with its reason, and the session goes on as before.
/// </summary>
/// <param name="session">The session.</param>
/// <param name="loop">What takes its records.</param>
/// <param name="supervisor">Who asks.</param>
/// <param name="program">The client.</param>
/// <param name="restored">The image that the session comes from, if it does.</param>
/// <param name="memory">Memory that is still on its way from that image.</param>
internal sealed partial class SessionControl(
    Session session,
    DispatchLoop loop,
    Supervisor supervisor,
    ClientProgram program,
    SavedSession restored,
    ComingMemory memory
)
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(20);

    private readonly Lock _gate = new();
    private readonly Channel<Action> _orders = Channel.CreateUnbounded<Action>();
    private Condition _condition;

    // The image that holds the memory of a parked session; null when the host's memory does.
    private string? _parkedIn;
    private bool _wants;

    // Its memory is in the image, not on the device: while it is parked, and when it is handed over after that.
    private bool _isOff;

    // The image that memory was last equal to, and when.
    private SavedSession _last = restored;

    private enum Condition
    {
        Running,
        Parked,
        Held,
    }

    /// <summary>Takes a message that concerns the session's state; false when it is another one.</summary>
    public bool TryHandle(byte kind, ReadOnlySpan<byte> body)
    {
        switch (kind)
        {
            case WorkerMessage.Park:
            case WorkerMessage.Resume:
            case WorkerMessage.Snapshot:
            case WorkerMessage.HandOver:
            case WorkerMessage.Leave:
            case WorkerMessage.Copy:
                // One after the other, beside the thread that hears the supervisor: some take long, and connections of the client come meanwhile.
                StateOrder order = Order(body);
                _ = _orders.Writer.TryWrite(() => Do(kind, order));
                return true;
            case WorkerMessage.Descriptors:
                _ = supervisor.TellDescriptors(session.SegmentFile, session.HostMemory, session.CallLog?.File ?? -1);
                return true;
            case WorkerMessage.Idle:
                supervisor.Tell(WorkerMessage.Idle, new StateReport { IdleSeconds = loop.IdleTime.TotalSeconds });
                return true;
            default:
                return false;
        }
    }

    /// <summary>Begins to carry out what is asked.</summary>
    public void Start() => new Thread(Work) { IsBackground = true, Name = "weir-state" }.Start();

    private void Work()
    {
        while (_orders.Reader.WaitToReadAsync().AsTask().Result)
        {
            while (_orders.Reader.TryRead(out Action? order))
            {
                order();
            }
        }
    }

    private void Do(byte kind, StateOrder order)
    {
        switch (kind)
        {
            case WorkerMessage.Park:
                Park(order);
                break;
            case WorkerMessage.Resume:
                Resume();
                break;
            case WorkerMessage.Snapshot:
                Save(order, isHeld: false);
                break;
            case WorkerMessage.HandOver:
                Save(order, isHeld: true);
                break;
            case WorkerMessage.Copy:
                Copy(order);
                break;
            case WorkerMessage.Leave when _condition == Condition.Held:
                // The session is another worker's now: no word to the client, no summary.
                Posix.Libc._exit(0);
                break;
            case WorkerMessage.Leave:
                Refuse("the session was not handed over");
                break;
        }
    }

    /// <summary>Says again what holds, to a supervisor that has come later.</summary>
    public void Repeat()
    {
        lock (_gate)
        {
            // Of a session that has come from another node an agent may not have heard yet.
            _ = supervisor.Tell(WorkerMessage.Attached);
            if (_condition == Condition.Held)
            {
                supervisor.Tell(WorkerMessage.Saved, Ends(new StateReport()));
            }
            if (_condition == Condition.Parked)
            {
                supervisor.Tell(WorkerMessage.Parked, new StateReport());
                if (_wants)
                {
                    _ = supervisor.Tell(WorkerMessage.Wants);
                }
            }
        }
    }

    private void Want()
    {
        lock (_gate)
        {
            _wants = true;
            _ = supervisor.Tell(WorkerMessage.Wants);
        }
    }

    private void Park(StateOrder order)
    {
        lock (_gate)
        {
            if (_condition == Condition.Held && _isOff)
            {
                // It was not handed over after all, and is what it was.
                _condition = Condition.Parked;
                supervisor.Tell(WorkerMessage.Parked, new StateReport());
                return;
            }
            if (_condition != Condition.Running)
            {
                Refuse(_condition == Condition.Parked ? "it is parked already" : "it is being handed over");
                return;
            }
            long start = Stopwatch.GetTimestamp();
            if (!TryRest(order, out IPortableDevice? device))
            {
                return;
            }
            SavedSession saved = default;
            // Memory of OpenCL is the driver's, which gives none back but what ends.
            bool isInMemory = order.InMemory && !OpenClState.IsThere(session) && device!.ReleaseMemory();
            if (!isInMemory)
            {
                if (!TryWrite(device!, order.Folder!, false, out saved))
                {
                    GoOn();
                    return;
                }
                device!.DiscardMemory();
                OpenClState.Discard(session);
            }
            _parkedIn = isInMemory ? null : order.Folder;
            _isOff = true;
            _condition = Condition.Parked;
            _wants = false;
            supervisor.Tell(WorkerMessage.Parked, Report(saved, start) with { InMemory = isInMemory });
            Action wanted = order.ResumesByItself ? Resume : Want;
            if (session.Remote is { } client)
            {
                client.Watch(wanted);
            }
            else
            {
                loop.Watch(wanted);
            }
        }
    }

    private void Resume()
    {
        lock (_gate)
        {
            if (_condition == Condition.Running)
            {
                Refuse("it is not parked");
                return;
            }
            long start = Stopwatch.GetTimestamp();
            long bytes = 0;
            if (_isOff && _parkedIn is null)
            {
                session.Portable!.RecallMemory();
            }
            else if (_isOff)
            {
                IPortableDevice device = session.Portable!;
                try
                {
                    ImageReader reader = ImageReader.Open(_parkedIn!);
                    reader.VerifyPresence();
                    Replay.Objects(session, device);
                    OpenClState.Read(reader, session);
                    SessionImage.ReadMemory(reader, device, isLazy: true, memory.Begin());
                    // Memory is what the image holds: the next one costs what is written from here on.
                    _last = new SavedSession(0, 0, device.MarkMemory(), reader.Identity);
                    bytes = reader
                        .Manifest.Parts.Where(part => part.Name != SessionImage.ModulePart)
                        .Sum(part => (long)part.Bytes);
                }
                catch (IOException failure)
                {
                    Refuse(failure.Message);
                    return;
                }
            }
            _isOff = false;
            _condition = Condition.Running;
            supervisor.Tell(WorkerMessage.Resumed, Report(new SavedSession(bytes, 0, null, null), start));
            GoOn();
        }
    }

    private void Save(StateOrder order, bool isHeld)
    {
        lock (_gate)
        {
            if (_condition == Condition.Parked && _parkedIn is not null)
            {
                // Its image holds all of it.
                if (order.LeavesNode && Obstacle(order) is { } obstacle)
                {
                    Refuse(obstacle);
                    return;
                }
                CopyParked(order, isHeld);
                return;
            }
            if (_condition == Condition.Held)
            {
                Refuse("it is being handed over");
                return;
            }
            // Parked in the host's memory it is at rest already, and stays so.
            bool isParked = _condition == Condition.Parked;
            if (!TrySave(order, isParked, isDurable: !isHeld, out SavedSession saved, out long start))
            {
                return;
            }
            StateReport report = Report(saved, start);
            if (isHeld)
            {
                _condition = Condition.Held;
                report = Ends(report);
            }
            else if (!isParked)
            {
                GoOn();
            }
            supervisor.Tell(WorkerMessage.Saved, report);
        }
    }

    // Memory goes ahead while the program works; its calls wait from the start that is told on. On false it has been said why, and the session goes on.
    private bool TrySave(StateOrder order, bool isParked, bool isDurable, out SavedSession saved, out long start)
    {
        saved = default;
        start = Stopwatch.GetTimestamp();
        IPortableDevice? device = session.Portable;
        bool isAtRest = isParked;
        try
        {
            if (!isParked && Obstacle(order) is { } obstacle)
            {
                Refuse(obstacle);
                return false;
            }
            using SessionWriting writing = SessionWriting.Begin(device!, order.Folder!, _last);
            if (!isParked)
            {
                writing.GoAhead();
                start = Stopwatch.GetTimestamp();
                isAtRest = TryRest(order, out device);
                if (!isAtRest)
                {
                    return false;
                }
            }
            saved = writing.Finish(session, program, isDurable);
            _last = saved;
            return true;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            _last = default;
            if (isAtRest && !isParked)
            {
                GoOn();
            }
            Refuse($"its state cannot be written: {failure.Message}");
            return false;
        }
    }

    // What changed since the last time, while the program goes on.
    private void Copy(StateOrder order)
    {
        lock (_gate)
        {
            string? reason = _condition != Condition.Running ? "it is at rest: its image is whole" : Obstacle(order);
            if (reason is not null)
            {
                Refuse(reason);
                return;
            }
            try
            {
                using SessionWriting writing = SessionWriting.Begin(session.Portable!, order.Folder!, _last);
                _last = writing.Copy();
                supervisor.Tell(
                    WorkerMessage.Copied,
                    new StateReport { Bytes = _last.Bytes, WrittenBytes = _last.WrittenBytes }
                );
            }
            catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
            {
                _last = default;
                Refuse($"its memory cannot be written: {failure.Message}");
            }
        }
    }

    // For whoever goes on with the client.
    private StateReport Ends(StateReport report) =>
        report with
        {
            WindowBase = session.Window.Base,
            WindowBytes = session.Window.Bytes,
            Callbacks = session.Callbacks.Queued,
            Rings = session.Remote is not null
                ? []
                : [.. session.Rings.Positions().Select(ring => new RingPlace(ring.Slot, ring.Bytes, ring.Replies))],
        };

    private void GoOn()
    {
        loop.GoOn();
        session.Remote?.GoOn();
    }

    private void CopyParked(StateOrder order, bool isHeld)
    {
        if (order.Folder != _parkedIn)
        {
            Refuse($"it is parked; its image is in {_parkedIn}");
            return;
        }
        _condition = isHeld ? Condition.Held : _condition;
        supervisor.Tell(WorkerMessage.Saved, isHeld ? Ends(new StateReport()) : new StateReport());
    }

    private bool TryWrite(IPortableDevice device, string folder, bool isDurable, out SavedSession saved)
    {
        saved = default;
        try
        {
            saved = SessionImage.Write(session, device, program, folder, _last, isDurable);
            _last = saved;
            return true;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            _last = default;
            Refuse($"its state cannot be written: {failure.Message}");
            return false;
        }
    }

    private void Refuse(string reason)
    {
        // Whoever waits for room in the log gets none: the session goes on without it.
        if (session.CallLog is { IsFull: true } log)
        {
            log.GiveUp($"its log was full and no image could be written: {reason}");
        }
        Log.Error($"the session's state stays where it is: {reason}");
        supervisor.Tell(WorkerMessage.Refused, new StateReport { Reason = reason });
    }

    private static StateReport Report(SavedSession saved, long start) =>
        new()
        {
            Bytes = saved.Bytes,
            WrittenBytes = saved.WrittenBytes,
            PauseMilliseconds = Stopwatch.GetElapsedTime(start).TotalMilliseconds,
        };

    private static StateOrder Order(ReadOnlySpan<byte> body)
    {
        try
        {
            return JsonSerializer.Deserialize(body, RemoteJson.Default.StateOrder) ?? new StateOrder();
        }
        catch (JsonException)
        {
            return new StateOrder();
        }
    }
}
