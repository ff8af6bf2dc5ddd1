using Weir.Scheduling;
using Weir.Scheduling.Cluster;
using Weir.Scheduling.Deciding;
using Weir.Scheduling.Fairness;
using Weir.Scheduling.Fragmentation;
using Stopwatch = System.Diagnostics.Stopwatch;

namespace Weir.Simulator.Timed;

/// <summary>
/// Measures what a decision costs in a pool that is full, with some 256 claims waiting: one round of decisions per arriving
/// claim; a random claim ends before each.
/// </summary>
/// <param name="Devices">Devices of the pool.</param>
/// <param name="Claims">Claims that were decided on.</param>
/// <param name="Median">Median time of a round, seconds.</param>
/// <param name="P99">99th percentile, seconds.</param>
/// <param name="Longest">The longest, seconds.</param>
/// <param name="BytesPerDeviceAndClaim">Memory of all books and scores over devices plus living claims.</param>
public sealed record DecisionCost(
    int Devices,
    int Claims,
    double Median,
    double P99,
    double Longest,
    double BytesPerDeviceAndClaim
)
{
    private const int DevicesPerNode = 8;
    private const int Projects = 16;
    private const int WaitingClaims = 256;

    /// <summary>Measures.</summary>
    /// <param name="devices">Devices of the pool, eight on each node.</param>
    /// <param name="claims">Claims to decide on after the pool was filled.</param>
    /// <param name="claimsPerSecond">Rate of claims; together with the pool's size it decides how long they live.</param>
    /// <param name="policy">Placement policy.</param>
    public static DecisionCost Measure(int devices, int claims, double claimsPerSecond, string policy = "balanced")
    {
        var random = new SeededRandom(1);
        TaskShape[] shapes = Shapes(random);
        long before = GC.GetTotalMemory(forceFullCollection: true);
        var nodes = new NodeConfig[Math.Max(1, devices / DevicesPerNode)];
        for (int i = 0; i < nodes.Length; i++)
        {
            nodes[i] = new NodeConfig($"node-{i}", 96_000, 786_432, DevicesPerNode, "A") { Rack = $"rack-{i / 16}" };
        }
        var models = new NameTable();
        var cluster = new ClusterState(nodes, models);
        ProjectConfig[] projects =
        [
            .. Enumerable
                .Range(0, Projects)
                .Select(i => new ProjectConfig($"p{i}") { Quota = Resources.Devices(devices / (2.0 * Projects)) }),
        ];
        var pool = new PoolState(cluster, new ProjectTree(projects));
        var scheduler = new Scheduler(
            pool,
            new SchedulingPolicy { Placement = policy },
            TypicalTask.Of(shapes, models)
        );
        long id = 1;
        // Until it is full and claims wait.
        List<long> living = [];
        while (scheduler.Waiting < WaitingClaims)
        {
            List<ClaimConfig> batch = [];
            for (int i = 0; i < 64; i++)
            {
                living.Add(id);
                batch.Add(Claim(id++));
            }
            scheduler.Decide(batch, 0);
        }
        double[] rounds = new double[claims];
        for (int i = 0; i < claims; i++)
        {
            double now = i / claimsPerSecond;
            int at = random.Next(living.Count);
            pool.End(living[at]);
            living[at] = id;
            ClaimConfig[] one = [Claim(id++)];
            long start = Stopwatch.GetTimestamp();
            scheduler.Decide(one, now);
            rounds[i] = Stopwatch.GetElapsedTime(start).TotalSeconds;
        }
        double bytes = GC.GetTotalMemory(forceFullCollection: true) - before;
        bytes /= cluster.DeviceCount + pool.Claims.Count;
        GC.KeepAlive(scheduler);
        Array.Sort(rounds);
        return new DecisionCost(
            cluster.DeviceCount,
            claims,
            rounds[claims / 2],
            rounds[(int)(0.99 * claims)],
            rounds[^1],
            bytes
        );

        ClaimConfig Claim(long claim) =>
            new(claim, $"p{random.Next(Projects)}", shapes[random.Next(shapes.Length)])
            {
                Priority = random.Next(3),
                PredictedSeconds = 600,
                ParkBytes = random.Next(1 << 30),
            };
    }

    private static TaskShape[] Shapes(SeededRandom random)
    {
        // As in openb: fractions, whole devices, and a few wide ones.
        var shapes = new TaskShape[40];
        for (int i = 0; i < shapes.Length; i++)
        {
            int devices = i < 34 ? 1 : 1 << (1 + i % 3);
            int milli = i < 16 ? 10 * (10 + random.Next(80)) : 1000;
            shapes[i] = new TaskShape(1000 * (1 + random.Next(11)) * devices, 4096 * devices, devices, milli);
        }
        return shapes;
    }
}
