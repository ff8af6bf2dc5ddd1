using Weir.Controller.Access;
using Weir.Controller.Leases;
using Weir.Controller.Placement;
using Weir.Controller.State;

namespace Weir.Controller.Queue;

/// <summary>Takes queued workloads into the books, and those that are over out of them. Called under the gate.</summary>
internal sealed class WorkloadIntake(ClusterState state, Books books, AwaitedStarts awaited)
{
    /// <summary>Those that came.</summary>
    public List<QueueEntry> Take()
    {
        List<QueueEntry> fresh = [];
        foreach (var workload in state.Workloads.Values)
        {
            if (workload.State != "queued")
            {
                continue;
            }
            var entry = books.OfWorkload(workload.Id);
            if (entry is not null && (entry.Claim is null) != (workload.Request.Claim is null))
            {
                // It ran before this controller started: what it asks for is looked up anew.
                books.Remove(entry);
                entry = null;
            }
            if (entry is null)
            {
                if (Enter(workload) is { } entered)
                {
                    fresh.Add(entered);
                }
            }
            else if (entry.Lease is null && books.Runs(entry) && !awaited.Has(entry))
            {
                books.StartFailed(entry, () => null);
            }
        }
        foreach (var entry in books.Entries.Where(IsOver).ToArray())
        {
            books.Remove(entry);
        }
        return fresh;
    }

    private bool IsOver(QueueEntry entry) =>
        entry is { Workload: { } workload, Lease: null }
        && (workload.Ended || workload.State == "waiting" || !state.Workloads.ContainsKey(workload.Id));

    private QueueEntry? Enter(WorkloadState workload)
    {
        try
        {
            ResolvedClaim? claim = null;
            if (workload.Request.Claim is { } asked)
            {
                // Membership was checked at the submission; the operator's right stands in for it here.
                claim = ClaimRules.Resolve(state, new Caller(workload.User, true), asked, workload.Id) with
                {
                    Program = workload.Request.Name,
                };
            }
            return books.Enter(workload, claim);
        }
        catch (ControlException refusal)
        {
            workload.Reason = refusal.Message;
            return null;
        }
    }
}
