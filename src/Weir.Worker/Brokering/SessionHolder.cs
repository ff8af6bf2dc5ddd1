using System.Globalization;
using System.Text.Json;
using Weir.Posix;
using Weir.Remote;
using Weir.Remote.Workers;
using Weir.Wire;
using Weir.Worker.Logging;
using Weir.Worker.Sessions;

namespace Weir.Worker.Brokering;

/// <summary>
/// What a broker does with the sessions of its workers when they shall be parked, saved, moved to another worker or brought back after
/// a worker's death. One thing at a time for each session; answers go to whoever asked.
/// </summary>
internal sealed unsafe class SessionHolder(
    SessionDesk desk,
    TimeSpan imageEvery,
    string onLoss,
    Func<WorkerSlot?> idleWorker
)
{
    // How long a session whose worker was lost waits for somebody to restore it.
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60);

    private readonly List<HeldSession> _sessions = [];

    /// <summary>Sessions whose workers were lost and that still may be restored.</summary>
    public IEnumerable<HeldSession> Lost =>
        _sessions.Where(session => session.Worker is null && session.Target is null);

    /// <summary>Something is still to be done, though no worker serves a client.</summary>
    public bool HasWork => _sessions.Exists(session => session.Worker is null);

    /// <summary>Milliseconds until something is due, for a poll; -1: nothing is.</summary>
    public int Timeout
    {
        get
        {
            DateTime next = DateTime.MaxValue;
            foreach (HeldSession session in _sessions)
            {
                next = session is { NeedsImage: true, Verb: null, State: "attached" } ? DateTime.UtcNow : next;
                next = session.NextImage < next ? session.NextImage : next;
                next = session.GivenUp < next ? session.GivenUp : next;
            }
            return next == DateTime.MaxValue
                ? -1
                : (int)Math.Clamp((next - DateTime.UtcNow).TotalMilliseconds + 1, 0, 3_600_000);
        }
    }

    /// <summary>A worker serves its client now; <paramref name="client"/> is the holder's from here on.</summary>
    public void Begin(WorkerSlot worker, int client)
    {
        string program = ClientProgram.Describe(worker.ClientProcessId).Path;
        HeldSession session = new(client, worker.ClientProcessId, program)
        {
            Worker = worker,
            NeedsImage = onLoss == StateOrder.Replay,
        };
        worker.Session = session;
        _sessions.Add(session);
        _ = UnixSocket.Send(worker.Control, [WorkerMessage.Descriptors]);
        Schedule(session);
    }

    /// <summary>Does what is due.</summary>
    public void Tick()
    {
        DateTime now = DateTime.UtcNow;
        foreach (HeldSession session in _sessions.ToArray())
        {
            if (session.NextImage <= now || session.NeedsImage)
            {
                if (session is { Verb: null, State: "attached", IsPortable: true })
                {
                    session.NeedsImage = false;
                    Begin(session, "snapshot", -1, new StateOrder(OwnFolder(session)), WorkerMessage.Snapshot);
                }
                Schedule(session);
            }
            if (session.GivenUp <= now && session.Target is null)
            {
                Log.Error(
                    $"the session of process {session.ProcessId} is given up: its worker was lost and nobody restored it"
                );
                Forget(session);
            }
        }
    }

    /// <summary>A request of a person.</summary>
    public void Ask(int connection, SessionRequest request)
    {
        if (request.Verb == "list")
        {
            desk.Answer(connection, new SessionAnswer { Sessions = [.. _sessions.Select(Entry)] });
            return;
        }
        HeldSession? session = _sessions.Find(one => one.ProcessId == request.Session);
        string? reason =
            session is null ? $"there is no session of process {request.Session}"
            : session.Verb is { } verb ? $"something else is under way with it ({verb})"
            : !session.IsPortable ? "its worker keeps its state to itself"
            : session.Worker is null && request.Verb != "restore" ? "its worker was lost; restore it first"
            : null;
        if (reason is not null)
        {
            desk.Answer(connection, new SessionAnswer { Reason = reason });
            return;
        }
        string folder = request.Folder ?? OwnFolder(session!);
        switch (request.Verb)
        {
            case "park":
                // Somebody who named a folder wants the image.
                StateOrder order = new(folder, ResumesByItself: true, InMemory: request.Folder is null);
                Begin(session!, request.Verb, connection, order, WorkerMessage.Park);
                break;
            case "resume":
                Begin(session!, request.Verb, connection, new StateOrder(folder), WorkerMessage.Resume);
                break;
            case "snapshot":
                Begin(session!, request.Verb, connection, new StateOrder(folder), WorkerMessage.Snapshot);
                break;
            case "move":
                Begin(
                    session!,
                    request.Verb,
                    connection,
                    new StateOrder(session!.ParkedIn ?? folder),
                    WorkerMessage.HandOver
                );
                break;
            case "restore" when session!.Worker is not null:
                desk.Answer(connection, new SessionAnswer { Reason = "it is not lost: a worker serves it" });
                break;
            case "restore" when (request.Folder ?? session!.Image) is { } image:
                (session!.Verb, session.Asker, session.Folder) = ("restore", connection, image);
                Restore(session, onLoss);
                break;
            default:
                desk.Answer(connection, new SessionAnswer { Reason = $"'{request.Verb}' cannot be done with it" });
                break;
        }
    }

    /// <summary>A worker said something that concerns its session; false when it was something else.</summary>
    public bool Hear(WorkerSlot worker, byte kind, ReadOnlySpan<byte> body, ReadOnlySpan<int> descriptors)
    {
        if (_sessions.Find(one => one.Worker == worker || one.Target == worker) is not { } session)
        {
            return false;
        }
        switch (kind)
        {
            case WorkerMessage.Descriptors when session.Segment < 0:
                (session.Segment, session.HostMemory, session.CallLog) = (
                    descriptors[0],
                    descriptors[1],
                    descriptors[2]
                );
                return true;
            case WorkerMessage.LogFills:
                session.NeedsImage = true;
                return true;
            case WorkerMessage.Parked:
                StateReport? parked = Report(body);
                session.State = "parked";
                session.Folder = parked?.InMemory == true ? null : session.Folder;
                session.ParkedIn = session.Folder;
                session.Image = session.Folder ?? session.Image;
                Done(session, parked);
                return true;
            case WorkerMessage.Wants:
                session.State = "waiting";
                return true;
            case WorkerMessage.Resumed when worker == session.Target:
                TakenOver(session, Report(body));
                return true;
            case WorkerMessage.Resumed:
                (session.State, session.ParkedIn) = ("attached", null);
                if (session.Verb == "resume")
                {
                    Done(session, Report(body));
                }
                return true;
            case WorkerMessage.Saved when session.Verb == "move":
                session.Image = session.Folder;
                Restore(session, null);
                return true;
            case WorkerMessage.Saved:
                session.Image = session.Folder;
                Done(session, Report(body));
                return true;
            case WorkerMessage.Refused when worker == session.Target:
                TargetFailed(session, Report(body)?.Reason ?? "the new worker refused it");
                return true;
            case WorkerMessage.Refused:
                Fail(session, Report(body)?.Reason ?? "the worker refused");
                return true;
            default:
                return false;
        }
    }

    /// <summary>A worker has ended. True when its session goes on, or may.</summary>
    /// <param name="worker">The worker.</param>
    /// <param name="wasKilled">It did not end by itself.</param>
    public bool Ended(WorkerSlot worker, bool wasKilled)
    {
        if (_sessions.Find(one => one.Target == worker) is { } taken)
        {
            TargetFailed(taken, "the new worker has died");
            return true;
        }
        if (worker.Session is not { } session || session.Worker != worker)
        {
            return worker.Session is not null;
        }
        if (!wasKilled || session.Image is null || !session.IsPortable)
        {
            Fail(session, "its worker has ended");
            Forget(session);
            return false;
        }
        session.Worker = null;
        session.State = "lost";
        if (session.Target is not null)
        {
            // The new worker has all that it needs.
            return true;
        }
        Fail(session, "its worker has died");
        session.GivenUp = DateTime.UtcNow + s_patience;
        Log.Error($"the worker of process {session.ProcessId} has died; its last image is in {session.Image}");
        if (imageEvery > TimeSpan.Zero)
        {
            (session.Verb, session.Folder) = ("restore", session.Image);
            Restore(session, onLoss);
        }
        return true;
    }

    /// <summary>Whoever asked over that connection has gone.</summary>
    public void AskerGone(int connection)
    {
        foreach (HeldSession session in _sessions.Where(session => session.Asker == connection))
        {
            session.Asker = -1;
        }
    }

    /// <summary>The client of a lost session has gone.</summary>
    public void ClientGone(HeldSession session) => Forget(session);

    private static void Begin(HeldSession session, string verb, int asker, StateOrder order, byte kind)
    {
        (session.Verb, session.Asker, session.Folder) = (verb, asker, order.Folder);
        Tell(session.Worker!, kind, order);
    }

    private void Restore(HeldSession session, string? loss)
    {
        WorkerSlot? target = idleWorker();
        if (target is null)
        {
            TargetFailed(session, "there is no worker to take it");
            return;
        }
        session.Target = target;
        target.ClientProcessId = session.ProcessId;
        byte[] message =
        [
            WorkerMessage.Restore,
            .. JsonSerializer.SerializeToUtf8Bytes(
                new StateOrder(session.Folder, Loss: loss),
                RemoteJson.Default.StateOrder
            ),
        ];
        int* descriptors = stackalloc int[4] { session.Client, session.Segment, session.HostMemory, session.CallLog };
        fixed (byte* data = message)
        {
            // Should it fail, the worker has died and is buried soon.
            _ = DescriptorSocket.TrySend(
                target.Control,
                data,
                (nuint)message.Length,
                descriptors,
                session.CallLog < 0 ? 3 : 4
            );
        }
    }

    private void TakenOver(HeldSession session, StateReport? report)
    {
        if (session.Worker is { } old)
        {
            // Its end is not the session's any more.
            old.ClientProcessId = 0;
            old.IsSilent = true;
            _ = UnixSocket.Send(old.Control, [WorkerMessage.Leave]);
        }
        session.Worker = session.Target;
        session.Worker!.Session = session;
        session.Target = null;
        (session.State, session.ParkedIn) = ("attached", null);
        // What was done again need not be done a third time.
        session.NeedsImage |= onLoss == StateOrder.Replay;
        session.GivenUp = DateTime.MaxValue;
        Schedule(session);
        Done(session, report);
    }

    // Roll-back: the old worker still has everything.
    private void TargetFailed(HeldSession session, string reason)
    {
        if (session.Target is { } target)
        {
            target.ClientProcessId = 0;
            target.IsSilent = true;
            session.Target = null;
        }
        if (session.Worker is { } old)
        {
            _ = UnixSocket.Send(old.Control, [WorkerMessage.Resume]);
        }
        else if (session.GivenUp == DateTime.MaxValue)
        {
            session.GivenUp = DateTime.UtcNow + s_patience;
        }
        Fail(session, reason);
    }

    private void Done(HeldSession session, StateReport? report)
    {
        SessionAnswer answer = new() { Report = report, Folder = session.Verb == "resume" ? null : session.Folder };
        (int asker, session.Verb, session.Asker) = (session.Asker, null, -1);
        desk.Answer(asker, answer);
    }

    private void Fail(HeldSession session, string reason)
    {
        if (session.Verb is null)
        {
            return;
        }
        if (session.Asker < 0)
        {
            Log.Error($"{session.Verb} of the session of process {session.ProcessId}: {reason}");
        }
        (int asker, session.Verb, session.Asker) = (session.Asker, null, -1);
        desk.Answer(asker, new SessionAnswer { Reason = reason });
    }

    private void Forget(HeldSession session)
    {
        _ = _sessions.Remove(session);
        session.Close();
        RemoveOwn(session);
    }

    private void Schedule(HeldSession session) =>
        session.NextImage = imageEvery > TimeSpan.Zero ? DateTime.UtcNow + imageEvery : DateTime.MaxValue;

    private static SessionEntry Entry(HeldSession session) =>
        new(
            session.ProcessId,
            session.Program,
            session.Worker?.ProcessId ?? 0,
            session.Verb == "move" || session.Target is not null ? "moving" : session.State,
            session.Image
        );

    private static void Tell(WorkerSlot worker, byte kind, StateOrder order) =>
        _ = UnixSocket.Send(
            worker.Control,
            [kind, .. JsonSerializer.SerializeToUtf8Bytes(order, RemoteJson.Default.StateOrder)]
        );

    private static StateReport? Report(ReadOnlySpan<byte> body)
    {
        try
        {
            return JsonSerializer.Deserialize(body, RemoteJson.Default.StateReport);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    // Images that nobody named a folder for live as long as the session.
    private static string OwnFolder(HeldSession session) =>
        Path.Combine(
            StateDirectory.Images ?? Path.GetTempPath(),
            string.Create(CultureInfo.InvariantCulture, $"{Environment.ProcessId}-{session.ProcessId}")
        );

    private static void RemoveOwn(HeldSession session)
    {
        try
        {
            string folder = OwnFolder(session);
            if (Directory.Exists(folder))
            {
                Directory.Delete(folder, recursive: true);
            }
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            Log.Error($"the image of an ended session stays behind: {failure.Message}");
        }
    }
}
