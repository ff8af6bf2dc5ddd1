using Weir.Controller.Access;
using Weir.Controller.Leases;
using Weir.Controller.Placement;
using Weir.Controller.State;
using Weir.Controller.Store;
using Weir.Protocol.Agents;
using SessionState = Weir.Controller.State.SessionState;

namespace Weir.Controller.Sessions;

/// <summary>
/// Leases that go to another node with their one session. The slices over there are taken first, and that is on disk before anybody hears of it; those
/// here are given back when the session's agent says that it has gone. In between the lease has both, so whatever ends, nothing is promised twice.
/// Called under the gate.
/// </summary>
internal sealed class LeaseMoves(
    ClusterState state,
    CommitQueue commits,
    ControllerClock clock,
    AuditLog audit,
    LeaseService leases,
    Books books
)
{
    /// <summary>Takes slices on another node; completes, on disk, with what the session's agent has to know.</summary>
    /// <param name="session">The session.</param>
    /// <param name="to">The node; null: any that has room.</param>
    /// <param name="request">Number of what its agent will be asked.</param>
    /// <param name="parksOtherwise">When it cannot go, it is to be parked.</param>
    /// <param name="wanted">Which device of the node; null: where least is left over.</param>
    /// <exception cref="ControlException">It cannot go there; says why.</exception>
    public Task<MoveTarget> Begin(
        SessionState session,
        string? to,
        ulong request,
        bool parksOtherwise,
        string? wanted = null
    )
    {
        if (!state.Leases.TryGetValue(session.Lease, out var lease) || !lease.Durable)
        {
            throw Refused(session, "its lease has ended");
        }
        if (Obstacle(session, lease, to) is { } obstacle)
        {
            throw Refused(session, obstacle);
        }
        var device = Choose(session, lease, to, wanted);
        var slice = lease.Slices[0] with { Node = device.Node, Uuid = device.Uuid };
        string secret = Identifiers.Secret();
        var move = new LeaseMove(
            device.Node,
            lease.Epoch + 1,
            [slice],
            Identifiers.Hash(secret),
            request,
            session.Id,
            parksOtherwise
        );
        lease.Moving = move;
        Take(lease, move);
        audit.Add(Caller.Controller, "lease.move", lease.Id, $"{session.Node} to {device.Node}");
        var node = state.Nodes[device.Node];
        var target = new MoveTarget
        {
            Node = node.Name,
            Address = node.Address,
            Fingerprint = node.Fingerprint,
            Epoch = move.Epoch,
            Secret = secret,
            Share = LeaseService.ShareOf(slice),
        };
        var done = new TaskCompletionSource<MoveTarget>(TaskCreationOptions.RunContinuationsAsynchronously);
        commits.Post(
            new StoreWrite(
                Writes.LeaseMoving(lease.Id, move),
                () =>
                {
                    lock (state.Gate)
                    {
                        if (lease.Active && lease.Moving == move)
                        {
                            Send(node.Name, new ControllerMessage { Grant = LeaseService.GrantFor(lease, node.Name) });
                            done.TrySetResult(target);
                        }
                        else
                        {
                            done.TrySetException(Refused(session, "its lease has ended"));
                        }
                    }
                }
            )
        );
        return done.Task;
    }

    /// <summary>What was taken over there counts, as after a start.</summary>
    public void Load()
    {
        foreach (var lease in state.Leases.Values.Where(lease => lease.Moving is not null).ToArray())
        {
            Take(lease, lease.Moving!);
        }
    }

    /// <summary>An agent has answered; what it was asked for by that number decides. True when it was such a move.</summary>
    public bool Answered(SessionAnswer said, out LeaseState? parks)
    {
        parks = null;
        var lease = state.Leases.Values.FirstOrDefault(lease => lease.Moving?.Request == said.Request);
        if (lease is null)
        {
            return false;
        }
        if (said.Refusal.Length == 0)
        {
            Finish(lease);
        }
        else
        {
            parks = lease.Moving!.ParksOtherwise ? lease : null;
            Abort(lease, said.Refusal);
        }
        return true;
    }

    /// <summary>An agent has said what sessions it has: what became of moves whose answer was lost shows.</summary>
    public void Reconciled(NodeState node, IEnumerable<SessionReport> reports)
    {
        Dictionary<string, SessionReport> there = [];
        foreach (var report in reports)
        {
            there[$"{node.Name}/{report.Session}"] = report;
        }
        foreach (var lease in state.Leases.Values.Where(lease => lease.Moving is not null).ToArray())
        {
            var move = lease.Moving!;
            if (!move.Session.StartsWith(node.Name + "/", StringComparison.Ordinal))
            {
                continue;
            }
            if (there.TryGetValue(move.Session, out var report))
            {
                if (!report.Leaving)
                {
                    Abort(lease, $"the agent of node {node.Name} went away meanwhile");
                }
            }
            else if (state.SessionsOf(lease.Id).Any(one => one.Node == move.Node))
            {
                Finish(lease);
            }
            else
            {
                Abort(lease, "the session has ended");
            }
        }
    }

    /// <summary>The lease has ended: what it had taken over there is free.</summary>
    public void Ended(LeaseState lease)
    {
        if (lease.Moving is { } move)
        {
            lease.Moving = null;
            Release(move);
        }
    }

    private static ControlException Refused(SessionState session, string reason) =>
        new(409, "refused", $"session {session.Id}: {reason}");

    private string? Obstacle(SessionState session, LeaseState lease, string? to) =>
        lease.Moving is { } move ? $"it is on its way to node {move.Node} already"
        : lease.Yielding is not null ? "its lease is leaving its devices for others"
        : to == session.Node ? $"it is on node {to} already"
        : to is not null && !state.Nodes.ContainsKey(to) ? $"there is no node {to}: `weir nodes` lists them"
        : to is not null && state.Nodes[to] is { Placeable: false }
            ? $"node {to} takes no sessions now: `weir nodes` says why"
        : lease.Slices.Count != 1
            ? $"its lease has {lease.Slices.Count} devices; only sessions of one device go to other nodes"
        : state.SessionsOf(lease.Id).Count != 1
            ? "its lease has other sessions, which would have to go along; that is not possible yet"
        : null;

    // Where least is left over, so that large rooms stay large.
    private DeviceState Choose(SessionState session, LeaseState lease, string? to, string? wanted)
    {
        var slice = lease.Slices[0];
        var kind = state.Devices.GetValueOrDefault(slice.Uuid)?.Kind;
        var fit = state
            .Devices.Values.Where(device =>
                (to is null ? device.Node != session.Node : device.Node == to)
                && (wanted is null || device.Uuid == wanted)
                && device.Kind == kind
                && device.Pool == lease.Pool
                && device.Memory >= slice.Memory
            )
            .ToArray();
        if (fit.Length == 0)
        {
            throw Refused(
                session,
                $"{(to is null ? "no other node" : $"node {to}")} has a device of kind {kind} in pool {lease.Pool} with {slice.Memory >> 20} MiB"
            );
        }
        return fit.Where(device => state.HasRoom([slice with { Node = device.Node, Uuid = device.Uuid }], lease.Pool))
                .OrderBy(device => device.MemoryGranted == 0)
                .ThenByDescending(device => device.ComputeGranted)
                .ThenBy(device => device.Uuid, StringComparer.Ordinal)
                .FirstOrDefault()
            ?? throw Refused(
                session,
                $"{(to is null ? "no other node" : $"node {to}")} has no room for {slice.Compute} % and {slice.Memory >> 20} MiB of a device"
            );
    }

    private void Take(LeaseState lease, LeaseMove move)
    {
        move.Shadow = new LeaseState
        {
            Id = lease.Id + "+",
            Epoch = move.Epoch,
            SecretHash = lease.SecretHash,
            Project = lease.Project,
            User = lease.User,
            Pool = lease.Pool,
            Priority = lease.Priority,
            Slices = move.Slices,
            GrantedAt = clock.Now,
        };
        state.Count(move.Shadow, +1);
        books.Returned(move.Shadow);
    }

    private void Release(LeaseMove move)
    {
        state.Count(move.Shadow!, -1);
        books.Released(move.Shadow!);
    }

    private void Finish(LeaseState lease)
    {
        var move = lease.Moving!;
        string[] before = [.. lease.Nodes];
        ulong epoch = lease.Epoch;
        if (!lease.Released)
        {
            state.Count(lease, -1);
        }
        books.Released(lease);
        Release(move);
        lease.Moving = null;
        lease.Slices = move.Slices;
        lease.Epoch = move.Epoch;
        lease.Released = false;
        lease.WantedSince = null;
        lease.HeldOn.Clear();
        if (move.IsHeld)
        {
            lease.HeldOn.Add(move.Node);
        }
        lease.AwaitedUntil = clock.Now + LeaseService.ClaimMs;
        state.Count(lease, +1);
        books.Returned(lease);
        audit.Add(Caller.Controller, "lease.moved", lease.Id, $"to {move.Node}");
        commits.Post(
            new StoreWrite(
                Writes.LeasePlaced(lease),
                () =>
                {
                    foreach (string node in before)
                    {
                        Revoke(node, lease.Id, epoch, $"moved to node {move.Node}");
                    }
                }
            )
        );
        leases.Freed();
    }

    private void Abort(LeaseState lease, string reason)
    {
        var move = lease.Moving!;
        lease.Moving = null;
        Release(move);
        audit.Add(Caller.Controller, "lease.stays", lease.Id, reason);
        commits.Post(
            new StoreWrite(
                Writes.LeaseMoving(lease.Id, null),
                () => Revoke(move.Node, lease.Id, move.Epoch, $"its session did not come: {reason}")
            )
        );
        leases.Freed();
    }

    private void Revoke(string node, string lease, ulong epoch, string reason)
    {
        lock (state.Gate)
        {
            Send(
                node,
                new ControllerMessage
                {
                    Revoke = new LeaseRevoke
                    {
                        Lease = lease,
                        Epoch = epoch,
                        Reason = reason,
                    },
                }
            );
        }
    }

    private void Send(string node, ControllerMessage message)
    {
        if (state.Nodes.TryGetValue(node, out var found) && found is { Link: { } link, Reconciled: true })
        {
            link.Send(message);
        }
    }
}
