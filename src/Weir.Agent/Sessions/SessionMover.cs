using System.Text.Json;
using Weir.Agent.Leases;
using Weir.Agent.Workers;
using Weir.Protocol.Agents;
using Weir.Remote;
using Weir.Remote.Workers;
using SessionAnswer = Weir.Protocol.Agents.SessionAnswer;

namespace Weir.Agent.Sessions;

/// <summary>
/// Takes sessions off their devices, brings them back, gives them to other workers of this node. A session whose lease may have lost its
/// slices meanwhile comes back only when the controller says that there is room. One thing at a time for each session. All methods are
/// called under the node's lock.
/// </summary>
internal sealed partial class SessionMover(Node node)
{
    private static readonly TimeSpan s_look = TimeSpan.FromSeconds(1);

    // How long a session whose worker died waits for somebody to restore it.
    private static readonly TimeSpan s_lostPatience = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan s_workerPatience = TimeSpan.FromSeconds(15);
    private Timer? _looking;

    /// <summary>Begins to look for sessions that make no calls.</summary>
    public void Watch() => _looking = new Timer(_ => Look(), null, s_look, s_look);

    /// <summary>Does what the controller asks; it is answered when it is done, or cannot be.</summary>
    public void Obey(SessionCommand command)
    {
        ClientSession? session = node.Sessions.All.FirstOrDefault(one => one.Record.Session == command.Session);
        if (session is not null && SessionCommandRules.IsEarly(session))
        {
            Await(session, command);
            return;
        }
        if (SessionCommandRules.Refusal(session, command) is { } reason)
        {
            Answer(command.Request, reason);
            return;
        }
        Log.Info($"session {command.Session}: {command.Action} ({command.Reason})");
        switch (command.Action)
        {
            case SessionAction.SessionPark when session!.Condition != SessionCondition.Attached:
            case SessionAction.SessionResume when session!.Condition == SessionCondition.Attached:
                Answer(command.Request, "");
                break;
            case SessionAction.SessionPark:
                Begin(session!, command, OwnFolder(session!), WorkerMessage.Park);
                break;
            case SessionAction.SessionResume:
                session!.Errand = new SessionErrand(command.Action, command.Request, session.Image!);
                Want(session);
                break;
            case SessionAction.SessionSnapshot:
                Begin(session!, command, NamedFolder(session!, command.Image), WorkerMessage.Snapshot);
                break;
            case SessionAction.SessionMigrate when command.Target is { } target:
                Depart(session!, command.Request, target).Start();
                break;
            case SessionAction.SessionMigrate when session!.Condition == SessionCondition.Attached:
                // Off the device first: both workers together must not have more of it than the lease.
                Begin(session!, command, OwnFolder(session!), WorkerMessage.Park);
                break;
            case SessionAction.SessionMigrate:
                Begin(session!, command, session!.Image!, WorkerMessage.HandOver);
                break;
            case SessionAction.SessionRestore:
                session!.Errand = new SessionErrand(
                    command.Action,
                    command.Request,
                    command.Image.Length > 0 ? NamedFolder(session, command.Image) : session.Image!
                );
                RestoreLater(session, "fail");
                break;
        }
    }

    /// <summary>The controller says that a lease's slices are its own.</summary>
    public void Room(LeaseRoom room)
    {
        if (node.Leases.Find(room.Lease) is not { } lease || lease.Epoch != room.Epoch)
        {
            return;
        }
        lease.IsReleased = false;
        lease.HasWanted = false;
        foreach (ClientSession session in lease.Sessions.Where(one => one.Errand?.Departure is null).ToArray())
        {
            if (session.Condition == SessionCondition.Waiting || session.Errand?.Action == SessionAction.SessionResume)
            {
                Resume(session);
            }
        }
        Monitor.PulseAll(node.Gate);
    }

    /// <summary>The controller, back again, says what of a lease is so.</summary>
    public void Reconciled(LeaseState lease, bool isReleased)
    {
        node.Yields.Forget(lease);
        lease.IsReleased = isReleased;
        lease.HasWanted = false;
        foreach (ClientSession session in lease.Sessions.Where(one => one.Errand?.Departure is null).ToArray())
        {
            if (session.Condition == SessionCondition.Waiting || session.Errand?.Action == SessionAction.SessionResume)
            {
                Want(session);
            }
        }
    }

    /// <summary>A session's worker serves it; what is needed to give the session to another one is asked for.</summary>
    public static void Opened(ClientSession session) =>
        _ = WorkerFarm.Tell(session.Worker, WorkerMessage.Descriptors, []);

