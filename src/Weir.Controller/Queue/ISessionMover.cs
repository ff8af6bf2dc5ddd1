using Weir.Controller.State;

namespace Weir.Controller.Queue;

/// <summary>
/// What the pool can do with what runs: take it off its devices, or move it to others. The scheduling library decides whom;
/// this says who may be asked, what it costs, and does it. Called under the gate.
/// </summary>
internal interface ISessionMover
{
    /// <summary>Whether it can be taken back for certain, so that it may have more than its project's quota.</summary>
    bool MayBorrow(WorkloadState? workload);

    /// <summary>Whether what has this lease may be taken off its devices for others now.</summary>
    bool MayPark(LeaseState lease);

    /// <summary>Bytes that taking it off its devices moves.</summary>
    long ParkBytes(LeaseState lease);

    /// <summary>
    /// Takes it off its devices, or begins to: its room is free when its slices are counted no more. That it stays where it is
    /// is told to the queue.
    /// </summary>
    /// <param name="lease">What it has.</param>
    /// <param name="reason">For whom and why, for people.</param>
    void Park(LeaseState lease, string reason);

    /// <summary>It could not be parked: what else frees its devices. False when nothing does.</summary>
    bool Stop(LeaseState lease, string reason);
}
