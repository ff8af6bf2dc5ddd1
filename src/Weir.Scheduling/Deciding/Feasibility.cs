using Weir.Scheduling.Cluster;
using Weir.Scheduling.Fairness;

namespace Weir.Scheduling.Deciding;

/// <summary>Finds claims that could never start, whatever ends, so that they are refused at once and with the reason.</summary>
internal sealed class Feasibility(PoolState pool, SchedulingPolicy policy)
{
    /// <summary>Why the claim can never start, for people; null when it can.</summary>
    public string? WhyNever(ClaimConfig claim, int project, in Resources amount, in TaskShape shape)
    {
        for (int at = project; at > 0; at = pool.Projects.Parent(at))
        {
            ProjectConfig config = pool.Projects.Config(at);
            if (!amount.Within(config.Limit))
            {
                return $"it asks for {Text(amount)}, beyond the limit of project '{config.Name}' ({Text(config.Limit)})";
            }
            bool ownOnly = FairShares.MustKeepToQuota(
                claim,
                config,
                new ProjectTerms(config.Quota, config.Weight, config.Priority)
            );
            if (ownOnly && !amount.Within(config.Quota) && !policy.Calendar.Any(rule => Helps(rule, config.Name)))
            {
                return $"it asks for {Text(amount)}, beyond the quota of project '{config.Name}' ({Text(config.Quota)}), and "
                    + (claim.Preemptible ? "the project does not borrow" : "only preemptible claims may borrow");
            }
        }
        int wanted = claim.MaySplit ? Math.Max(1, shape.Devices) : claim.Tasks;
        return Room(claim, shape, wanted) < wanted
            ? "no set of nodes of its pools is large enough, even when empty; ask for less per task, or for other models or pools"
            : null;
    }

    private static bool Helps(CalendarRule rule, string project) =>
        rule.Project == project && (rule.Quota is not null || rule.Weight > 0);

    private long Room(ClaimConfig claim, in TaskShape shape, int wanted)
    {
        bool oneRack = claim.Closeness == Closeness.RequireRack && claim.Tasks > 1;
        var byRack = new Dictionary<string, long>(StringComparer.Ordinal);
        long most = 0;
        bool split = claim.MaySplit && shape.Devices > 1;
        for (int node = 0; node < pool.Cluster.NodeCount && most < wanted; node++)
        {
            int room = split
                ? Reservations.EmptyDevices(pool.Cluster, node, shape)
                : Reservations.EmptyRoom(pool.Cluster, node, shape);
            if (room > 0)
            {
                string rack = oneRack ? pool.Cluster.Node(node).Rack : "";
                byRack[rack] = byRack.GetValueOrDefault(rack) + room;
                most = Math.Max(most, byRack[rack]);
            }
        }
        return most;
    }

    private static string Text(in Resources amount)
    {
        static string Number(long value, double unit) => value >= Resources.Unlimited ? "any" : $"{value / unit:0.###}";
        return $"{Number(amount.DeviceMilli, 1000)} devices, {Number(amount.CpuMilli, 1000)} cores, "
            + $"{Number(amount.MemoryMib, 1024)} GiB";
    }
}
