using Weir.Controller.Leases;
using Weir.Controller.Queue;
using Weir.Controller.State;
using Weir.Protocol.Rest;
using Weir.Scheduling.Cluster;
using Weir.Scheduling.Deciding;
using ClusterState = Weir.Controller.State.ClusterState;
using Library = Weir.Scheduling.Cluster.ClusterState;

namespace Weir.Controller.Placement;

/// <summary>
/// The scheduling library's books of the pool, beside the controller's own state: what asks, what runs and where. Made anew,
/// with all that waits and runs, when devices, pools, projects or calendars change. Called under the gate.
/// </summary>
internal sealed class Books(ClusterState state, ControllerClock clock)
{
    private const int MostSets = 1000;

    private readonly SortedDictionary<long, QueueEntry> _entries = [];
    private readonly Dictionary<string, QueueEntry> _workloads = new(StringComparer.Ordinal);
    private readonly Dictionary<string, QueueEntry> _leases = new(StringComparer.Ordinal);
    private TimeSpan _utcOffset;
    private Layout? _layout;
    private PoolState? _pool;
    private Scheduler? _scheduler;
    private ClaimTerms? _terms;
    private long _last;

    // Some lease has less in the library's books than it was granted, because less is promised by now.
    private bool _clipped;
    private bool _ended;

    /// <summary>Counted up when the books are made anew: what was decided before is not in them.</summary>
    public int Generation { get; private set; }

    /// <summary>True when what ended leaves room that only new books know of.</summary>
    public bool MustBeMadeAnew => _clipped && _ended;

    /// <summary>Says who may be taken off its devices.</summary>
    public ISessionMover? Mover { get; set; }

    /// <summary>All that waits or has something, in the order in which it came here.</summary>
    public IEnumerable<QueueEntry> Entries => _entries.Values;

    public Scheduler Scheduler => _scheduler ?? throw new InvalidOperationException("the books were not made yet");

    public PoolState Pool => _pool ?? throw new InvalidOperationException("the books were not made yet");

    public Layout Layout => _layout ?? throw new InvalidOperationException("the books were not made yet");

    /// <summary>Seconds, the library's time.</summary>
    public double Now => clock.Now / 1000.0;

    public QueueEntry? Find(long number) => _entries.GetValueOrDefault(number);

    public QueueEntry? OfWorkload(string id) => _workloads.GetValueOrDefault(id);

    public QueueEntry? OfLease(string id) => _leases.GetValueOrDefault(id);

    /// <summary>Whether the entry has places in the library's books.</summary>
    public bool Runs(QueueEntry entry) =>
        Pool.Claims.TryGetValue(entry.Number, out var claim) && claim.Phase == ClaimPhase.Running;

    /// <summary>Makes the books anew when they describe another pool; and looks which devices take new slices.</summary>
    public void Refresh()
    {
        var offset = TimeZoneInfo.Local.GetUtcOffset(DateTimeOffset.FromUnixTimeMilliseconds(clock.Now));
        if (
            _layout is null
            || !_layout.Describes(state)
            || offset != _utcOffset
            || Pool.Cluster.AllowedSets > MostSets
            || MustBeMadeAnew
        )
        {
            _utcOffset = offset;
            Rebuild();
        }
        for (int node = 0; node < Pool.Cluster.NodeCount; node++)
        {
            ulong usable = Layout.Usable(state, node);
            if (usable != Pool.Cluster.Usable(node))
            {
                Pool.SetUsable(node, usable);
            }
        }
    }

    /// <summary>Enters a claim whose caller waits.</summary>
    public QueueEntry Enter(PendingClaim pending) =>
        Enter(
            new QueueEntry(++_last)
            {
                Claim = pending.Claim,
                Pending = pending,
                Project = pending.Claim.Project,
                User = pending.Claim.User,
                Since = pending.Since,
            }
        );

    /// <summary>Enters a queued workload.</summary>
    public QueueEntry Enter(WorkloadState workload, ResolvedClaim? claim) =>
        Enter(
            new QueueEntry(++_last)
            {
                Claim = claim,
                Workload = workload,
                Project = workload.Project,
                User = workload.User,
                Since = workload.SubmittedAt,
            }
        );

    /// <summary>The entry was granted this lease.</summary>
    public void Granted(QueueEntry entry, LeaseState lease)
    {
        entry.Lease = lease;
        _leases[lease.Id] = entry;
    }

