using Weir.Controller.State;
using Weir.Controller.Workloads;

namespace Weir.Controller.Leases;

/// <summary>
/// Serves what waits for room: claims whose caller waits and queued workloads, by priority, then by age. What does not fit
/// lets smaller ones pass.
/// </summary>
internal sealed class ClaimQueue(
    ClusterState state,
    LeaseService leases,
    WorkloadService workloads,
    ControllerClock clock
)
{
    private bool _serving;
    private bool _again;

    /// <summary>Tries all that waits. Called under the gate.</summary>
    public void Serve()
    {
        if (_serving)
        {
            // What is being served changed the room itself.
            _again = true;
            return;
        }
        _serving = true;
        try
        {
            do
            {
                _again = false;
                ServeOnce();
            } while (_again);
        }
        finally
        {
            _serving = false;
        }
    }

    private void ServeOnce()
    {
        List<(int Priority, long Since, Action Try)> waiting = [];
        foreach (var pending in leases.Pending)
        {
            waiting.Add((pending.Claim.Priority, pending.Since, () => Try(pending)));
        }
        foreach (var workload in state.Workloads.Values)
        {
            if (workload.State == "queued")
            {
                waiting.Add(
                    (workload.Request.Claim?.Priority ?? 0, workload.SubmittedAt, () => workloads.TryStart(workload))
                );
            }
        }
        foreach (var (_, _, attempt) in waiting.OrderByDescending(one => one.Priority).ThenBy(one => one.Since))
        {
            attempt();
        }
    }

    private void Try(PendingClaim pending)
    {
        if (pending.Answer.Task.IsCompleted)
        {
            leases.Remove(pending);
            return;
        }
        var refusal = leases.TryPlace(pending.Claim, out var slices);
        if (refusal is null)
        {
            leases.Remove(pending);
            var grant = leases.Grant(pending.Claim, slices!);
            _ = grant.ContinueWith(
                done =>
                {
                    if (done.IsFaulted)
                    {
                        pending.Answer.TrySetException(done.Exception!.InnerException!);
                    }
                    else if (!pending.Answer.TrySetResult(done.Result))
                    {
                        // The caller left while the grant was being written.
                        lock (state.Gate)
                        {
                            if (state.Leases.TryGetValue(done.Result.Lease.Id, out var lease))
                            {
                                leases.End(lease, "its claimant left");
                            }
                        }
                    }
                },
                TaskScheduler.Default
            );
        }
        else if (refusal.Status != 409 || pending.Until <= clock.Now)
        {
            leases.Remove(pending);
            pending.Answer.TrySetException(refusal);
        }
    }
}
