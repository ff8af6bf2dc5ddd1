using System.Numerics;
using Weir.Scheduling.Cluster;
using Weir.Scheduling.Fairness;

namespace Weir.Scheduling.Deciding;

/// <summary>
/// Chooses which running claims make room for a task at the least cost: the bytes that parking them moves. Who may be
/// a victim: claims of lower priority of the same project; claims of projects beyond their quota, when the asking one
/// stays within its own (compared at the level at which the two projects part); guests on nodes of the asking claim's pool.
/// </summary>
internal sealed class VictimChooser(PoolState pool, FairShares shares)
{
    private readonly Resources[] deducted = new Resources[pool.Projects.Count];
    private readonly List<int> touched = [];
    private readonly List<ClaimState> candidates = [];
    private readonly List<ClaimState> chosen = [];
    private readonly int[] lineage = new int[pool.Projects.Count];

    /// <summary>The node and the victims of least cost; false when no set of victims makes room.</summary>
    /// <param name="claim">The claim that asks.</param>
    /// <param name="shape">Its task's shape with the pools that it may use.</param>
    /// <param name="rack">Only nodes of this rack; null: all.</param>
    /// <param name="now">Time, seconds.</param>
    /// <param name="victims">Receives the victims.</param>
    public bool TryChoose(ClaimState claim, in TaskShape shape, string? rack, double now, List<ClaimState> victims)
    {
        double bestCost = double.PositiveInfinity;
        victims.Clear();
        for (int node = 0; node < pool.Cluster.NodeCount; node++)
        {
            NodeConfig config = pool.Cluster.Node(node);
            if (
                pool.Cheapest(node) >= bestCost - 1
                || pool.IsDown(node)
                || rack is not null && config.Rack != rack
                || pool.Cluster.IsClosed(node)
                || config.Devices < shape.Devices
                || config.CpuMilli < shape.CpuMilli
                || config.MemoryMib < shape.MemoryMib
                || (shape.Pools >> pool.Cluster.pool[node] & 1) == 0
                || shape.Devices > 0 && (shape.Models >> pool.Cluster.model[node] & 1) == 0
            )
            {
                continue;
            }
            double cost = CostOn(node, claim, shape, now, bestCost);
            if (cost < bestCost)
            {
                bestCost = cost;
                victims.Clear();
                victims.AddRange(chosen);
            }
        }
        return victims.Count > 0;
    }

    /// <summary>True when the claim could park anyone at all; cheap.</summary>
    public bool MayAsk(ClaimState claim, bool lowerPriorityRuns) =>
        lowerPriorityRuns || claim.Config.Pool.Length > 0 || WithinQuota(claim);

    private bool WithinQuota(ClaimState claim)
    {
        for (int at = claim.Project; at > 0; at = pool.Projects.Parent(at))
        {
            if ((pool.Projects.Used(at) + claim.Amount).Within(shares.Terms(at).Quota))
            {
                return true;
            }
        }
        return false;
    }

    private double CostOn(int node, ClaimState claim, in TaskShape shape, double now, double bound)
    {
        candidates.Clear();
        chosen.Clear();
        foreach (PoolState.TaskRef task in pool.TasksOn(node))
        {
            ClaimState other = task.Claim;
            if (
                other != claim
                && other.MayPark
                && other.Phase == ClaimPhase.Running
                && now - other.Started >= other.Config.MinRunSeconds
                && !candidates.Contains(other)
            )
            {
                candidates.Add(other);
            }
        }
        if (candidates.Count == 0)
        {
            return double.PositiveInfinity;
        }
        candidates.Sort(CheapestFirst);
        ClusterState cluster = pool.Cluster;
        Span<int> free = stackalloc int[64];
        Span<int> memory = stackalloc int[64];
        var left = new NodeRest(cluster, node, free, memory);
        double cost = 0;
        // One task more than now: a gang's other tasks may need what is free already.
        ulong takes = cluster.Takes(node, shape) & cluster.Usable(node);
        int wanted = left.Room(shape, takes) + 1;
        bool fits = false;
        foreach (ClaimState victim in candidates)
        {
            if (fits || cost >= bound)
            {
                break;
            }
            if (MayTake(claim, victim, node))
            {
                left.Change(cluster, victim, node, +1);
                Deduct(victim);
                chosen.Add(victim);
                cost += Cost(victim);
                fits = left.Room(shape, takes) >= wanted;
            }
        }
        // Whoever turns out not to be needed stays, the dearest first.
        for (int i = chosen.Count - 1; fits && i >= 0; i--)
        {
            left.Change(cluster, chosen[i], node, -1);
            if (left.Room(shape, takes) >= wanted)
            {
                cost -= Cost(chosen[i]);
                chosen.RemoveAt(i);
            }
            else
            {
                left.Change(cluster, chosen[i], node, +1);
            }
        }
        foreach (int project in touched)
        {
            deducted[project] = default;
        }
        touched.Clear();
        return fits && chosen.Count > 0 ? cost : double.PositiveInfinity;
    }

