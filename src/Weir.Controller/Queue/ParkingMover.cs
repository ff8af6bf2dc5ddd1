using Weir.Controller.Leases;
using Weir.Controller.Sessions;
using Weir.Controller.State;
using Weir.Controller.Workloads;

namespace Weir.Controller.Queue;

/// <summary>
/// Makes room by parking: the sessions of a lease leave their devices with all of their state, and come back when there is room. What has
/// no session, or one that cannot be parked, is stopped when it may be restarted, and else left alone.
/// </summary>
internal sealed class ParkingMover(
    ClusterState state,
    LeaseRooms rooms,
    LeaseService leases,
    WorkloadService workloads,
    ControllerClock clock
) : ISessionMover
{
    public bool MayBorrow(WorkloadState? workload) => workload?.Request.Requeue == true;

    public bool MayPark(LeaseState lease) => CanPark(lease) || CanStop(lease);

    public long ParkBytes(LeaseState lease)
    {
        long resident = 0;
        bool has = false;
        foreach (var session in state.SessionsOf(lease.Id))
        {
            has = true;
            resident += session.Condition == "attached" ? session.Memory : 0;
        }
        // Without a session what it may become is all that is known.
        return has ? resident : lease.Memory;
    }

    public void Park(LeaseState lease, string reason)
    {
        if (lease.Yielding is not null)
        {
            return;
        }
        if (CanPark(lease))
        {
            rooms.Yield(lease, reason);
        }
        else
        {
            Stop(lease, reason);
        }
    }

    public bool Stop(LeaseState lease, string reason)
    {
        if (!CanStop(lease))
        {
            return false;
        }
        var workload = state.Workloads[lease.Workload!];
        // The lease first: its end reaches the agents before the grant that gets its room.
        leases.End(lease, reason);
        workloads.StopForOthers(workload, reason);
        return true;
    }

    private bool CanStop(LeaseState lease) =>
        lease.Workload is { } id && state.Workloads.TryGetValue(id, out var workload) && MayBorrow(workload);

    // One that waits for its slices may be on its way back to them.
    private bool CanPark(LeaseState lease)
    {
        if (lease.Released || !lease.Durable || lease.Moving is not null || lease.StaysUntil > clock.Now)
        {
            return false;
        }
        bool has = false;
        foreach (var session in state.SessionsOf(lease.Id))
        {
            has = true;
            if (session.Condition == "waiting")
            {
                return false;
            }
        }
        return has
            && lease.Nodes.All(name =>
                state.Nodes.TryGetValue(name, out var node) && node is { Link: not null, Reconciled: true }
            );
    }
}
