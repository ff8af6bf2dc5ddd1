using System.Text;
using Weir.Scheduling.Cluster;
using Weir.Scheduling.Deciding;
using Weir.Scheduling.Fairness;

namespace Weir.Scheduling.Tests;

/// <summary>A random pool through a random history: claims come and end, nodes go down and come back, time passes.</summary>
internal sealed class PoolHistory
{
    private readonly SeededRandom random;
    private readonly Dictionary<long, double> ends = [];
    private readonly StringBuilder log = new();
    private long nextId = 1;

    public PoolHistory(ulong seed, SchedulingPolicy? policy = null, bool nodesFail = true)
    {
        random = new SeededRandom(seed);
        NodesFail = nodesFail;
        var nodes = new NodeConfig[random.Next(12) + 3];
        for (int i = 0; i < nodes.Length; i++)
        {
            nodes[i] = new NodeConfig($"n{i}", 64_000, 256_000, random.Next(2) == 0 ? 4 : 8, "m" + random.Next(2))
            {
                Rack = "r" + i / 4,
                Pool = "p" + random.Next(2),
                LinkGroup = 2,
                DeviceMemoryMib = 16_384,
                DeviceMemoryPromisedMib = 16_384 + 4096 * random.Next(3),
                DeviceMilli = random.Next(4) == 0 ? 910 : 1000,
            };
        }
        var cluster = new ClusterState(nodes, new NameTable());
        double devices = cluster.DeviceCount;
        Projects = new ProjectTree([
            new ProjectConfig("a") { Quota = Resources.Devices(devices * 0.5) },
            new ProjectConfig("b")
            {
                Quota = Resources.Devices(devices * 0.3),
                Limit = Resources.Devices(devices * 0.7),
            },
            new ProjectConfig("a1", "a") { Quota = Resources.Devices(devices * 0.3), Weight = 2 },
            new ProjectConfig("a2", "a")
            {
                Quota = Resources.Devices(devices * 0.1),
                Limit = Resources.Devices(devices * 0.4),
            },
            new ProjectConfig("c") { Weight = 3 },
        ]);
        Pool = new PoolState(cluster, Projects);
        Policy =
            policy
            ?? new SchedulingPolicy
            {
                Order = (QueueOrder)random.Next(3),
                Preemption = random.Next(4) > 0,
                MaxMoves = random.Next(3),
                ReserveAfterSeconds = 200,
                Placement = random.Next(2) == 0 ? "fgd" : "topology",
                PoolsThatDoNotLend = random.Next(2) == 0 ? ["p1"] : [],
                Calendar = [new CalendarRule("c", 0, 40_000) { Quota = Resources.Devices(devices * 0.2), Weight = 1 }],
            };
        Scheduler = new Scheduler(Pool, Policy);
    }

    public bool NodesFail { get; }

    public ProjectTree Projects { get; }

    public PoolState Pool { get; }

    public SchedulingPolicy Policy { get; }

    public Scheduler Scheduler { get; }

    public double Now { get; private set; }

    public string Log => log.ToString();

    public void Run(int steps)
    {
        for (int i = 0; i < steps; i++)
        {
            Step();
        }
    }

    /// <summary>No new claims; those that run end after some time. True when nothing waits any more.</summary>
    public bool Drain(int rounds)
    {
        for (int node = 0; node < Pool.Cluster.NodeCount; node++)
        {
            Pool.OpenNode(node);
            Pool.SetUsable(node, ulong.MaxValue);
        }
        foreach (long id in Pool.Claims.Keys)
        {
            Pool.Hold(id, null);
        }
        for (int i = 0; i < rounds && Pool.Claims.Count > 0; i++)
        {
            Now += 50;
            EndDue();
            Note(Scheduler.Decide(Now));
        }
        return Pool.Claims.Count == 0;
    }

