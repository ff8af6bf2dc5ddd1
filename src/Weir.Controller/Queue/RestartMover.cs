using Weir.Controller.Leases;
using Weir.Controller.State;
using Weir.Controller.Workloads;

namespace Weir.Controller.Queue;

/// <summary>Makes room by stopping workloads that allow it; they are queued again and start from their beginning.</summary>
internal sealed class RestartMover(LeaseService leases, WorkloadService workloads) : ISessionMover
{
    public bool Moves => false;

    public bool MayPark(WorkloadState? workload) => workload?.Request.Requeue == true;

    public void Park(LeaseState lease, WorkloadState workload, string reason)
    {
        // The lease first: its end reaches the agents before the grant that gets its room.
        leases.End(lease, reason);
        workloads.StopForOthers(workload, reason);
    }
}