    /// <summary>A lease is over: its places are free; a workload's entry stays and waits until the workload is queued again or over.</summary>
    public void Ended(LeaseState lease)
    {
        if (!_leases.Remove(lease.Id, out var entry))
        {
            return;
        }
        entry.Lease = null;
        _ended = true;
        if (entry.Workload is not { Ended: false } workload)
        {
            Remove(entry);
            return;
        }
        Pool.StartFailed(entry.Number, Now);
        Hold(entry, () => workload.State == "queued" ? null : "its process has not ended yet");
    }

    /// <summary>The lease's slices went back to the pool while its sessions are parked.</summary>
    public void Released(LeaseState lease)
    {
        if (_leases.TryGetValue(lease.Id, out var entry))
        {
            _ended = true;
            Remove(entry);
        }
    }

    /// <summary>The lease has its slices: a fact, as what runs at the start is.</summary>
    public void Returned(LeaseState lease)
    {
        if (_pool is null)
        {
            _ = Note(lease);
            return;
        }
        // Its device may be usable again only just now.
        Refresh();
        Adopt(Note(lease));
    }

    /// <summary>A parked lease asks for its slices; null when it does already.</summary>
    public QueueEntry? EnterParked(LeaseState lease)
    {
        if (_leases.ContainsKey(lease.Id))
        {
            return null;
        }
        if (lease.Workload is { } id && _workloads.TryGetValue(id, out var before))
        {
            Remove(before);
        }
        var entry = Note(lease);
        if (_pool is not null)
        {
            Submit(entry);
        }
        return entry;
    }

    /// <summary>What was to be parked for others stays where it is: its places are its own again, a fact.</summary>
    public void Kept(QueueEntry entry)
    {
        entry.Obstacle = null;
        Pool.End(entry.Number);
        Adopt(entry);
    }

    /// <summary>What parking costs by now, of all that has slices; and who may be parked.</summary>
    public void Reprice()
    {
        foreach (var entry in _leases.Values)
        {
            if (entry is { HasSlices: true, Lease: { } lease } && Mover is not null)
            {
                Pool.Reprice(entry.Number, Mover.MayPark(lease), Mover.ParkBytes(lease));
            }
        }
    }

    /// <summary>What was decided could not be carried out: the entry waits again, until the obstacle is gone.</summary>
    public void StartFailed(QueueEntry entry, Func<string?> obstacle)
    {
        Pool.StartFailed(entry.Number, Now);
        Hold(entry, obstacle);
    }

    /// <summary>Keeps the entry from starting until the obstacle answers null.</summary>
    public void Hold(QueueEntry entry, Func<string?> obstacle)
    {
        entry.Obstacle = obstacle;
        Pool.Hold(entry.Number, obstacle() ?? "it is looked at again");
    }

    /// <summary>Lets go what nothing stands in the way of any more.</summary>
    public void LookAtObstacles()
    {
        foreach (var entry in _entries.Values)
        {
            if (entry.Obstacle is { } obstacle && obstacle() is null)
            {
                entry.Obstacle = null;
                Pool.Hold(entry.Number, null);
            }
        }
    }

    /// <summary>The entry is over, or withdrawn.</summary>
    public void Remove(QueueEntry entry)
    {
        _entries.Remove(entry.Number);
        if (entry.Workload is { } workload)
        {
            _workloads.Remove(workload.Id);
        }
        if (entry.Lease is { } lease)
        {
            _leases.Remove(lease.Id);
        }
        _pool?.End(entry.Number);
    }

    /// <summary>The slices of a decision, in the order of the program's device numbers.</summary>
    public List<SliceView> Slices(QueueEntry entry, IReadOnlyList<PlacedTask> places)
    {
        List<SliceView> slices = [];
        var demand = entry.Claim!.Demand;
        foreach (var placed in places)
        {
            long memory =
                demand.Memory
                ?? (long)placed.Shape.DeviceMemoryOn(Pool.Cluster.Node(placed.Node).DeviceMemoryMib) << 20;
            foreach (string uuid in Layout.Devices(placed))
            {
                slices.Add(new SliceView(Layout.Machine(placed.Node), uuid, slices.Count, demand.Compute, memory));
            }
        }
        return slices;
    }

    private QueueEntry Enter(QueueEntry entry)
    {
        _entries.Add(entry.Number, entry);
        if (entry.Workload is { } workload)
        {
            _workloads[workload.Id] = entry;
        }
        if (entry.Lease is { } lease)
        {
            _leases[lease.Id] = entry;
        }
        Submit(entry);
        return entry;
    }