    private void Step()
    {
        Now += random.Next(60);
        EndDue();
        List<ClaimConfig> claims = [];
        for (int i = random.Next(4); i > 0; i--)
        {
            claims.Add(RandomClaim());
        }
        if (NodesFail && random.Next(15) == 0)
        {
            int node = random.Next(Pool.Cluster.NodeCount);
            if (Pool.IsDown(node))
            {
                Pool.OpenNode(node);
            }
            else
            {
                Pool.CloseNode(node, Now);
            }
        }
        if (random.Next(20) == 0 && Pool.Claims.Count > 0)
        {
            Pool.StartFailed(Pool.Claims.Keys.Min(), Now);
        }
        if (random.Next(10) == 0)
        {
            // A device fails, or comes back; what runs on it stays.
            int node = random.Next(Pool.Cluster.NodeCount);
            Pool.SetUsable(node, Pool.Cluster.Usable(node) ^ 1UL << random.Next(4));
        }
        if (random.Next(10) == 0 && Pool.Claims.Count > 0)
        {
            long id = Pool.Claims.Keys.ElementAt(random.Next(Pool.Claims.Count));
            Pool.Hold(id, random.Next(2) == 0 ? "its process ends" : null);
        }
        if (random.Next(5) == 0 && Pool.Claims.Count > 0)
        {
            long id = Pool.Claims.Keys.ElementAt(random.Next(Pool.Claims.Count));
            Pool.Reprice(id, random.Next(4) > 0, random.Next(100) * 1_000_000L);
        }
        Note(Scheduler.Decide(claims, Now));
    }

    private void EndDue()
    {
        foreach (long id in ends.Keys.Order().ToArray())
        {
            if (!Pool.Claims.TryGetValue(id, out ClaimState? claim))
            {
                ends.Remove(id);
            }
            else if (claim.Phase == ClaimPhase.Running && Now - claim.Started >= ends[id])
            {
                Pool.End(id);
                ends.Remove(id);
            }
        }
    }

    private void Note(IReadOnlyList<Decision> decisions)
    {
        foreach (Decision decision in decisions)
        {
            log.Append(Now).Append(' ').Append(decision).AppendLine();
            if (decision is StartDecision start)
            {
                log.AppendJoin(';', start.Places).AppendLine();
            }
        }
    }

    private ClaimConfig RandomClaim()
    {
        long id = nextId++;
        double duration = 20 + random.Next(400);
        ends[id] = duration;
        int devices = random.Next(3) == 0 ? random.Next(4) + 1 : 1;
        string[] leaves = ["a1", "a2", "b", "c"];
        if (random.Next(6) == 0)
        {
            return new ClaimConfig(
                id,
                leaves[random.Next(4)],
                new TaskShape(0, 0, random.Next(12) + 1, 100 * (random.Next(9) + 1))
                {
                    DeviceMemoryMilli = 100 * random.Next(8),
                }
            )
            {
                MaySplit = true,
                Charge = new Resources(100 * random.Next(30), 500, 100),
                PredictedSeconds = duration,
            };
        }
        return new ClaimConfig(
            id,
            leaves[random.Next(4)],
            new TaskShape(
                1000 * random.Next(12),
                1000 * random.Next(20),
                devices,
                devices > 1 || random.Next(2) == 0 ? 1000 : 100 * (random.Next(9) + 1),
                0,
                random.Next(4) == 0 ? 1UL : TaskShape.Any
            )
        )
        {
            Tasks = random.Next(4) == 0 ? random.Next(5) + 1 : 1,
            Priority = random.Next(3),
            Preemptible = random.Next(4) > 0,
            PredictedSeconds = random.Next(3) == 0 ? double.NaN : duration,
            MinRunSeconds = random.Next(3) == 0 ? 60 : 0,
            TimeoutSeconds = random.Next(5) == 0 ? 500 : double.PositiveInfinity,
            ParkBytes = random.Next(100) * 1_000_000L,
            Pool = random.Next(3) == 0 ? "p" + random.Next(2) : "",
            Overflow = random.Next(2) == 0,
            Closeness = (Closeness)random.Next(3),
        };
    }
}
