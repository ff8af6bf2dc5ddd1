using Weir.Controller.Placement;
using Weir.Controller.State;
using Weir.Metering.Debt;

namespace Weir.Controller.Metering;

/// <summary>What waits for slices now.</summary>
internal static class LiveQueue
{
    public static IReadOnlyList<Waiting> Of(ClusterState state, Books books)
    {
        lock (state.Gate)
        {
            return
            [
                .. books
                    .Entries.Where(entry => entry is { Lease: null, Claim: not null })
                    .Select(entry => new Waiting(
                        entry.Pool,
                        entry.Since,
                        long.MaxValue,
                        entry.Claim!.Demand.Count,
                        entry.Claim.Demand.Compute,
                        entry.Claim.Demand.Memory ?? 0,
                        entry.Claim.Demand.Model,
                        entry.Project
                    )),
            ];
        }
    }
}
