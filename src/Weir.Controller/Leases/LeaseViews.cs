using Weir.Controller.State;
using Weir.Protocol.Rest;

namespace Weir.Controller.Leases;

/// <summary>Leases as people see them.</summary>
internal static class LeaseViews
{
    public static LeaseView Of(LeaseState lease) =>
        new(
            lease.Id,
            lease.Epoch,
            State(lease),
            lease.Project,
            lease.User,
            lease.Pool,
            lease.Program,
            lease.Workload,
            lease.Priority,
            lease.Slices,
            lease.GrantedAt,
            lease.ExpiresAt,
            lease.EndedAt,
            lease.Reason
        );

    private static string State(LeaseState lease)
    {
        if (!lease.Active)
        {
            return "ended";
        }
        if (lease.Released)
        {
            return lease.WantedSince is null ? "parked" : "waiting";
        }
        if (lease.HeldOn.Count > 0)
        {
            return "held";
        }
        return lease.WasHeld ? "away" : "granted";
    }
}
