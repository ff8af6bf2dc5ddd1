using Weir.Scheduling.Cluster;

namespace Weir.Scheduling.Placement;

/// <summary>Each pool's nodes by the policy of that pool. Pools with the same policy share it.</summary>
internal sealed class PoolwisePolicy : IPlacementPolicy
{
    private readonly ClusterState state;
    private readonly IPlacementPolicy[] policies;

    public PoolwisePolicy(PlacementContext context, IPlacementPolicy usual, IReadOnlyDictionary<string, string> byPool)
    {
        state = context.State;
        var made = new Dictionary<string, IPlacementPolicy>(StringComparer.OrdinalIgnoreCase);
        policies = new IPlacementPolicy[state.Pools.Count];
        for (int pool = 0; pool < policies.Length; pool++)
        {
            if (!byPool.TryGetValue(state.Pools.Name(pool), out string? name))
            {
                policies[pool] = usual;
            }
            else if (!made.TryGetValue(name, out policies[pool]!))
            {
                made[name] = policies[pool] = PlacementPolicies.Create(name, context);
            }
        }
    }

    public TieBreak Ties => policies.All(policy => policy.Ties == TieBreak.Random) ? TieBreak.Random : TieBreak.First;

    public int Score(int node, in TaskShape shape) => policies[state.pool[node]].Score(node, shape);

    public ulong ChooseDevices(int node, in TaskShape shape) => policies[state.pool[node]].ChooseDevices(node, shape);
}
