using System.Numerics;
using Weir.Scheduling.Cluster;
using Weir.Scheduling.Placement;

namespace Weir.Scheduling.Deciding;

/// <summary>
/// Nodes kept free for claims that have waited long: they take no new tasks but those that are predicted to end before
/// the claim can start (backfill). So no claim waits for ever behind smaller ones.
/// </summary>
internal sealed class Reservations(PoolState pool, int most)
{
    private readonly List<Reservation> all = [];
    private readonly bool[] kept = new bool[pool.Cluster.NodeCount];

    /// <summary>True when no more can be made.</summary>
    public bool Full => all.Count >= most;

    /// <summary>Claims with nodes kept free, oldest first; a copy.</summary>
    public ClaimState[] Claims
    {
        get
        {
            var claims = new ClaimState[all.Count];
            for (int i = 0; i < claims.Length; i++)
            {
                claims[i] = all[i].Claim;
            }
            return claims;
        }
    }

    /// <summary>Keeps those nodes free on which the claim can start soonest.</summary>
    public void Add(ClaimState claim, in TaskShape shape, double now)
    {
        if (Find(claim) >= 0)
        {
            return;
        }
        List<(double At, int Node, int Room)> soonest = [];
        bool split = claim.Config.MaySplit && shape.Devices > 1;
        for (int node = 0; node < kept.Length; node++)
        {
            int room = split ? EmptyDevices(pool.Cluster, node, shape) : EmptyRoom(pool.Cluster, node, shape);
            if (room > 0 && !kept[node] && !pool.IsDown(node))
            {
                TaskShape there = split ? shape with { Devices = Math.Min(room, shape.Devices) } : shape;
                soonest.Add((FreeAt(node, there, now), node, room));
            }
        }
        soonest.Sort((x, y) => x.At != y.At ? x.At.CompareTo(y.At) : x.Node.CompareTo(y.Node));
        List<int> nodes = [];
        double shadow = double.PositiveInfinity;
        bool oneRack = claim.Config.Closeness == Closeness.RequireRack && claim.Config.Tasks > 1;
        string?[] racks = oneRack ? [.. soonest.Select(s => pool.Cluster.Node(s.Node).Rack).Distinct()] : [null];
        foreach (string? rack in racks)
        {
            List<int> found = [];
            int tasks = split ? shape.Devices : claim.Config.Tasks;
            double at = now;
            foreach ((double nodeAt, int node, int room) in soonest)
            {
                if (tasks > 0 && (rack is null || pool.Cluster.Node(node).Rack == rack))
                {
                    found.Add(node);
                    tasks -= room;
                    at = Math.Max(at, nodeAt);
                }
            }
            if (tasks <= 0 && at < shadow)
            {
                (nodes, shadow) = (found, at);
            }
        }
        if (nodes.Count == 0)
        {
            return;
        }
        all.Add(new Reservation(claim, [.. nodes], shadow));
        Close(claim);
    }

    /// <summary>True when a node kept for the claim is down.</summary>
    public bool HasLost(ClaimState claim)
    {
        foreach (int node in all[Find(claim)].Nodes)
        {
            if (pool.IsDown(node))
            {
                return true;
            }
        }
        return false;
    }

    /// <summary>Lets tasks onto the claim's nodes.</summary>
    public void Open(ClaimState claim) => Set(Find(claim), false);

    /// <summary>Keeps tasks off the claim's nodes.</summary>
    public void Close(ClaimState claim) => Set(Find(claim), true);

    /// <summary>Forgets the claim's reservation, when there is one.</summary>
    public void Drop(ClaimState claim)
    {
        int at = Find(claim);
        if (at >= 0)
        {
            Set(at, false);
            all.RemoveAt(at);
            pool.Renew();
        }
    }

    /// <summary>Puts a claim of one task that ends in time onto a node kept for another; null when that can't be.</summary>
    public int[]? TryBackfill(ClaimState claim, PlacementEngine engine, double now)
    {
        if (claim.Config.Tasks > 1 || double.IsNaN(claim.Config.PredictedSeconds))
        {
            return null;
        }
        TaskShape shape = engine.Shape(claim.WideShape);
        foreach (Reservation reservation in all)
        {
            if (now + claim.Config.PredictedSeconds > reservation.Shadow)
            {
                continue;
            }
            foreach (int node in reservation.Nodes)
            {
                if (pool.IsDown(node))
                {
                    continue;
                }
                pool.Cluster.SetClosed(node, false);
                int[]? slots = pool.Cluster.Fits(node, shape)
                    ? [pool.Cluster.Place(node, shape, engine.Policy.ChooseDevices(node, shape))]
                    : null;
                pool.Cluster.SetClosed(node, true);
                if (slots is not null)
                {
                    return slots;
                }
            }
        }
        return null;
    }

