using System.Numerics;
using Weir.Scheduling.Cluster;
using Weir.Scheduling.Placement;

namespace Weir.Scheduling.Deciding;

/// <summary>Puts all tasks of a claim, or none.</summary>
internal sealed class GangPlacer
{
    private readonly ClusterState cluster;
    private readonly PlacementEngine engine;
    private readonly int[][] racks;
    private readonly List<int> slots = [];

    public GangPlacer(ClusterState cluster, PlacementEngine engine)
    {
        this.cluster = cluster;
        this.engine = engine;
        racks =
        [
            .. Enumerable
                .Range(0, cluster.NodeCount)
                .GroupBy(node => cluster.Node(node).Rack, StringComparer.Ordinal)
                .Select(rack => rack.ToArray()),
        ];
    }

    /// <summary>Names of the racks.</summary>
    public IEnumerable<string> RackNames => racks.Select(rack => cluster.Node(rack[0]).Rack);

    /// <summary>Slots of all tasks; null when they do not all fit, and then nothing has changed.</summary>
    public int[]? TryPlace(ClaimState claim, int shapeId)
    {
        if (claim.Config.Tasks == 1)
        {
            int slot = engine.TryPlace(shapeId);
            return slot >= 0 ? [slot]
                : claim.Config.MaySplit && engine.Shape(shapeId).Devices > 1 ? TrySplit(engine.Shape(shapeId))
                : null;
        }
        int checkpoint = cluster.Checkpoint;
        slots.Clear();
        TaskShape shape = engine.Shape(shapeId);
        bool done =
            claim.Config.Closeness == Closeness.Any
                ? PlaceAnywhere(claim.Config.Tasks, shapeId)
                : PlaceClose(claim.Config, shape);
        if (!done)
        {
            cluster.Undo(checkpoint);
            return null;
        }
        return [.. slots];
    }

    // In the smallest rack that has enough, if one has; the nodes with the most fitting devices first, so that few nodes are needed.
    private int[]? TrySplit(in TaskShape shape)
    {
        List<(int Devices, int Node)> nodes = [];
        int found = 0;
        TaskShape part = shape with { Devices = 1 };
        for (int node = 0; node < cluster.NodeCount; node++)
        {
            if (cluster.Fits(node, part))
            {
                int devices = BitOperations.PopCount(cluster.FittingDevices(node, part));
                nodes.Add((devices, node));
                found += devices;
            }
        }
        if (found < shape.Devices)
        {
            return null;
        }
        if (racks.Length > 1 && SmallestRack(nodes, shape.Devices) is { } rack)
        {
            nodes.RemoveAll(one => cluster.Node(one.Node).Rack != rack);
        }
        nodes.Sort((x, y) => x.Devices != y.Devices ? y.Devices.CompareTo(x.Devices) : x.Node.CompareTo(y.Node));
        List<int> taken = [];
        int lacking = shape.Devices;
        foreach ((int devices, int node) in nodes)
        {
            if (lacking == 0)
            {
                break;
            }
            part = shape with { Devices = Math.Min(lacking, devices) };
            taken.Add(cluster.Place(node, part, engine.Policy.ChooseDevices(node, part)));
            lacking -= part.Devices;
        }
        return [.. taken];
    }

    private string? SmallestRack(List<(int Devices, int Node)> nodes, int wanted)
    {
        string? best = null;
        int bestRoom = int.MaxValue;
        foreach (var rack in nodes.GroupBy(one => cluster.Node(one.Node).Rack, StringComparer.Ordinal))
        {
            int room = rack.Sum(one => one.Devices);
            if (room >= wanted && room < bestRoom)
            {
                (best, bestRoom) = (rack.Key, room);
            }
        }
        return best;
    }

    private bool PlaceAnywhere(int tasks, int shapeId)
    {
        while (slots.Count < tasks)
        {
            int slot = engine.TryPlace(shapeId);
            if (slot < 0)
            {
                return false;
            }
            slots.Add(slot);
        }
        return true;
    }

    // The rack with the least room that takes all; else, when that will do, the racks with the most room first.
    private bool PlaceClose(ClaimConfig claim, in TaskShape shape)
    {
        int[] room = new int[racks.Length];
        int best = -1;
        for (int rack = 0; rack < racks.Length; rack++)
        {
            foreach (int node in racks[rack])
            {
                room[rack] += Room(node, shape);
            }
            if (room[rack] >= claim.Tasks && (best < 0 || room[rack] < room[best]))
            {
                best = rack;
            }
        }
        if (best >= 0 && PlaceIn(racks[best], claim.Tasks, shape))
        {
            return true;
        }
        if (claim.Closeness == Closeness.RequireRack)
        {
            return false;
        }
        int[] order = [.. Enumerable.Range(0, racks.Length)];
        Array.Sort(order, (x, y) => room[y] != room[x] ? room[y].CompareTo(room[x]) : x.CompareTo(y));
        foreach (int rack in order)
        {
            if (PlaceIn(racks[rack], claim.Tasks, shape))
            {
                return true;
            }
        }
        return false;
    }

    private bool PlaceIn(int[] nodes, int tasks, in TaskShape shape)
    {
        while (slots.Count < tasks)
        {
            int best = -1;
            int bestScore = -1;
            foreach (int node in nodes)
            {
                int score = engine.ScoreOf(node, shape);
                if (score > bestScore)
                {
                    (best, bestScore) = (node, score);
                }
            }
            if (best < 0)
            {
                return false;
            }
            slots.Add(cluster.Place(best, shape, engine.Policy.ChooseDevices(best, shape)));
        }
        return true;
    }

    /// <summary>How many such tasks the node takes now (an upper bound where several resources are short).</summary>
    public int Room(int node, in TaskShape shape)
    {
        if (!cluster.Fits(node, shape))
        {
            return 0;
        }
        int most = int.MaxValue;
        most = shape.CpuMilli > 0 ? Math.Min(most, cluster.cpuFree[node] / shape.CpuMilli) : most;
        most = shape.MemoryMib > 0 ? Math.Min(most, cluster.memoryFree[node] / shape.MemoryMib) : most;
        if (shape.Devices > 0)
        {
            int parts = 0;
            ReadOnlySpan<int> free = cluster.DevicesFree(node);
            for (ulong rest = cluster.FittingDevices(node, shape); rest != 0; rest &= rest - 1)
            {
                parts += free[BitOperations.TrailingZeroCount(rest)] / shape.ComputeMilli;
            }
            most = Math.Min(most, parts / shape.Devices);
        }
        return most;
    }
}
