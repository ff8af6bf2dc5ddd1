using Weir.Protocol.Rest;

namespace Weir.Controller.State;

/// <summary>
/// All that was granted and all that agents reported, in memory. Whoever reads or changes it holds <see cref="Gate"/>;
/// a change is posted to the commit queue under the same lock, so that the store sees changes in the order of the memory.
/// </summary>
internal sealed class ClusterState
{
    private readonly Dictionary<string, SessionState> _sessions = new(StringComparer.Ordinal);
    private readonly Dictionary<string, List<SessionState>> _sessionsByLease = new(StringComparer.Ordinal);

    public Lock Gate { get; } = new();

    public Dictionary<string, NodeState> Nodes { get; } = new(StringComparer.Ordinal);
    public Dictionary<string, DeviceState> Devices { get; } = new(StringComparer.OrdinalIgnoreCase);
    public Dictionary<string, PoolView> Pools { get; } = new(StringComparer.Ordinal);
    public Dictionary<string, ProjectView> Projects { get; } = new(StringComparer.Ordinal);
    public Dictionary<string, TemplateView> Templates { get; } = new(StringComparer.Ordinal);

    /// <summary>By hash.</summary>
    public Dictionary<string, TokenState> Tokens { get; } = new(StringComparer.Ordinal);

    /// <summary>Active ones; ended ones are in the store.</summary>
    public Dictionary<string, LeaseState> Leases { get; } = new(StringComparer.Ordinal);

    /// <summary>Open ones; ended ones are in the store.</summary>
    public IReadOnlyDictionary<string, SessionState> Sessions => _sessions;

    /// <summary>All that have not ended, and those that ended since the start.</summary>
    public Dictionary<string, WorkloadState> Workloads { get; } = new(StringComparer.Ordinal);

    /// <summary>Calendars of projects' terms, by name.</summary>
    public Dictionary<string, CalendarView> Calendars { get; } = new(StringComparer.Ordinal);

    public long LastAudit { get; set; }

    public long LastEvent { get; set; }

    /// <summary>Counted up whenever there are other devices, nodes, pools, projects or calendars, or these have other settings.</summary>
    public long LayoutVersion { get; set; }

    /// <summary>Counts a lease's slices into its devices (sign +1) or out of them (-1).</summary>
    public void Count(LeaseState lease, int sign)
    {
        foreach (var slice in lease.Slices)
        {
            if (Devices.TryGetValue(slice.Uuid, out var device))
            {
                device.ComputeGranted += sign * slice.Compute;
                device.MemoryGranted += sign * slice.Memory;
                device.Leases += sign;
            }
        }
    }

    /// <summary>A session has begun.</summary>
    public void AddSession(SessionState session)
    {
        _sessions[session.Id] = session;
        if (!_sessionsByLease.TryGetValue(session.Lease, out var list))
        {
            _sessionsByLease.Add(session.Lease, list = []);
        }
        list.Add(session);
    }

    /// <summary>A session has ended.</summary>
    public void RemoveSession(SessionState session)
    {
        if (_sessions.Remove(session.Id))
        {
            var list = _sessionsByLease[session.Lease];
            list.Remove(session);
            if (list.Count == 0)
            {
                _sessionsByLease.Remove(session.Lease);
            }
        }
    }

    /// <summary>The open sessions of a lease.</summary>
    public IReadOnlyList<SessionState> SessionsOf(string lease) =>
        _sessionsByLease.TryGetValue(lease, out var list) ? list : [];

    /// <summary>Whether so much of these devices is promised to nobody, and may be promised.</summary>
    public bool HasRoom(IReadOnlyList<SliceView> slices, string pool) =>
        Pools.TryGetValue(pool, out var terms)
        && slices.All(slice =>
            Devices.TryGetValue(slice.Uuid, out var device)
            && Placeable(device)
            && device.ComputeGranted + slice.Compute <= terms.ComputeLimit
            && device.MemoryGranted + slice.Memory <= (long)((Int128)device.Memory * terms.MemoryLimit / 100)
        );

    /// <summary>Whether new leases may have slices of it.</summary>
    public bool Placeable(DeviceState device) =>
        device is { Present: true, Cordoned: false, Fault: null }
        && Nodes.TryGetValue(device.Node, out var node)
        && node.Placeable;
}
