using Weir.Controller.Leases;
using Weir.Controller.Queue;
using Weir.Scheduling.Cluster;
using Weir.Scheduling.Deciding;
using Weir.Scheduling.Fairness;
using ClusterState = Weir.Controller.State.ClusterState;

namespace Weir.Controller.Placement;

/// <summary>What asks for devices, in the scheduling library's terms: for one set of books.</summary>
internal sealed class ClaimTerms(ClusterState state, Layout layout, PoolState pool, ISessionMover? mover)
{
    private readonly Dictionary<string, int> _sets = new(StringComparer.Ordinal);

    /// <summary>What the entry asks for, or has.</summary>
    public ClaimConfig Of(QueueEntry entry)
    {
        var (count, compute) = Amount(entry);
        var request = entry.Workload?.Request;
        var shape = new TaskShape(0, 0, 0, 0);
        if (entry.Claim is { Demand: var demand } claim)
        {
            shape = new TaskShape(
                0,
                0,
                demand.Count,
                layout.Milli(claim.Pool, demand.Compute),
                demand.Memory is { } bytes ? (int)Math.Min(int.MaxValue, (bytes + (1 << 20) - 1) >> 20) : 0
            )
            {
                DeviceMemoryMilli = demand.Memory is null ? demand.Compute * 10 : 0,
                Allowed = Set(claim),
                Pools = PoolsLike(claim.Pool),
            };
        }
        else if (entry is { IsParked: true, Lease: { } parked })
        {
            shape = Parked(parked, count, compute);
        }
        else if (entry.Lease is { } lease)
        {
            shape = new TaskShape(0, 0, count, Math.Clamp(layout.Milli(lease.Pool, compute / count), 1, 1000));
        }
        int leaf = pool.Projects.TryFind(entry.Project);
        // What was parked once can be parked again.
        bool preemptible =
            entry.IsParked
            || mover is not null
                && (entry.Lease is { } running ? mover.MayPark(running) : mover.MayBorrow(entry.Workload));
        long? time = request?.TimeLimitMs ?? entry.Claim?.LifeMs;
        return new ClaimConfig(
            entry.Number,
            leaf >= 0 && pool.Projects.IsLeaf(leaf) ? entry.Project : ProjectForest.Strays,
            shape
        )
        {
            MaySplit = shape.Devices != 1 || entry.Lease is not null,
            Priority = entry.Lease?.Priority ?? entry.Claim?.Priority ?? request?.Claim?.Priority ?? 0,
            Preemptible = preemptible,
            PredictedSeconds = time is { } ms ? ms / 1000.0 : double.NaN,
            ReserveAfterSeconds = state.Pools.TryGetValue(entry.Pool, out var home)
                ? home.ReserveAfterMs / 1000.0
                : null,
            ParkBytes = entry.Lease is { } has ? mover?.ParkBytes(has) ?? has.Memory : MemoryOfEach(entry) * count,
            Pool = entry.Pool.Length > 0 ? layout.PoolName(entry.Pool) ?? Layout.Shared : "",
            Overflow = preemptible && home?.Overflows == true,
            Charge = new Resources(compute * 10L, request?.ProcessorsMilli ?? 0, (request?.HostMemoryBytes ?? 0) >> 20),
        };
    }

    // Its state is on its node, and its program knows its devices: it comes back where it was.
    private TaskShape Parked(State.LeaseState lease, int count, int compute)
    {
        Dictionary<int, ulong> own = [];
        foreach (var slice in lease.Slices)
        {
            if (layout.Find(slice.Uuid) is { } place)
            {
                own[place.Node] = own.GetValueOrDefault(place.Node) | 1UL << place.Device;
            }
        }
        string key = "\0" + string.Join(',', lease.Slices.Select(slice => slice.Uuid));
        if (!_sets.TryGetValue(key, out int number))
        {
            number = pool.Cluster.Allow(own);
            _sets.Add(key, number);
        }
        // As much of each as it has of the smallest; what is really free is looked at when it is given.
        long least = lease.Slices.Min(slice => slice.Memory);
        return new TaskShape(
            0,
            0,
            count,
            Math.Clamp(layout.Milli(lease.Pool, compute / count), 1, TaskShape.WholeDevice),
            (int)Math.Min(int.MaxValue, (least + (1 << 20) - 1) >> 20)
        )
        {
            Allowed = number,
        };
    }

    // Which device it will be is not known yet; those of a pool are mostly alike.
    private long MemoryOfEach(QueueEntry entry) =>
        entry.Claim?.Demand is { } demand
        && layout.Nodes.FirstOrDefault(node => node.Devices > 0 && node.Pool == entry.Pool) is { } node
            ? demand.MemoryOn((long)node.DeviceMemoryMib << 20)
            : 0;

    /// <summary>Slices, and percent of devices in all.</summary>
    public static (int Count, int Compute) Amount(QueueEntry entry) =>
        entry.Lease is { } lease ? (Math.Max(1, lease.Slices.Count), lease.Compute)
        : entry.Claim is { Demand: var demand } ? (demand.Count, demand.Count * demand.Compute)
        : (0, 0);

    // A share of a device means the same only where as much is promised of each.
    private ulong PoolsLike(string name)
    {
        if (!state.Pools.TryGetValue(name, out var home) || !home.Overflows)
        {
            return TaskShape.Any;
        }
        ulong bits = 0;
        foreach (var other in layout.NamedPools.Where(other => other.ComputeLimit == home.ComputeLimit))
        {
            bits |= pool.Cluster.Pools.Bits(other.Name);
        }
        return bits;
    }

    private int Set(ResolvedClaim claim)
    {
        var demand = claim.Demand;
        bool named = layout.PoolName(claim.Pool) is not null;
        if (named && demand is { Model: null, MinimumMemory: null, Node: null, Uuids: null or { Count: 0 } })
        {
            return 0;
        }
        string? only = named ? null : claim.Pool;
        string key = string.Join(
            '\n',
            only,
            demand.Model,
            demand.MinimumMemory,
            demand.Node,
            string.Join(',', demand.Uuids ?? [])
        );
        if (!_sets.TryGetValue(key, out int number))
        {
            number = pool.Cluster.Allow(layout.Allowed(state, demand, only));
            _sets.Add(key, number);
        }
        return number;
    }
}