    /// <summary>How many such tasks the node takes when it is empty.</summary>
    public static int EmptyRoom(ClusterState cluster, int node, in TaskShape shape)
    {
        NodeConfig config = cluster.Node(node);
        if (
            (shape.Pools >> cluster.pool[node] & 1) == 0
            || shape.Devices > 0
                && (
                    (shape.Models >> cluster.model[node] & 1) == 0
                    || shape.DeviceMemoryOn(config.DeviceMemoryMib) > config.DeviceMemoryMib
                )
        )
        {
            return 0;
        }
        int devices = Math.Min(
            config.Devices,
            BitOperations.PopCount(cluster.Takes(node, shape) & Lowest(config.Devices))
        );
        if (devices < shape.Devices)
        {
            return 0;
        }
        long most = 100_000;
        most = shape.CpuMilli > 0 ? Math.Min(most, config.CpuMilli / shape.CpuMilli) : most;
        most = shape.MemoryMib > 0 ? Math.Min(most, config.MemoryMib / shape.MemoryMib) : most;
        if (shape.Devices > 0)
        {
            long perDevice = config.DeviceMilli / shape.ComputeMilli;
            int memory = shape.DeviceMemoryOn(config.DeviceMemoryMib);
            perDevice = memory > 0 ? Math.Min(perDevice, ClusterState.Promised(config) / memory) : perDevice;
            most = Math.Min(most, devices / shape.Devices * perDevice);
        }
        return (int)most;
    }

    /// <summary>On how many devices of the node, when it is empty, there is room for one device's part of such a task.</summary>
    public static int EmptyDevices(ClusterState cluster, int node, in TaskShape shape) =>
        EmptyRoom(cluster, node, shape with { Devices = 1 }) == 0
            ? 0
            : BitOperations.PopCount(cluster.Takes(node, shape) & Lowest(cluster.Node(node).Devices));

    private static ulong Lowest(int count) => count == 64 ? ulong.MaxValue : (1UL << count) - 1;

    /// <summary>When one task fits, as running claims end at their predicted times; those without one end last.</summary>
    public double FreeAt(int node, in TaskShape shape, double now)
    {
        ClusterState cluster = pool.Cluster;
        List<PoolState.TaskRef> tasks = [.. pool.TasksOn(node)];
        tasks.Sort((x, y) => End(x).CompareTo(End(y)));
        int cpu = cluster.cpuFree[node];
        int memory = cluster.memoryFree[node];
        int[] free = cluster.DevicesFree(node).ToArray();
        int[] deviceMemory = cluster.DeviceMemoryFree(node).ToArray();
        double at = now;
        ulong takes = cluster.Takes(node, shape) & cluster.Usable(node);
        int has = cluster.Node(node).DeviceMemoryMib;
        int wanted = shape.DeviceMemoryOn(has);
        for (int i = 0; ; i++)
        {
            int fitting = 0;
            for (int device = 0; device < free.Length; device++)
            {
                bool fits =
                    free[device] >= shape.ComputeMilli && deviceMemory[device] >= wanted && (takes >> device & 1) != 0;
                fitting += fits ? 1 : 0;
            }
            if (cpu >= shape.CpuMilli && memory >= shape.MemoryMib && fitting >= shape.Devices || i == tasks.Count)
            {
                return at;
            }
            PlacedTask task = cluster.PlacementAt(tasks[i].Claim.Slots[tasks[i].Task]);
            at = Math.Max(at, End(tasks[i]));
            cpu += task.Shape.CpuMilli;
            memory += task.Shape.MemoryMib;
            for (ulong rest = task.Devices; rest != 0; rest &= rest - 1)
            {
                free[BitOperations.TrailingZeroCount(rest)] += task.Shape.ComputeMilli;
                deviceMemory[BitOperations.TrailingZeroCount(rest)] += task.Shape.DeviceMemoryOn(has);
            }
        }
    }

    private static double End(PoolState.TaskRef task) =>
        double.IsNaN(task.Claim.ExpectedEnd) ? double.MaxValue : task.Claim.ExpectedEnd;

    private void Set(int at, bool closed)
    {
        if (at < 0)
        {
            return;
        }
        foreach (int node in all[at].Nodes)
        {
            kept[node] = closed;
            if (!pool.IsDown(node))
            {
                pool.Cluster.SetClosed(node, closed);
            }
        }
    }

    private int Find(ClaimState claim)
    {
        for (int i = 0; i < all.Count; i++)
        {
            if (all[i].Claim == claim)
            {
                return i;
            }
        }
        return -1;
    }

    private sealed record Reservation(ClaimState Claim, int[] Nodes, double Shadow);
}
