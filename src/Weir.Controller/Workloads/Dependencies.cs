using Weir.Controller.Access;
using Weir.Controller.State;

namespace Weir.Controller.Workloads;

/// <summary>Workloads that wait for others. Called under the gate.</summary>
internal static class Dependencies
{
    /// <summary>All have succeeded.</summary>
    public const int Met = 1;

    /// <summary>One has ended otherwise.</summary>
    public const int Broken = 2;

    private const int Open = 0;

    /// <summary>Why a new workload waits; null: it need not. Throws on one that is unknown or has failed.</summary>
    public static string? Check(
        ClusterState state,
        Caller caller,
        IReadOnlyList<string>? after,
        Func<string, WorkloadState?> ended
    )
    {
        string? waits = null;
        foreach (string id in after ?? [])
        {
            var found = Named(state, id).ToList();
            if (found.Count == 0 && ended(id) is { } old)
            {
                found.Add(old);
                state.Workloads.TryAdd(old.Id, old);
            }
            if (found.Count == 0 || !caller.MayTouch(state, found[0].User, found[0].Project))
            {
                throw ControlException.Unknown(
                    "unknown-workload",
                    $"it is to run after {id}, and there is no such workload of yours"
                );
            }
            if (found.FirstOrDefault(one => one.Ended && one.State != "succeeded") is { } broken)
            {
                throw ControlException.Invalid($"it is to run after {id}, and {broken.Id} has {broken.State}");
            }
            if (found.Any(one => !one.Ended))
            {
                waits ??= $"waits for {id}";
            }
        }
        return waits;
    }

    /// <summary>How the workloads that this one waits for do now.</summary>
    public static int Look(ClusterState state, WorkloadState waiting)
    {
        bool met = true;
        foreach (string id in waiting.Request.After ?? [])
        {
            foreach (var one in Named(state, id))
            {
                if (one.Ended && one.State != "succeeded")
                {
                    return Broken;
                }
                met &= one.Ended;
            }
        }
        return met ? Met : Open;
    }

    private static IEnumerable<WorkloadState> Named(ClusterState state, string id) =>
        state.Workloads.Values.Where(one => one.Id == id || one.Id.StartsWith(id + ".", StringComparison.Ordinal));
}