    private void Rebuild()
    {
        bool first = _layout is null;
        Generation++;
        (_clipped, _ended) = (false, false);
        _layout = Layout.Of(state);
        var tree = ProjectForest.Plant(state.Projects.Values);
        var cluster = new Library(_layout.Nodes, new NameTable());
        _pool = new PoolState(cluster, tree);
        _terms = new ClaimTerms(state, _layout, _pool, Mover);
        if (first)
        {
            EnterWhatRuns();
        }
        _scheduler = new Scheduler(
            _pool,
            PoolTerms.Policy(state, _layout, tree, _utcOffset),
            PoolTerms.Typical(_entries.Values, cluster.Models),
            PoolTerms.Speeds(state, cluster.Models)
        );
        // What runs first, so that it has its places.
        foreach (var entry in _entries.Values.Where(IsPlaced).ToArray())
        {
            Adopt(entry);
        }
        foreach (var entry in _entries.Values.Where(entry => !IsPlaced(entry)).ToArray())
        {
            Submit(entry);
        }
    }

    private static bool IsPlaced(QueueEntry entry) =>
        entry.HasSlices || entry is { Lease: null, Workload: { OnNode: true, Lease: null } };

    private void EnterWhatRuns()
    {
        foreach (var lease in state.Leases.Values.Where(lease => !lease.Released))
        {
            _ = Note(lease);
        }
        foreach (var workload in state.Workloads.Values)
        {
            if (workload.OnNode && !_workloads.ContainsKey(workload.Id))
            {
                _ = Note(
                    new QueueEntry(++_last)
                    {
                        Workload = workload,
                        Project = workload.Project,
                        User = workload.User,
                        Since = workload.SubmittedAt,
                    }
                );
            }
        }
    }

    private QueueEntry Note(LeaseState lease)
    {
        var workload = lease.Workload is { } id ? state.Workloads.GetValueOrDefault(id) : null;
        return Note(
            new QueueEntry(++_last)
            {
                Lease = lease,
                Workload = workload,
                Project = lease.Project,
                User = lease.User,
                Since = workload?.SubmittedAt ?? lease.GrantedAt,
            }
        );
    }

    private QueueEntry Note(QueueEntry entry)
    {
        _entries.Add(entry.Number, entry);
        if (entry.Workload is { } workload)
        {
            _workloads[workload.Id] = entry;
        }
        if (entry.Lease is { } lease)
        {
            _leases[lease.Id] = entry;
        }
        return entry;
    }

    private void Submit(QueueEntry entry)
    {
        entry.Refused = null;
        try
        {
            Pool.Submit(_terms!.Of(entry), entry.Since / 1000.0);
            if (entry.Obstacle is { } obstacle && obstacle() is { } reason)
            {
                Pool.Hold(entry.Number, reason);
            }
        }
        catch (ArgumentException wrong)
        {
            entry.Refused = wrong.Message;
        }
    }

    // What was granted is a fact: where it does not fit what the pool promises by now, it takes what is there.
    private void Adopt(QueueEntry entry)
    {
        List<PlacedTask> places = [];
        foreach (var slice in entry.Lease?.Slices ?? [])
        {
            if (Layout.Find(slice.Uuid) is not { } place)
            {
                continue;
            }
            int compute = Math.Min(
                Layout.Milli(entry.Lease!.Pool, slice.Compute),
                Pool.Cluster.DevicesFree(place.Node)[place.Device]
            );
            int memory = (int)
                Math.Min((slice.Memory + (1 << 20) - 1) >> 20, Pool.Cluster.DeviceMemoryFree(place.Node)[place.Device]);
            memory = Math.Min(memory, Pool.Cluster.NodeDeviceMemory(place.Node));
            _clipped |= compute < Layout.Milli(entry.Lease!.Pool, slice.Compute);
            if (compute > 0)
            {
                places.Add(new PlacedTask(place.Node, 1UL << place.Device, new TaskShape(0, 0, 1, compute, memory)));
            }
        }
        if (entry.Lease is null && Pool.Cluster.NodeCount > 0)
        {
            places.Add(new PlacedTask(0, 0, new TaskShape(0, 0, 0, 0)));
        }
        Pool.Adopt(_terms!.Of(entry), places, entry.Since / 1000.0, (entry.Lease?.GrantedAt ?? entry.Since) / 1000.0);
    }
}
