using Weir.Scheduling.Cluster;
using Weir.Scheduling.Fragmentation;

namespace Weir.Scheduling.Placement;

/// <summary>All placement policies by name.</summary>
public static class PlacementPolicies
{
    private static readonly (string Name, string What, Func<PlacementContext, IPlacementPolicy> Create)[] All =
    [
        ("random", "any node that fits", context => new RandomPolicy(context.State, context.Seed)),
        ("firstfit", "the first node that fits", context => new FirstFitPolicy(context.State)),
        ("bestfit", "least left after placing", context => new BestFitPolicy(context.State)),
        ("worstfit", "most left after placing", context => new WorstFitPolicy(context.State)),
        ("dotproduct", "free amounts least aligned with the demand", context => new DotProductPolicy(context.State)),
        ("packing", "shared devices first, untouched nodes last", context => new GpuPackingPolicy(context.State)),
        ("clustering", "like beside like", context => new GpuClusteringPolicy(context.State)),
        ("fgd", "fragmentation gradient descent", context => new FgdPolicy(context.State, context.Meter)),
        (
            "topology",
            "balanced, and several devices close together",
            context => new TopologyPolicy(context.State, new BalancedPolicy(context))
        ),
        ("power", "nodes in use first, so that others can be off", context => new PowerPolicy(context.State)),
        (
            "cheapest",
            "the model on which the work costs least, then balanced",
            context => new HeterogeneousPolicy(context, new BalancedPolicy(context), false)
        ),
        (
            "fastest",
            "the model on which the work is done soonest, then balanced",
            context => new HeterogeneousPolicy(context, new BalancedPolicy(context), true)
        ),
        ("balanced", "fragmentation, and processors and devices in balance", context => new BalancedPolicy(context)),
        (Repacking, "balanced, and moves a few small tasks to make room", context => new BalancedPolicy(context)),
    ];

    /// <summary>The policy that also moves tasks; <see cref="CreatePlacer"/> makes it.</summary>
    public const string Repacking = "repacking";

    /// <summary>Names of all policies.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. All.Select(policy => policy.Name)];

    /// <summary>What a policy does, in a few words.</summary>
    /// <exception cref="ArgumentException">There is no such policy.</exception>
    public static string Describe(string name) => Find(name).What;

    /// <summary>A policy for the cluster.</summary>
    /// <exception cref="ArgumentException">There is no such policy; the message offers the nearest name.</exception>
    public static IPlacementPolicy Create(string name, PlacementContext context) => Find(name).Create(context);

    /// <summary>A policy for the cluster that is another one on the nodes of some pools.</summary>
    /// <param name="name">The policy of all other pools.</param>
    /// <param name="byPool">Names of policies by pool; pools without nodes are left out.</param>
    /// <param name="context">The cluster.</param>
    /// <exception cref="ArgumentException">There is no such policy; the message offers the nearest name.</exception>
    public static IPlacementPolicy ByPool(
        string name,
        IReadOnlyDictionary<string, string> byPool,
        PlacementContext context
    )
    {
        IPlacementPolicy usual = Create(name, context);
        foreach (string other in byPool.Values)
        {
            Check(other);
        }
        return byPool.Count == 0 ? usual : new PoolwisePolicy(context, usual, byPool);
    }

    /// <summary>What places tasks under a policy, with moves where the policy makes them.</summary>
    /// <exception cref="ArgumentException">There is no such policy; the message offers the nearest name.</exception>
    public static ITaskPlacer CreatePlacer(string name, PlacementContext context)
    {
        var engine = new PlacementEngine(context.State, Create(name, context), context.Seed);
        return name.Equals(Repacking, StringComparison.OrdinalIgnoreCase)
            ? new RepackingPlacer(engine, context)
            : engine;
    }

    /// <summary>Throws when there is no such policy.</summary>
    /// <exception cref="ArgumentException">The message offers the nearest name.</exception>
    public static void Check(string name) => Find(name);

    private static (string Name, string What, Func<PlacementContext, IPlacementPolicy> Create) Find(string name)
    {
        foreach ((string Name, string What, Func<PlacementContext, IPlacementPolicy> Create) policy in All)
        {
            if (policy.Name.Equals(name, StringComparison.OrdinalIgnoreCase))
            {
                return policy;
            }
        }
        throw new ArgumentException(NearestName.Message("placement policy", name, Names));
    }
}

/// <summary>What a placement policy is made for.</summary>
/// <param name="State">The cluster.</param>
/// <param name="Meter">Its fragmentation with the typical tasks.</param>
/// <param name="Seed">For policies with chance in them.</param>
public sealed record PlacementContext(ClusterState State, FragmentationMeter Meter, ulong Seed)
{
    /// <summary>Speeds and costs of the models; null: all alike.</summary>
    public SpeedTable? Speeds { get; init; }
}
