using Weir.Controller.Queue;
using Weir.Scheduling.Cluster;
using Weir.Scheduling.Deciding;
using Weir.Scheduling.Fairness;
using Weir.Scheduling.Fragmentation;
using Weir.Scheduling.Placement;
using ClusterState = Weir.Controller.State.ClusterState;

namespace Weir.Controller.Placement;

/// <summary>The pools' settings and usual slices, in the scheduling library's terms.</summary>
internal static class PoolTerms
{
    /// <summary>How slices are placed where the pool does not say it.</summary>
    public const string UsualPolicy = "fgd";

    /// <summary>The policy of all pools together.</summary>
    public static SchedulingPolicy Policy(ClusterState state, Layout layout, ProjectTree tree, TimeSpan utcOffset)
    {
        var pools = layout.Nodes.Select(node => node.Pool).ToHashSet(StringComparer.Ordinal);
        return new SchedulingPolicy
        {
            Placement = UsualPolicy,
            PlacementByPool = state
                .Pools.Values.Where(pool => pool.Policy is not null && pools.Contains(pool.Name))
                .ToDictionary(pool => pool.Name, pool => pool.Policy!, StringComparer.Ordinal),
            Calendar =
            [
                .. state
                    .Calendars.Values.OrderBy(calendar => calendar.Name, StringComparer.Ordinal)
                    .Where(calendar => tree.TryFind(calendar.Project) >= 0)
                    .Select(Calendars.Rule),
            ],
            ClockOffsetSeconds = Calendars.Offset(utcOffset),
            PoolsThatDoNotLend = [.. pools.Where(name => !(state.Pools.TryGetValue(name, out var pool) && pool.Lends))],
        };
    }

    /// <summary>How fast the models are and what they cost, as their nodes say; null when none of them says anything.</summary>
    public static SpeedTable? Speeds(ClusterState state, NameTable models)
    {
        if (!state.Devices.Values.Any(device => device.Speed > 0 || device.CostPerHour > 0))
        {
            return null;
        }
        double[,] speeds = new double[1, models.Count];
        double[] costs = new double[models.Count];
        var byModel = state.Devices.Values.ToLookup(device => device.Model, StringComparer.Ordinal);
        for (int model = 0; model < models.Count; model++)
        {
            var known = byModel[models.Name(model)].Where(device => device.Speed > 0).ToList();
            speeds[0, model] = known.Count > 0 ? known.Average(device => device.Speed) : 1;
            costs[model] = byModel[models.Name(model)].Select(device => device.CostPerHour).DefaultIfEmpty().Max();
        }
        return new SpeedTable(speeds, costs);
    }

    /// <summary>What people ask for here, and the usual slices while little is known.</summary>
    public static TypicalTask[] Typical(IEnumerable<QueueEntry> entries, NameTable models) =>
        TypicalTask.Of(
            [
                new TaskShape(0, 0, 1, 250),
                new TaskShape(0, 0, 1, 500),
                new TaskShape(0, 0, 1, 1000),
                new TaskShape(0, 0, 2, 1000),
                new TaskShape(0, 0, 4, 1000),
                new TaskShape(0, 0, 8, 1000),
                .. entries
                    .Select(ClaimTerms.Amount)
                    .Where(amount => amount.Count is > 0 and <= 64 && amount.Compute > 0)
                    .Select(amount => new TaskShape(
                        0,
                        0,
                        amount.Count,
                        Math.Clamp(amount.Compute / amount.Count * 10, 1, 1000)
                    )),
            ],
            models
        );
}
