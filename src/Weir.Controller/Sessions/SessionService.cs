using Weir.Controller.Access;
using Weir.Controller.State;
using Weir.Protocol.Agents;
using Weir.Protocol.Rest;
using SessionState = Weir.Controller.State.SessionState;

namespace Weir.Controller.Sessions;

/// <summary>What people ask of sessions: each request goes to the session's agent, whose answer is the caller's.</summary>
internal sealed class SessionService(ClusterState state, ControllerClock clock, AuditLog audit)
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
        try
        {
            var said = await answer.Task.WaitAsync(Patience);
            if (said.Refusal.Length > 0)
            {
                throw new ControlException(409, "refused", $"session {session}: {said.Refusal}");
            }
            return new SessionMoveView(session, (long)said.Bytes, (long)said.WrittenBytes, said.PauseMs);
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
        if (_pending.TryGetValue(said.Request, out var pending))
        {
            pending.Answer.TrySetResult(said);
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
            throw new ControlException(
                409,
                "away",
                $"session {session.Id}: the agent of node {session.Node} is away; the session goes on meanwhile"
            );
        }
        ulong request = 0;
        if (answer is not null)
        {
            request = ++_requests;
            _pending.Add(request, (session.Node, answer));
        }
        link.Send(
            new ControllerMessage
            {
                Session = new SessionCommand
                {
                    Request = request,
                    Session = session.Id[(session.Id.IndexOf('/') + 1)..],
                    Action = action,
                    Reason = reason,
                    Image = image ?? "",
                },
            }
        );
        return request;
    }

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
