using Weir.Controller.Access;
using Weir.Controller.State;
using Weir.Protocol.Agents;
using Weir.Protocol.Rest;
using SessionState = Weir.Controller.State.SessionState;

namespace Weir.Controller.Sessions;

/// <summary>What people ask of sessions: each request goes to the session's agent, whose answer is the caller's.</summary>
internal sealed class SessionService(ClusterState state, ControllerClock clock, AuditLog audit, LeaseMoves travels)
{
    // A session that comes back may have to wait for room, so this is long; resting takes 20 s at most, and then the disk counts.
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(10);

    private readonly Dictionary<ulong, (string Node, TaskCompletionSource<SessionAnswer> Answer)> _pending = [];
    private ulong _requests = (ulong)clock.Now << 16;

    /// <summary>Has something done with a session; throws <see cref="ControlException"/> with the agent's reason when it is not.</summary>
    /// <param name="caller">Who asks.</param>
    /// <param name="id">"node/s-…", or "s-…" when that is one only.</param>
    /// <param name="action">What.</param>
    /// <param name="image">Name of an image on the node.</param>
    public async Task<SessionMoveView> DoAsync(Caller caller, string id, SessionAction action, string? image = null)
    {
        var answer = new TaskCompletionSource<SessionAnswer>(TaskCreationOptions.RunContinuationsAsynchronously);
        ulong request;
        string session;
        lock (state.Gate)
        {
            var found = Find(caller, id);
            session = found.Id;
            request = Send(found, action, caller.User, image, answer);
            audit.Add(caller, $"session.{Name(action)}", session, image ?? "");
        }
        var done = await AwaitAsync(request, session, answer);
        return new SessionMoveView(session, (long)done.Bytes, (long)done.WrittenBytes, done.PauseMs);
    }

    /// <summary>Has a session go on on another node; throws <see cref="ControlException"/> when it does not.</summary>
    /// <param name="caller">Who asks.</param>
    /// <param name="id">"node/s-…".</param>
    /// <param name="action">SESSION_MIGRATE, or SESSION_RESUME for one that is parked.</param>
    /// <param name="to">The node.</param>
    /// <param name="device">Which of its devices; null: where least is left over.</param>
    public async Task<SessionMoveView> GoAsync(
        Caller caller,
        string id,
        SessionAction action,
        string to,
        string? device = null
    )
    {
        var answer = new TaskCompletionSource<SessionAnswer>(TaskCreationOptions.RunContinuationsAsynchronously);
        SessionState found;
        ulong request;
        lock (state.Gate)
        {
            found = Find(caller, id);
            if (action == SessionAction.SessionResume && found.Condition == "attached")
            {
                throw new ControlException(
                    409,
                    "refused",
                    $"session {found.Id}: it is not parked; `weir migrate` moves one that runs"
                );
            }
            request = ++_requests;
        }
        if (action == SessionAction.SessionResume && found.Node == to)
        {
            return await DoAsync(caller, id, action);
        }
        lock (state.Gate)
        {
            _pending.Add(request, (found.Node, answer));
        }
        await StartAsync(found, to, request, caller.User, parksOtherwise: false, device);
        audit.Add(caller, $"session.{Name(action)}", found.Id, $"to {to}");
        var said = await AwaitAsync(request, found.Id, answer);
        return new SessionMoveView(
            $"{to}/{found.Id[(found.Id.IndexOf('/') + 1)..]}",
            (long)said.Bytes,
            (long)said.WrittenBytes,
            said.PauseMs,
            [.. said.PassBytes.Select(bytes => (long)bytes)]
        );
    }

    /// <summary>
    /// Has a lease's sessions leave their node without waiting for it: to another node when there is room, otherwise they are parked. Called under the gate.
    /// </summary>
    public void Evacuate(LeaseState lease, string reason)
    {
        if (state.SessionsOf(lease.Id) is not [{ } session, ..])
        {
            return;
        }
        ulong request = ++_requests;
        _ = GoOrParkAsync();

        async Task GoOrParkAsync()
        {
            try
            {
                await StartAsync(session, null, request, reason, parksOtherwise: true);
            }
            catch (ControlException)
            {
                lock (state.Gate)
                {
                    if (lease is { Active: true, Moving: null })
                    {
                        _ = Park(lease, reason);
                    }
                }
            }
        }
    }

