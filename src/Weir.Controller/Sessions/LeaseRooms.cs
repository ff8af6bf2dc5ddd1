using Weir.Controller.Access;
using Weir.Controller.Leases;
using Weir.Controller.Placement;
using Weir.Controller.State;
using Weir.Controller.Store;
using Weir.Protocol.Agents;

namespace Weir.Controller.Sessions;

/// <summary>
/// Slices of leases whose sessions are all parked: they go back to the pool, and are taken again, on the same devices, when a session wants
/// them. Both are on disk before an agent hears of them, so that nothing is promised twice. Called under the gate.
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
    private bool _serving;

    /// <summary>A session of the lease opened, ended, was parked or came back.</summary>
    public void SessionsChanged(string id)
    {
        if (!state.Leases.TryGetValue(id, out var lease) || lease.Released || !lease.Durable)
        {
            return;
        }
        var sessions = state.Sessions.Values.Where(session => session.Lease == id).ToArray();
        // One that waits would have the slices back at once.
        if (sessions.Length > 0 && sessions.All(session => session.Condition == "parked"))
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
        if (!lease.Released)
        {
            Tell(lease);
            return;
        }
        lease.WantedSince ??= clock.Now;
        Serve();
    }

    /// <summary>Gives slices back to leases that want them, as far as there is room: by priority, then by who waits longest.</summary>
    public void Serve()
    {
        if (_serving)
        {
            return;
        }
        _serving = true;
        try
        {
            foreach (
                var lease in state
                    .Leases.Values.Where(lease => lease.WantedSince is not null)
                    .OrderByDescending(lease => lease.Priority)
                    .ThenBy(lease => lease.WantedSince)
                    .ToArray()
            )
            {
                if (HasRoom(lease))
                {
                    Take(lease);
                }
            }
        }
        finally
        {
            _serving = false;
        }
    }

    private bool HasRoom(LeaseState lease)
    {
        var pool = state.Pools.GetValueOrDefault(lease.Pool);
        return pool is not null
            && lease.Slices.All(slice =>
                state.Devices.TryGetValue(slice.Uuid, out var device)
                && state.Placeable(device)
                && device.ComputeGranted + slice.Compute <= pool.ComputeLimit
                && device.MemoryGranted + slice.Memory <= (long)((Int128)device.Memory * pool.MemoryLimit / 100)
            );
    }

    private void Release(LeaseState lease)
    {
        lease.Released = true;
        lease.WantedSince = null;
        state.Count(lease, -1);
        books.Released(lease);
        audit.Add(Caller.Controller, "lease.release", lease.Id, "all of its sessions are parked");
        commits.Post(new StoreWrite(Writes.LeaseReleased(lease.Id, true)));
        leases.Freed();
    }

    private void Take(LeaseState lease)
    {
        lease.Released = false;
        lease.WantedSince = null;
        state.Count(lease, +1);
        books.Returned(lease);
        audit.Add(Caller.Controller, "lease.take", lease.Id, "a session wants it");
        commits.Post(
            new StoreWrite(
                Writes.LeaseReleased(lease.Id, false),
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
}