    /// <summary>What a worker says of its session's state. False when it is something else.</summary>
    /// <param name="worker">Who says it.</param>
    /// <param name="kind">See <see cref="WorkerMessage"/>.</param>
    /// <param name="body">What follows.</param>
    /// <param name="first">A descriptor that came along, kept when it is of use; −1 afterwards.</param>
    /// <param name="second">Likewise.</param>
    public bool Hear(Worker worker, byte kind, ReadOnlySpan<byte> body, ref int first, ref int second)
    {
        ClientSession? session =
            worker.Session ?? node.Sessions.All.FirstOrDefault(one => one.Errand?.Target == worker);
        if (session is null)
        {
            return false;
        }
        switch (kind)
        {
            case WorkerMessage.Descriptors when second >= 0 && session.Segment < 0:
                (session.Segment, session.HostMemory) = (first, second);
                (first, second) = (-1, -1);
                DoEarly(session);
                node.Yields.Changed(session);
                return true;
            case WorkerMessage.Resumed or WorkerMessage.Refused when session.Record.IsArriving:
                session.Restored = Report(body);
                Monitor.PulseAll(node.Gate);
                return true;
            case WorkerMessage.Saved
            or WorkerMessage.Copied
            or WorkerMessage.Refused when session.Errand is { Departure: { } departure }:
                departure.Said(kind, Report(body));
                return true;
            case WorkerMessage.Wants when session.Errand is { Departure: not null }:
                // It is wanted where it goes, or asked for again when it goes on here.
                Become(session, SessionCondition.Waiting);
                return true;
            case WorkerMessage.Saved when session.Errand is null:
                // It stands for somebody that is no more.
                GoOn(session, session.Condition != SessionCondition.Attached);
                return true;
            case WorkerMessage.Parked:
                session.Image = session.Errand?.Folder ?? session.Image;
                Become(session, SessionCondition.Parked);
                if (session.Errand is { Action: SessionAction.SessionMigrate } errand)
                {
                    Tell(session.Worker, WorkerMessage.HandOver, new StateOrder(errand.Folder));
                    return true;
                }
                Done(session, Report(body));
                return true;
            case WorkerMessage.Wants:
                Become(session, SessionCondition.Waiting);
                Want(session);
                return true;
            case WorkerMessage.Resumed when session.Errand?.Target == worker:
                TakenOver(session, worker, Report(body));
                return true;
            case WorkerMessage.Resumed:
                Become(session, SessionCondition.Attached);
                Done(session, Report(body), SessionAction.SessionResume);
                return true;
            case WorkerMessage.Saved when session.Errand is { Action: SessionAction.SessionMigrate }:
                RestoreLater(session, null);
                return true;
            case WorkerMessage.Saved:
                session.Image = session.Errand?.Folder ?? session.Image;
                Done(session, Report(body));
                return true;
            case WorkerMessage.Refused when session.Errand?.Target == worker:
                TargetFailed(session, Report(body).Reason ?? "the new worker refused it");
                return true;
            case WorkerMessage.Refused:
                session.IsComingBack = false;
                Fail(session, Report(body).Reason ?? "its worker refused");
                return true;
            case WorkerMessage.Idle:
                session.IdleSeconds = Report(body).IdleSeconds;
                ParkWhenIdle(session);
                return true;
            default:
                return false;
        }
    }

    /// <summary>A worker has ended. True when its session goes on without it, or is none of its any more.</summary>
    /// <param name="worker">The worker.</param>
    /// <param name="wasKilled">It did not end by itself.</param>
    public bool Ended(Worker worker, bool wasKilled)
    {
        if (node.Sessions.All.FirstOrDefault(one => one.Errand?.Target == worker) is { } taken)
        {
            TargetFailed(taken, "the new worker has died");
            return true;
        }
        if (worker.Session is { EndReason: null, Errand.Departure: { } departure })
        {
            // What becomes of the session depends on how far it is.
            departure.WorkerGone(worker.LastWord);
            return true;
        }
        return wasKilled && worker.Session is { } session && Lose(session);
    }

    // False: there is nothing that it could be restored from.
    private bool Lose(ClientSession session)
    {
        if (session.Image is null || !session.IsPortable || session.EndReason is not null)
        {
            return false;
        }
        session.Carry(session.Page.Read(session.Record.Slot));
        session.Page.Clear(session.Record.Slot);
        Fail(session, "its worker has died");
        Become(session, SessionCondition.Lost);
        session.Deadline = node.Sessions.Later(
            session,
            s_lostPatience,
            () => node.Sessions.Ended(session, "worker crashed, and nobody restored the session")
        );
        Log.Error($"session {session.Record.Session} has lost its worker; its last image is in {session.Image}");
        return true;
    }

    /// <summary>Whether a new session may begin at once; otherwise the controller is asked for the lease's slices.</summary>
    public bool HasRoom(LeaseState lease)
    {
        if (!lease.MayBeReleased)
        {
            return true;
        }
        Want(lease);
        return false;
    }

