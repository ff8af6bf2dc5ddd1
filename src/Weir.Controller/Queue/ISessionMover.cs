using Weir.Controller.State;

namespace Weir.Controller.Queue;

/// <summary>
/// What the pool can do with what runs: take it off its devices, or move it to others. The scheduling library decides whom;
/// this says who may be asked, what it costs, and does it. Called under the gate.
/// </summary>
internal interface ISessionMover
{
    /// <summary>Whether running leases can be moved without their holders noticing.</summary>
    bool Moves { get; }

    /// <summary>Whether it may be taken off its devices for others.</summary>
    bool MayPark(WorkloadState? workload);

    /// <summary>
    /// Takes it off its devices: when this returns, its lease has ended and its workload will be queued again when its process
    /// has ended.
    /// </summary>
    /// <param name="lease">What it has.</param>
    /// <param name="workload">Its workload.</param>
    /// <param name="reason">Why, for people.</param>
    void Park(LeaseState lease, WorkloadState workload, string reason);
}
