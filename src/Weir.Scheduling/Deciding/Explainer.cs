using System.Numerics;
using Weir.Scheduling.Cluster;
using Weir.Scheduling.Fairness;
using Weir.Scheduling.Placement;

namespace Weir.Scheduling.Deciding;

/// <summary>Says why a claim waits; looks, and changes nothing.</summary>
internal sealed class Explainer(PoolState pool, PlacementEngine engine, FairShares shares, Reservations reservations)
{
    private const int MostNodes = 10;

    public Explanation Explain(ClaimState claim, double now)
    {
        TaskShape shape = engine.Shape(claim.WideShape);
        int wanted = shape.Devices;
        bool split = claim.Config.MaySplit && wanted > 1;
        if (split)
        {
            // Any node with one of the devices helps.
            shape = shape with
            {
                Devices = 1,
            };
        }
        int found = 0;
        var removed = new SortedDictionary<string, int>(StringComparer.Ordinal);
        List<(string Node, int Score)> best = [];
        double earliest = double.PositiveInfinity;
        for (int node = 0; node < pool.Cluster.NodeCount; node++)
        {
            if (Filter(node, shape) is { } filter)
            {
                removed[filter] = removed.GetValueOrDefault(filter) + 1;
                if (Reservations.EmptyRoom(pool.Cluster, node, shape) > 0 && !pool.IsDown(node))
                {
                    earliest = Math.Min(earliest, reservations.FreeAt(node, shape, now));
                }
            }
            else
            {
                earliest = now;
                found += split ? BitOperations.PopCount(pool.Cluster.FittingDevices(node, shape)) : 1;
                best.Add((pool.Cluster.Node(node).Name, engine.ScoreOf(node, shape)));
            }
        }
        best.Sort((x, y) => y.Score != x.Score ? y.Score.CompareTo(x.Score) : string.CompareOrdinal(x.Node, y.Node));
        List<string> needs =
            claim.Phase == ClaimPhase.Running
                ? []
                : Needs(claim, shape with { Devices = wanted }, split && found < wanted ? 0 : best.Count);
        earliest = split && found < wanted && earliest <= now ? double.PositiveInfinity : earliest;
        return new Explanation(
            claim.Config.Id,
            claim.Phase,
            Summary(claim, needs),
            [.. removed.OrderByDescending(pair => pair.Value).Select(pair => (pair.Key, pair.Value))],
            best.Count > MostNodes ? best[..MostNodes] : best,
            needs,
            earliest < double.MaxValue ? earliest : double.NaN
        );
    }

    private string? Filter(int node, in TaskShape shape)
    {
        ClusterState cluster = pool.Cluster;
        if (pool.IsDown(node))
        {
            return "down or in maintenance";
        }
        if ((shape.Pools >> cluster.Pool(node) & 1) == 0)
        {
            return "of another pool";
        }
        if (shape.Devices > 0 && (shape.Models >> cluster.Model(node) & 1) == 0)
        {
            return "of another model";
        }
        if (Reservations.EmptyRoom(cluster, node, shape) == 0)
        {
            return "too small even when empty";
        }
        if (cluster.IsClosed(node))
        {
            return "kept free for a claim that waits longer";
        }
        if (cluster.CpuFree(node) < shape.CpuMilli)
        {
            return "too few processors free";
        }
        if (cluster.MemoryFree(node) < shape.MemoryMib)
        {
            return "too little memory free";
        }
        return cluster.FitsDevices(node, shape) ? null : "too little free on its devices";
    }

    private List<string> Needs(ClaimState claim, in TaskShape shape, int fitting)
    {
        List<string> needs = claim.Held is { } held ? [held] : [];
        for (int at = claim.Project; at > 0; at = pool.Projects.Parent(at))
        {
            ProjectConfig config = pool.Projects.Config(at);
            ProjectTerms terms = shares.Terms(at);
            Resources after = pool.Projects.Used(at) + claim.Amount;
            if (!after.Within(config.Limit))
            {
                needs.Add($"project '{config.Name}' is at its limit: it must free {Excess(after, config.Limit)}");
            }
            else if (FairShares.MustKeepToQuota(claim.Config, config, terms) && !after.Within(terms.Quota))
            {
                needs.Add(
                    $"project '{config.Name}' has used its quota, and this claim may not borrow: free {Excess(after, terms.Quota)}, or make it preemptible"
                );
            }
        }
        if (fitting == 0)
        {
            needs.Add(
                $"a node with {shape.Devices} × {shape.ComputeMilli / 10.0:0.#} % of a device, {shape.CpuMilli / 1000.0:0.#} cores and {shape.MemoryMib} MiB free"
            );
        }
        else if (claim.Config.Tasks > 1 && needs.Count == 0)
        {
            needs.Add($"room for all {claim.Config.Tasks} tasks at once" + Together(claim.Config.Closeness));
        }
        return needs;
    }

    private static string Together(Closeness closeness) => closeness == Closeness.RequireRack ? " in one rack" : "";

    private static string Excess(in Resources after, in Resources allowed)
    {
        List<string> parts = [];
        if (after.DeviceMilli > allowed.DeviceMilli)
        {
            parts.Add($"{(after.DeviceMilli - allowed.DeviceMilli) / 1000.0:0.###} devices");
        }
        if (after.CpuMilli > allowed.CpuMilli)
        {
            parts.Add($"{(after.CpuMilli - allowed.CpuMilli) / 1000.0:0.###} cores");
        }
        if (after.MemoryMib > allowed.MemoryMib)
        {
            parts.Add($"{after.MemoryMib - allowed.MemoryMib} MiB");
        }
        return string.Join(", ", parts);
    }

    private string Summary(ClaimState claim, List<string> needs)
    {
        if (claim.Phase == ClaimPhase.Running)
        {
            IEnumerable<string> nodes = claim
                .Slots.Select(slot => pool.Cluster.Node(pool.Cluster.PlacementAt(slot).Node).Name)
                .Distinct();
            return $"runs on {string.Join(", ", nodes)}";
        }
        string state = claim.Phase == ClaimPhase.Parked ? "is parked" : "waits";
        return needs.Count > 0 ? $"{state}: {needs[0]}" : $"{state} for its turn; it fits now";
    }
}