    private bool MayTake(ClaimState claim, ClaimState victim, int node)
    {
        string home = pool.Cluster.Node(node).Pool;
        if (home.Length > 0 && claim.Config.Pool == home && victim.Config.Pool != home)
        {
            return true;
        }
        if (victim.Project == claim.Project)
        {
            return victim.Config.Priority < claim.Config.Priority;
        }
        // The children of the lowest common ancestor on either side.
        Array.Fill(lineage, -1);
        for (int at = claim.Project, below = -1; at >= 0; below = at, at = pool.Projects.Parent(at))
        {
            lineage[at] = below;
        }
        int theirs = victim.Project;
        while (lineage[pool.Projects.Parent(theirs)] < 0)
        {
            theirs = pool.Projects.Parent(theirs);
        }
        int mine = lineage[pool.Projects.Parent(theirs)];
        Resources owed = shares.Terms(mine).Quota;
        Resources allowed = shares.Terms(theirs).Quota;
        Resources uses = pool.Projects.Used(theirs) - deducted[theirs];
        return (pool.Projects.Used(mine) + claim.Amount).Within(owed)
            && (
                claim.Config.Shape.Devices > 0
                    ? uses.DeviceMilli > allowed.DeviceMilli || uses.CpuMilli > allowed.CpuMilli
                    : uses.CpuMilli > allowed.CpuMilli || uses.MemoryMib > allowed.MemoryMib
            );
    }

    private void Deduct(ClaimState victim)
    {
        for (int at = victim.Project; at >= 0; at = pool.Projects.Parent(at))
        {
            deducted[at] += victim.Amount;
            touched.Add(at);
        }
    }

    // One byte more than nothing, so that fewer victims are cheaper when parking is free.
    private static double Cost(ClaimState victim) => victim.ParkBytes + 1.0;

    private static int CheapestFirst(ClaimState x, ClaimState y)
    {
        int order = x.Config.Priority.CompareTo(y.Config.Priority);
        order = order != 0 ? order : x.ParkBytes.CompareTo(y.ParkBytes);
        order = order != 0 ? order : y.Started.CompareTo(x.Started);
        return order != 0 ? order : x.Config.Id.CompareTo(y.Config.Id);
    }

    /// <summary>What would be free on a node.</summary>
    private ref struct NodeRest
    {
        private readonly Span<int> free;
        private readonly Span<int> deviceMemory;
        private readonly int has;
        private int cpu;
        private int memory;

        public NodeRest(ClusterState cluster, int node, Span<int> free, Span<int> deviceMemory)
        {
            this.free = free[..cluster.DevicesFree(node).Length];
            this.deviceMemory = deviceMemory[..this.free.Length];
            has = cluster.Node(node).DeviceMemoryMib;
            cluster.DevicesFree(node).CopyTo(this.free);
            cluster.DeviceMemoryFree(node).CopyTo(this.deviceMemory);
            cpu = cluster.cpuFree[node];
            memory = cluster.memoryFree[node];
        }

        public void Change(ClusterState cluster, ClaimState claim, int node, int sign)
        {
            foreach (int slot in claim.Slots)
            {
                PlacedTask task = cluster.PlacementAt(slot);
                if (task.Node != node)
                {
                    continue;
                }
                cpu += sign * task.Shape.CpuMilli;
                memory += sign * task.Shape.MemoryMib;
                for (ulong rest = task.Devices; rest != 0; rest &= rest - 1)
                {
                    int device = BitOperations.TrailingZeroCount(rest);
                    free[device] += sign * task.Shape.ComputeMilli;
                    deviceMemory[device] += sign * task.Shape.DeviceMemoryOn(has);
                }
            }
        }

        /// <summary>How many such tasks fit.</summary>
        /// <param name="shape">What a task asks.</param>
        /// <param name="takes">Bits of the devices that it may use.</param>
        public readonly int Room(in TaskShape shape, ulong takes)
        {
            int most = int.MaxValue;
            most = shape.CpuMilli > 0 ? Math.Min(most, cpu / shape.CpuMilli) : most;
            most = shape.MemoryMib > 0 ? Math.Min(most, memory / shape.MemoryMib) : most;
            if (shape.Devices > 0)
            {
                int parts = 0;
                int each = shape.DeviceMemoryOn(has);
                for (int i = 0; i < free.Length; i++)
                {
                    int fitting = (takes >> i & 1) != 0 ? free[i] / shape.ComputeMilli : 0;
                    parts += each > 0 ? Math.Min(fitting, deviceMemory[i] / each) : fitting;
                }
                most = Math.Min(most, parts / shape.Devices);
            }
            return most;
        }
    }
}
