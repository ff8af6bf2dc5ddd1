using System.Diagnostics;
using System.Text.Json;
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
internal sealed class SessionControl(
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
    private Condition _condition;

    // The image that holds the memory of a parked session; null when the host's memory does.
    private string? _parkedIn;
    private bool _wants;

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
                Park(Order(body));
                return true;
            case WorkerMessage.Resume:
                Resume();
                return true;
            case WorkerMessage.Snapshot:
                Save(Order(body), isHeld: false);
                return true;
            case WorkerMessage.HandOver:
                Save(Order(body), isHeld: true);
                return true;
            case WorkerMessage.Leave when _condition == Condition.Held:
                // The session is another worker's now: no word to the client, no summary.
                Posix.Libc._exit(0);
                return true;
            case WorkerMessage.Leave:
                Refuse("the session was not handed over");
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

    /// <summary>Says again what holds, to a supervisor that has come later.</summary>
    public void Repeat()
    {
        lock (_gate)
        {
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
            if (_condition != Condition.Running)
            {
                Refuse(_condition == Condition.Parked ? "it is parked already" : "it is being handed over");
                return;
            }
            long start = Stopwatch.GetTimestamp();
            if (!TryRest(order.Folder, out IPortableDevice? device))
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
                    loop.GoOn();
                    return;
                }
                device!.DiscardMemory();
                OpenClState.Discard(session);
            }
            _parkedIn = isInMemory ? null : order.Folder;
            _condition = Condition.Parked;
            _wants = false;
            supervisor.Tell(WorkerMessage.Parked, Report(saved, start) with { InMemory = isInMemory });
            loop.Watch(order.ResumesByItself ? Resume : Want);
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
            if (_condition == Condition.Parked && _parkedIn is null)
            {
                session.Portable!.RecallMemory();
            }
            else if (_condition == Condition.Parked)
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
            _condition = Condition.Running;
            supervisor.Tell(WorkerMessage.Resumed, Report(new SavedSession(bytes, 0, null, null), start));
            loop.GoOn();
        }
    }

    private void Save(StateOrder order, bool isHeld)
    {
        lock (_gate)
        {
            if (_condition == Condition.Parked && _parkedIn is not null)
            {
                // Its image holds all of it.
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
            if (isHeld)
            {
                _condition = Condition.Held;
            }
            else if (!isParked)
            {
                loop.GoOn();
            }
            supervisor.Tell(WorkerMessage.Saved, Report(saved, start));
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
            if (!isParked && Obstacle(order.Folder) is { } obstacle)
            {
                Refuse(obstacle);
                return false;
            }
            using SessionWriting writing = SessionWriting.Begin(device!, order.Folder!, _last);
            if (!isParked)
            {
                writing.GoAhead();
                start = Stopwatch.GetTimestamp();
                isAtRest = TryRest(order.Folder, out device);
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
                loop.GoOn();
            }
            Refuse($"its state cannot be written: {failure.Message}");
            return false;
        }
    }

    private void CopyParked(StateOrder order, bool isHeld)
    {
        if (order.Folder != _parkedIn)
        {
            Refuse($"it is parked; its image is in {_parkedIn}");
            return;
        }
        _condition = isHeld ? Condition.Held : _condition;
        supervisor.Tell(WorkerMessage.Saved, new StateReport());
    }

    // Nothing more is taken from the client, and all that was is done. On false it has been said why, and the session goes on.
    private bool TryRest(string? folder, out IPortableDevice? device)
    {
        device = session.Portable;
        string? reason = Obstacle(folder);
        if (reason is null && !TryHalt())
        {
            reason = $"a call has not come to its end within {s_patience.TotalSeconds:0} s";
        }
        else if (reason is null)
        {
            reason = Drain(device!);
            if (reason is not null)
            {
                loop.GoOn();
            }
        }
        if (reason is not null)
        {
            Refuse(reason);
        }
        return reason is null;
    }

    private string? Obstacle(string? folder) =>
        folder is null ? "no folder was named"
        : session.Portable is null ? "its device is a real one, whose state cannot leave it yet"
        : session.Remote is not null ? "its client is on another node"
        : session.Journal.Never is { Count: > 0 } never
            ? $"it has state that cannot be carried, from {string.Join(", ", never.Select(CallTable.Name))}"
        : !memory.TryAwait(s_patience)
            ? $"its memory has not come back from its last image within {s_patience.TotalSeconds:0} s"
        : null;

    // A command whose data the client is moving goes on until it has moved.
    private bool TryHalt()
    {
        long start = Stopwatch.GetTimestamp();
        while (loop.TryHalt(s_patience))
        {
            if (!session.OpenCl.IsOpen || session.OpenCl.Turns.IsEmpty)
            {
                return true;
            }
            loop.GoOn();
            if (Stopwatch.GetElapsedTime(start) > s_patience)
            {
                return false;
            }
            Thread.Sleep(1);
        }
        return false;
    }

    private string? Drain(IPortableDevice device)
    {
        long start = Stopwatch.GetTimestamp();
        var wait = new SpinWait();
        while (!device.IsIdle || session.Callbacks.HasPending)
        {
            if (session.HasEnded)
            {
                return "its client has gone";
            }
            if (Stopwatch.GetElapsedTime(start) > s_patience)
            {
                return session.Callbacks.HasPending
                    ? $"the program has not run its host functions within {s_patience.TotalSeconds:0} s"
                    : $"work on the device has not come to its end within {s_patience.TotalSeconds:0} s";
            }
            wait.SpinOnce();
        }
        return OpenClState.Drain(session, s_patience);
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