    // Takes room over there, and then asks the session's agent.
    private async Task StartAsync(
        SessionState session,
        string? to,
        ulong request,
        string reason,
        bool parksOtherwise,
        string? device = null
    )
    {
        Task<MoveTarget> begun;
        lock (state.Gate)
        {
            if (state.Nodes.GetValueOrDefault(session.Node)?.Link is null)
            {
                throw Away(session);
            }
            begun = travels.Begin(session, to, request, parksOtherwise, device);
        }
        try
        {
            var target = await begun;
            lock (state.Gate)
            {
                if (state.Nodes.GetValueOrDefault(session.Node)?.Link is not { } link)
                {
                    throw Away(session);
                }
                link.Send(Command(session, SessionAction.SessionMigrate, request, reason, null, target));
            }
        }
        catch (ControlException failure)
        {
            lock (state.Gate)
            {
                _ = travels.Answered(new SessionAnswer { Request = request, Refusal = failure.Message }, out _);
                _pending.Remove(request);
            }
            throw;
        }
    }

    private async Task<SessionAnswer> AwaitAsync(
        ulong request,
        string session,
        TaskCompletionSource<SessionAnswer> answer
    )
    {
        try
        {
            var said = await answer.Task.WaitAsync(Patience);
            return said.Refusal.Length == 0
                ? said
                : throw new ControlException(409, "refused", $"session {session}: {said.Refusal}");
        }
        catch (TimeoutException)
        {
            throw new ControlException(
                504,
                "slow",
                $"session {session}: it is not done after {Patience.TotalMinutes:0} minutes, and goes on; `weir ps` shows what becomes of it"
            );
        }
        finally
        {
            lock (state.Gate)
            {
                _pending.Remove(request);
            }
        }
    }

    /// <summary>Has all sessions of a lease parked, without waiting for it; false when it has none, or an agent is away. Called under the gate.</summary>
    public bool Park(LeaseState lease, string reason)
    {
        var sessions = state.Sessions.Values.Where(session => session.Lease == lease.Id).ToArray();
        if (sessions.Length == 0 || lease.Nodes.Any(name => state.Nodes.GetValueOrDefault(name)?.Link is null))
        {
            return false;
        }
        foreach (var session in sessions.Where(session => session.Condition == "attached"))
        {
            _ = Send(session, SessionAction.SessionPark, reason, null, null);
        }
        return true;
    }

    /// <summary>An agent's answer. Called under the gate.</summary>
    public void Answered(SessionAnswer said)
    {
        _ = travels.Answered(said, out var parks);
        if (_pending.TryGetValue(said.Request, out var pending))
        {
            pending.Answer.TrySetResult(said);
        }
        if (parks is not null)
        {
            _ = Park(parks, $"it could not go to another node: {said.Refusal}");
        }
    }

    /// <summary>An agent's stream has ended: what it was asked may or may not have been done. Called under the gate.</summary>
    public void AgentGone(NodeState node)
    {
        foreach (var (asked, answer) in _pending.Values.ToArray())
        {
            if (asked == node.Name)
            {
                answer.TrySetResult(
                    new SessionAnswer
                    {
                        Refusal = $"node {node.Name} went away meanwhile: look at `weir ps` when it is back",
                    }
                );
            }
        }
    }

    private ulong Send(
        SessionState session,
        SessionAction action,
        string reason,
        string? image,
        TaskCompletionSource<SessionAnswer>? answer
    )
    {
        if (state.Nodes.GetValueOrDefault(session.Node)?.Link is not { } link)
        {
            throw Away(session);
        }
        ulong request = 0;
        if (answer is not null)
        {
            request = ++_requests;
            _pending.Add(request, (session.Node, answer));
        }
        link.Send(Command(session, action, request, reason, image, null));
        return request;
    }

    private static ControllerMessage Command(
        SessionState session,
        SessionAction action,
        ulong request,
        string reason,
        string? image,
        MoveTarget? target
    ) =>
        new()
        {
            Session = new SessionCommand
            {
                Request = request,
                Session = session.Id[(session.Id.IndexOf('/') + 1)..],
                Action = action,
                Reason = reason,
                Image = image ?? "",
                Target = target,
            },
        };

    private static ControlException Away(SessionState session) =>
        new(
            409,
            "away",
            $"session {session.Id}: the agent of node {session.Node} is away; the session goes on meanwhile"
        );

    private SessionState Find(Caller caller, string id)
    {
        var found = state
            .Sessions.Values.Where(session =>
                (session.Id == id || session.Id.EndsWith("/" + id, StringComparison.Ordinal))
                && caller.MayTouch(state, session.User, session.Project)
            )
            .ToArray();
        return found.Length == 1
            ? found[0]
            : throw ControlException.Unknown(
                "unknown-session",
                $"there is no open session {id} of yours: `weir ps` lists them"
            );
    }

    private static string Name(SessionAction action) => action.ToString()["Session".Length..].ToLowerInvariant();
}
