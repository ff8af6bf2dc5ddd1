using Weir.Controller.Access;
using Weir.Controller.Leases;
using Weir.Controller.Placement;
using Weir.Controller.State;
using Weir.Controller.Store;
using Weir.Protocol.Agents;

namespace Weir.Controller.Sessions;

/// <summary>
/// Slices of leases whose sessions are all parked: they go back to the pool, because nobody used them or because others are to have them,
/// and are taken again, on the same devices, when a session wants them and the queue gives them. Both are on disk before an agent hears of
/// them, so that nothing is promised twice. Called under the gate.
/// </summary>
internal sealed class LeaseRooms(
    ClusterState state,
    CommitQueue commits,
    ControllerClock clock,
    AuditLog audit,
    LeaseService leases,
    Books books
)
{
    // An agent answers within a minute whatever its workers do; one of an older release never does.
    private const long AgentPatienceMs = 180_000;

    /// <summary>A session needs slices that went back to the pool.</summary>
    public Action<LeaseState> Wanted { get; set; } = _ => { };

    /// <summary>A lease that was to leave its devices stays on them, and why.</summary>
    public Action<LeaseState, string> Stays { get; set; } = (_, _) => { };

    /// <summary>A session of the lease opened, ended, was parked or came back.</summary>
    public void SessionsChanged(string id)
    {
        if (
            !state.Leases.TryGetValue(id, out var lease)
            || lease.Released
            || !lease.Durable
            || lease.Moving is not null
        )
        {
            return;
        }
        var sessions = state.SessionsOf(id);
        // One that waits would have the slices back at once.
        if (sessions.Count > 0 && sessions.All(session => session.Condition == "parked"))
        {
            Release(lease);
        }
    }

    /// <summary>A session of the lease needs the slices.</summary>
    public void Want(NodeState node, LeaseWant want)
    {
        if (
            !state.Leases.TryGetValue(want.Lease, out var lease)
            || lease.Epoch != want.Epoch
            || !lease.Nodes.Contains(node.Name)
        )
        {
            return;
        }
        if (!lease.Released && lease.Yielding is null)
        {
            Tell(lease);
            return;
        }
        // While it yields its agents hold its sessions; they get their slices back when their turn comes.
        lease.WantedSince ??= clock.Now;
        if (lease.Released)
        {
            Wanted(lease);
        }
    }

    /// <summary>Begins to take a lease off its devices for others. It has sessions, and its agents are there.</summary>
    public void Yield(LeaseState lease, string reason)
    {
        lease.Yielding = new LeaseYielding(reason, clock.Now + AgentPatienceMs, lease.Nodes);
        audit.Add(Caller.Controller, "lease.yield", lease.Id, reason);
        foreach (string name in lease.Nodes)
        {
            state
                .Nodes[name]
                .Link?.Send(
                    new ControllerMessage
                    {
                        Yield = new LeaseYield
                        {
                            Lease = lease.Id,
                            Epoch = lease.Epoch,
                            Reason = reason,
                        },
                    }
                );
        }
    }

    /// <summary>An agent's answer: the lease's sessions there are off their devices, or cannot be parked.</summary>
    public void Yielded(NodeState node, LeaseYielded said)
    {
        if (!state.Leases.TryGetValue(said.Lease, out var lease) || lease.Epoch != said.Epoch)
        {
            return;
        }
        if (lease.Yielding is not { } yielding || !yielding.Awaited.Contains(node.Name))
        {
            if (!lease.Released && said.Refusal.Length == 0)
            {
                // Too late, and nothing came of it: the slices are the lease's still.
                Tell(lease);
            }
            return;
        }
        if (said.Refusal.Length > 0)
        {
            Stay(lease, $"node {node.Name}: {said.Refusal}", toldBy: node);
            return;
        }
        yielding.Awaited.Remove(node.Name);
        if (yielding.Awaited.Count == 0 && !lease.Released)
        {
            Release(lease);
        }
    }

    /// <summary>An agent's stream has ended: what it does meanwhile is seen when it is back.</summary>
    public void AgentGone(NodeState node)
    {
        foreach (var lease in state.Leases.Values.Where(lease => lease.Yielding is not null).ToArray())
        {
            if (lease.Nodes.Contains(node.Name))
            {
                Stay(lease, $"node {node.Name} went away meanwhile", toldBy: node);
            }
        }
    }

    /// <summary>Time passed.</summary>
    public void Tick()
    {
        foreach (var lease in state.Leases.Values.Where(lease => lease.Yielding?.Deadline <= clock.Now).ToArray())
        {
            Stay(lease, $"no answer from {string.Join(", ", lease.Yielding!.Awaited)}", toldBy: null);
        }
    }

    /// <summary>Gives a lease its slices back, which the queue has found free. False when they are not.</summary>
    public bool TryTake(LeaseState lease)
    {
        if (lease is not { Released: true, Active: true, Moving: null } || !state.HasRoom(lease.Slices, lease.Pool))
        {
            return false;
        }
        Take(lease);
        return true;
    }

    // The agent that says so has let its sessions go on; the others hold theirs until they are told.
    private void Stay(LeaseState lease, string reason, NodeState? toldBy)
    {
        var yielding = lease.Yielding!;
        lease.Yielding = null;
        lease.WantedSince = null;
        foreach (string name in lease.Nodes.Where(name => name != toldBy?.Name && !yielding.Awaited.Contains(name)))
        {
            Tell(lease, name);
        }
        Stays(lease, reason);
    }

    private void Release(LeaseState lease)
    {
        string reason = lease.Yielding?.Reason ?? "all of its sessions are parked";
        bool wanted = lease is { Yielding: not null, WantedSince: not null };
        lease.Released = true;
        lease.Yielding = null;
        lease.WantedSince = wanted ? lease.WantedSince : null;
        state.Count(lease, -1);
        books.Released(lease);
        audit.Add(Caller.Controller, "lease.release", lease.Id, reason);
        commits.Post(new StoreWrite(Writes.LeaseReleased(lease.Id, true, clock.Now)));
        leases.Freed();
        if (wanted)
        {
            Wanted(lease);
        }
    }

    private void Take(LeaseState lease)
    {
        lease.Released = false;
        lease.WantedSince = null;
        state.Count(lease, +1);
        audit.Add(Caller.Controller, "lease.take", lease.Id, "a session wants it");
        commits.Post(
            new StoreWrite(
                Writes.LeaseReleased(lease.Id, false, clock.Now),
                () =>
                {
                    lock (state.Gate)
                    {
                        if (lease is { Active: true, Released: false })
                        {
                            Tell(lease);
                        }
                    }
                }
            )
        );
    }

    private void Tell(LeaseState lease)
    {
        foreach (string name in lease.Nodes)
        {
            Tell(lease, name);
        }
    }

    private void Tell(LeaseState lease, string name)
    {
        if (state.Nodes.TryGetValue(name, out var node) && node is { Link: { } link, Reconciled: true })
        {
            link.Send(
                new ControllerMessage
                {
                    Room = new LeaseRoom { Lease = lease.Id, Epoch = lease.Epoch },
                }
            );
        }
    }
}