    private void Begin(ClientSession session, SessionCommand command, string folder, byte kind)
    {
        try
        {
            ImageFolders.Prepare(folder, session.Worker.User);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            string reason = $"its image cannot be written: {failure.Message}";
            _ = node.Yields.Failed(session, reason);
            Answer(command.Request, reason);
            return;
        }
        session.Errand = new SessionErrand(command.Action, command.Request, folder);
        Tell(session.Worker, kind, new StateOrder(folder));
    }

    private void Look()
    {
        lock (node.Gate)
        {
            foreach (ClientSession session in node.Sessions.All)
            {
                if (
                    session.Lease.Grant.IdleReleaseMs > 0
                    && session
                        is { Condition: SessionCondition.Attached, Errand: null, CannotPark: false, IsOpen: true }
                    && !SessionCommandRules.IsEarly(session)
                )
                {
                    _ = WorkerFarm.Tell(session.Worker, WorkerMessage.Idle, []);
                }
            }
        }
    }

    private void ParkWhenIdle(ClientSession session)
    {
        uint limit = session.Lease.Grant.IdleReleaseMs;
        if (
            limit > 0
            && session is { Condition: SessionCondition.Attached, Errand: null }
            && session.IdleSeconds * 1000 >= limit
        )
        {
            var command = new SessionCommand { Session = session.Record.Session, Action = SessionAction.SessionPark };
            Begin(session, command, OwnFolder(session), WorkerMessage.Park);
        }
    }

    private void Want(ClientSession session)
    {
        if (session.Lease.MayBeReleased)
        {
            Want(session.Lease);
        }
        else
        {
            Resume(session);
        }
    }

    private void Want(LeaseState lease)
    {
        if (!lease.HasWanted)
        {
            lease.HasWanted = true;
            node.Tell(
                new AgentMessage
                {
                    Want = new LeaseWant { Lease = lease.Name, Epoch = lease.Epoch },
                }
            );
        }
    }

    private static void Resume(ClientSession session)
    {
        session.IsComingBack = true;
        Tell(session.Worker, WorkerMessage.Resume, new StateOrder());
    }

    private void Become(ClientSession session, SessionCondition condition)
    {
        session.IsComingBack = false;
        if (session.Condition == condition)
        {
            return;
        }
        session.Condition = condition;
        node.Sessions.Keep(session);
        node.Tell(new AgentMessage { Session = session.ToMessage() });
        node.Leases.HoldersChanged(session.Lease);
        node.Yields.Changed(session);
    }

    private void Done(ClientSession session, StateReport report, SessionAction? only = null)
    {
        if (session.Errand is not { } errand || (only is { } action && errand.Action != action))
        {
            return;
        }
        session.Errand = null;
        string lost = report.LostCalls
            ? "the session is attached again, but its program had made calls since the image was written: its contexts have failed"
            : "";
        Answer(errand.Request, lost, report);
        node.Yields.Changed(session);
    }

    private void Fail(ClientSession session, string reason)
    {
        if (session.Errand is not { } errand)
        {
            return;
        }
        session.Errand = null;
        if (errand.Action == SessionAction.SessionPark && node.Yields.Failed(session, reason))
        {
            Answer(errand.Request, reason);
            return;
        }
        if (errand.Request == 0)
        {
            // Not asked again and again.
            session.CannotPark = true;
            Log.Error($"session {session.Record.Session} is idle and stays where it is: {reason}");
        }
        Answer(errand.Request, reason);
        node.Yields.Changed(session);
    }

    private void Answer(ulong request, string refusal, StateReport? report = null)
    {
        if (request == 0)
        {
            return;
        }
        node.Tell(
            new AgentMessage
            {
                SessionAnswer = new SessionAnswer
                {
                    Request = request,
                    Refusal = refusal,
                    Bytes = (ulong)(report?.Bytes ?? 0),
                    WrittenBytes = (ulong)(report?.WrittenBytes ?? 0),
                    PauseMs = (uint)Math.Clamp(report?.PauseMilliseconds ?? 0, 0, uint.MaxValue),
                },
            }
        );
    }

    private static void Tell(Worker worker, byte kind, StateOrder order) =>
        // Should it not listen, it has ended, and its session with it.
        _ = WorkerFarm.Tell(worker, kind, Encode(order));

    private static StateReport Report(ReadOnlySpan<byte> body)
    {
        try
        {
            return JsonSerializer.Deserialize(body, RemoteJson.Default.StateReport) ?? new StateReport();
        }
        catch (JsonException)
        {
            return new StateReport { Reason = "its worker answers something malformed" };
        }
    }

    private string OwnFolder(ClientSession session) => node.Sessions.ImageOf(session);

    // Of the lease's user: others cannot name it.
    private string NamedFolder(ClientSession session, string name)
    {
        string user = string.Concat(session.Lease.Grant.User.Select(c => char.IsAsciiLetterOrDigit(c) ? c : '_'));
        return Path.Combine(node.Folders.Images, "named", user.Length > 0 ? user : "_", name);
    }
}
