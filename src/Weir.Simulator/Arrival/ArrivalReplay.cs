using Weir.Scheduling;
using Weir.Scheduling.Cluster;
using Weir.Scheduling.Fragmentation;
using Weir.Scheduling.Placement;
using Weir.Simulator.Traces;
using Stopwatch = System.Diagnostics.Stopwatch;

namespace Weir.Simulator.Arrival;

/// <summary>Replays a trace in arrival mode: no time, no queue; allocation and fragmentation only.</summary>
public sealed class ArrivalReplay
{
    private readonly Trace trace;
    private readonly double tune;
    private readonly TypicalTask[] typical;
    private readonly int[] shapeOf;
    private readonly TaskShape[] shapes;

    /// <summary>Prepares a trace for any number of replays, which may run at the same time.</summary>
    public ArrivalReplay(Trace trace, double tune = ArrivalProtocol.PublishedTune)
    {
        this.trace = trace;
        this.tune = tune;
        // From the original list, before tuning.
        typical = TypicalTask.Of(trace.Tasks.Select(task => task.Shape), trace.Models);
        var ids = new Dictionary<TaskShape, int>();
        shapeOf = new int[trace.Tasks.Count];
        for (int i = 0; i < shapeOf.Length; i++)
        {
            TaskShape shape = trace.Tasks[i].Shape;
            if (!ids.TryGetValue(shape, out shapeOf[i]))
            {
                shapeOf[i] = ids.Count;
                ids.Add(shape, ids.Count);
            }
        }
        shapes = [.. ids.Keys];
    }

    /// <summary>The typical tasks of the trace.</summary>
    public IReadOnlyList<TypicalTask> Typical => typical;

    /// <summary>One replay.</summary>
    /// <param name="policyName">A name of <see cref="PlacementPolicies.Names"/>.</param>
    /// <param name="seed">Decides the order of tasks and nodes.</param>
    /// <exception cref="ArgumentException">There is no such policy.</exception>
    public ArrivalResult Run(string policyName, ulong seed) =>
        Run(policyName, context => PlacementPolicies.CreatePlacer(policyName, context), seed);

    /// <summary>One replay under a policy of the caller's own.</summary>
    /// <param name="policyName">Its name in reports.</param>
    /// <param name="create">Makes what places tasks on the replay's cluster.</param>
    /// <param name="seed">Decides the order of tasks and nodes.</param>
    /// <param name="ended">Looks at the cluster at the end.</param>
    public ArrivalResult Run(
        string policyName,
        Func<PlacementContext, ITaskPlacer> create,
        ulong seed,
        Action<ClusterState>? ended = null
    )
    {
        var random = new SeededRandom(seed);
        int[] arrivals = ArrivalProtocol.Arrivals(trace, tune, random);
        NodeConfig[] nodes = ArrivalProtocol.Nodes(trace, random);
        long started = Stopwatch.GetTimestamp();
        var state = new ClusterState(nodes, trace.Models);
        var meter = new FragmentationMeter(state, new UsableTable(typical, trace.Models));
        ITaskPlacer engine = create(new PlacementContext(state, meter, seed));
        int[] interned = new int[shapes.Length];
        for (int i = 0; i < shapes.Length; i++)
        {
            interned[i] = engine.Intern(shapes[i]);
        }
        int columns = (int)Math.Round(100 * tune) + 1;
        var allocation = new Curve(columns);
        var fragment = new Curve(columns);
        var ofIdle = new Curve(columns);
        double onePercent = state.CapacityMilli / 100.0;
        long arrived = 0;
        int placed = 0;
        int cpuOnly = 0;
        int cpuOnlyPlaced = 0;
        foreach (int task in arrivals)
        {
            int shape = shapeOf[task];
            arrived += shapes[shape].TotalMilli;
            bool fits = engine.TryPlace(interned[shape]) >= 0;
            state.Commit();
            placed += fits ? 1 : 0;
            if (shapes[shape].Devices == 0)
            {
                cpuOnly++;
                cpuOnlyPlaced += fits ? 1 : 0;
            }
            int column = (int)Math.Round(arrived / onePercent);
            double lost = meter.FragmentMilli;
            long idle = state.CapacityMilli - state.UsedMilli;
            allocation.Add(column, state.UsedMilli / onePercent);
            fragment.Add(column, lost / onePercent);
            ofIdle.Add(column, idle > 0 ? 100 * lost / idle : 0);
        }
        ended?.Invoke(state);
        return new ArrivalResult(trace.Name, policyName, seed, allocation.Means(), fragment.Means(), ofIdle.Means())
        {
            Arrived = arrivals.Length,
            Placed = placed,
            CpuOnlyArrived = cpuOnly,
            CpuOnlyPlaced = cpuOnlyPlaced,
            IdleDevices = (state.CapacityMilli - state.UsedMilli) / (double)TaskShape.WholeDevice,
            Moves = engine.Moves,
            Evaluations = engine.Evaluations,
            Seconds = Stopwatch.GetElapsedTime(started).TotalSeconds,
        };
    }
}
