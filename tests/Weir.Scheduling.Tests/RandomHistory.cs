using System.Text;
using Weir.Scheduling.Cluster;
using Weir.Scheduling.Fragmentation;
using Weir.Scheduling.Placement;

namespace Weir.Scheduling.Tests;

/// <summary>A random cluster on which tasks come and go and nodes close and open.</summary>
internal sealed class RandomHistory
{
    private readonly SeededRandom random;
    private readonly List<int> placed = [];
    private readonly TaskShape[] shapes;
    private readonly PlacementEngine engine;

    public RandomHistory(ulong seed, string policy = "fgd")
    {
        random = new SeededRandom(seed);
        var models = new NameTable();
        var nodes = new NodeConfig[random.Next(20) + 2];
        for (int i = 0; i < nodes.Length; i++)
        {
            nodes[i] = new NodeConfig(
                $"n{i}",
                1000 * (random.Next(96) + 4),
                1024 * (random.Next(64) + 4),
                random.Next(9),
                "m" + random.Next(3)
            )
            {
                DeviceMemoryMib = random.Next(2) * 16384,
                DeviceMilli = random.Next(3) == 0 ? 840 : 1000,
            };
        }
        State = new ClusterState(nodes, models);
        State.Allow(
            Enumerable.Range(0, nodes.Length).Where(node => node % 2 == 0).ToDictionary(node => node, _ => 0b10110111UL)
        );
        shapes = new TaskShape[random.Next(20) + 3];
        for (int i = 0; i < shapes.Length; i++)
        {
            shapes[i] = RandomShape();
        }
        Typical = TypicalTask.Of(shapes, models);
        Meter = new FragmentationMeter(State, new UsableTable(Typical, models));
        engine = new PlacementEngine(
            State,
            PlacementPolicies.Create(policy, new PlacementContext(State, Meter, seed)),
            seed
        );
    }

    public ClusterState State { get; }

    public TypicalTask[] Typical { get; }

    public FragmentationMeter Meter { get; }

    public void Run(int steps, bool commit = true)
    {
        for (int i = 0; i < steps; i++)
        {
            int what = random.Next(10);
            if (what < 6)
            {
                int slot = engine.TryPlace(engine.Intern(shapes[random.Next(shapes.Length)]));
                if (slot >= 0)
                {
                    placed.Add(slot);
                }
            }
            else if (what < 9 && placed.Count > 0)
            {
                int at = random.Next(placed.Count);
                State.Release(placed[at]);
                placed.RemoveAt(at);
            }
            else if (commit && random.Next(2) == 0)
            {
                // Devices that fail and come back; nothing takes that back.
                int node = random.Next(State.NodeCount);
                State.SetUsable(node, State.Usable(node) ^ 1UL << random.Next(8));
            }
            else
            {
                int node = random.Next(State.NodeCount);
                State.SetClosed(node, !State.IsClosed(node));
            }
            if (commit)
            {
                State.Commit();
            }
        }
    }

    /// <summary>Every shape's choice equals that of an engine that has just been made.</summary>
    public void AssertScoresAreFresh()
    {
        foreach (TaskShape shape in shapes)
        {
            int best = -1;
            for (int node = 0; node < State.NodeCount; node++)
            {
                best = Math.Max(best, engine.ScoreOf(node, shape));
            }
            int found = engine.FindNode(shape);
            Assert.Equal(best, found < 0 ? -1 : engine.ScoreOf(found, shape));
            if (found >= 0 && engine.Policy.Ties == TieBreak.First)
            {
                for (int node = 0; node < found; node++)
                {
                    Assert.True(engine.ScoreOf(node, shape) < best, "an earlier node has the same score");
                }
            }
        }
    }

    /// <summary>All that the state holds, as text.</summary>
    public string Fingerprint()
    {
        var text = new StringBuilder();
        for (int node = 0; node < State.NodeCount; node++)
        {
            text.Append(State.CpuFree(node)).Append(' ').Append(State.MemoryFree(node)).Append(' ');
            text.Append(State.IsClosed(node)).Append(' ').Append(State.Tasks(node)).Append(' ');
            text.AppendJoin(',', State.DevicesFree(node).ToArray()).Append(' ');
            text.AppendJoin(',', State.DeviceMemoryFree(node).ToArray()).Append(' ');
            text.Append(State.FreeMilli(node)).Append(' ').Append(State.WholeFree(node)).Append(' ');
            text.Append(State.LargestFree(node)).Append(' ').Append(State.Usable(node)).AppendLine();
        }
        for (int slot = 0; slot < State.Placements.Slots; slot++)
        {
            text.Append(State.Placements.Has(slot) ? State.PlacementAt(slot).ToString() : "-").AppendLine();
        }
        return text.Append(State.UsedMilli).Append(' ').Append(Meter.FragmentMilli).ToString();
    }

    private TaskShape RandomShape()
    {
        int devices = random.Next(5) switch
        {
            0 => 0,
            1 => random.Next(8) + 1,
            _ => 1,
        };
        int milli = random.Next(2) == 0 ? 1000 : 10 * (random.Next(100) + 1);
        bool part = devices > 0 && random.Next(4) == 0;
        return new TaskShape(
            500 * random.Next(24),
            512 * random.Next(24),
            devices,
            devices == 0 ? 0 : milli,
            devices == 0 || part ? 0 : random.Next(2) * 1024 * random.Next(12),
            random.Next(3) == 0 && devices > 0 ? (ulong)(random.Next(7) + 1) : TaskShape.Any
        )
        {
            DeviceMemoryMilli = part ? 10 * (random.Next(100) + 1) : 0,
            Allowed = devices > 0 && random.Next(4) == 0 ? 1 : 0,
        };
    }
}
