using System.Data.Common;
using System.Text.Json;
using Weir.Controller.State;
using Weir.Protocol.Rest;

namespace Weir.Controller.Store;

/// <summary>Fills the state from the store at the start, and answers questions about what has ended.</summary>
internal static class StoreReader
{
    public static ClusterState Load(StoreSession store)
    {
        var state = new ClusterState();
        Each(
            store.Read(
                "SELECT name, credential_hash, address, fingerprint, boot, socket, release, processors, host_memory, mode, last_seen FROM nodes"
            ),
            row =>
                state.Nodes[row.GetString(0)] = new NodeState
                {
                    Name = row.GetString(0),
                    CredentialHash = row.GetString(1),
                    Address = row.GetString(2),
                    Fingerprint = row.GetString(3),
                    Boot = row.GetString(4),
                    Socket = row.GetString(5),
                    Release = row.GetString(6),
                    Processors = (int)row.GetInt64(7),
                    HostMemory = row.GetInt64(8),
                    Mode = row.GetString(9),
                    LastSeen = row.GetInt64(10),
                }
        );
        Each(
            store.Read("SELECT uuid, node, ordinal, kind, model, memory, pool, cordoned, fault FROM devices"),
            row =>
                state.Devices[row.GetString(0)] = new DeviceState
                {
                    Uuid = row.GetString(0),
                    Node = row.GetString(1),
                    Ordinal = (int)row.GetInt64(2),
                    Kind = row.GetString(3),
                    Model = row.GetString(4),
                    Memory = row.GetInt64(5),
                    Pool = row.GetString(6),
                    Cordoned = row.GetInt64(7) != 0,
                    Fault = Text(row, 8),
                }
        );
        Each(
            store.Read("SELECT body FROM pools"),
            row =>
                Keep(
                    state.Pools,
                    JsonSerializer.Deserialize(row.GetString(0), StoreJson.Default.PoolView)!,
                    pool => pool.Name
                )
        );
        Each(
            store.Read("SELECT body FROM projects"),
            row =>
                Keep(
                    state.Projects,
                    JsonSerializer.Deserialize(row.GetString(0), StoreJson.Default.ProjectView)!,
                    project => project.Name
                )
        );
        Each(
            store.Read("SELECT body FROM templates"),
            row =>
                Keep(
                    state.Templates,
                    JsonSerializer.Deserialize(row.GetString(0), StoreJson.Default.TemplateView)!,
                    template => template.Name
                )
        );
        Each(
            store.Read("SELECT body FROM calendars"),
            row =>
                Keep(
                    state.Calendars,
                    JsonSerializer.Deserialize(row.GetString(0), StoreJson.Default.CalendarView)!,
                    calendar => calendar.Name
                )
        );
        Each(
            store.Read("SELECT COALESCE(MAX(id), 0) FROM events"),
            row => state.LastEvent = Convert.ToInt64(row.GetValue(0), System.Globalization.CultureInfo.InvariantCulture)
        );
        Each(
            store.Read("SELECT id, kind, hash, user_name, operator, created, expires FROM tokens"),
            row =>
                state.Tokens[row.GetString(2)] = new TokenState(
                    row.GetString(0),
                    row.GetString(1),
                    row.GetString(2),
                    Text(row, 3),
                    row.GetInt64(4) != 0,
                    row.GetInt64(5),
                    row.GetInt64(6)
                )
        );
        foreach (var lease in Leases(store, "ended IS NULL", int.MaxValue))
        {
            lease.Durable = true;
            state.Leases[lease.Id] = lease;
            if (!lease.Released)
            {
                state.Count(lease, +1);
            }
        }
        foreach (var session in Sessions(store, "ended IS NULL", int.MaxValue))
        {
            state.AddSession(session);
        }
        foreach (var workload in Workloads(store, "state NOT IN ('succeeded', 'failed', 'cancelled')", int.MaxValue))
        {
            state.Workloads[workload.Id] = workload;
        }
        Each(
            store.Read("SELECT COALESCE(MAX(id), 0) FROM audit"),
            row => state.LastAudit = Convert.ToInt64(row.GetValue(0), System.Globalization.CultureInfo.InvariantCulture)
        );
        return state;
    }

    /// <summary>A value that the controller keeps about itself; null when there is none.</summary>
    public static string? Meta(StoreSession store, string name)
    {
        string? found = null;
        Each(store.Read("SELECT value FROM meta WHERE name = @p0", name), row => found = row.GetString(0));
        return found;
    }

    /// <summary>Leases that meet a condition, latest first.</summary>
    public static List<LeaseState> Leases(
        StoreSession store,
        string condition,
        int most,
        params ReadOnlySpan<object?> values
    )
    {
        List<LeaseState> found = [];
        Each(
            store.Read(
                $"SELECT id, epoch, secret_hash, project, user_name, pool, program, workload, priority, grace, slices, granted, expires, ended, reason, idle, released, moving FROM leases WHERE {condition} ORDER BY granted DESC LIMIT {most}",
                values
            ),
            row =>
                found.Add(
                    new LeaseState
                    {
                        Id = row.GetString(0),
                        Epoch = (ulong)row.GetInt64(1),
                        SecretHash = row.GetString(2),
                        Project = row.GetString(3),
                        User = row.GetString(4),
                        Pool = row.GetString(5),
                        Program = Text(row, 6),
                        Workload = Text(row, 7),
                        Priority = (int)row.GetInt64(8),
                        GraceMs = (int)row.GetInt64(9),
                        Slices = JsonSerializer.Deserialize(row.GetString(10), StoreJson.Default.SliceViewArray)!,
                        GrantedAt = row.GetInt64(11),
                        ExpiresAt = Number(row, 12),
                        EndedAt = Number(row, 13),
                        Reason = Text(row, 14),
                        IdleReleaseMs = (int)row.GetInt64(15),
                        Released = row.GetInt64(16) != 0,
                        Moving = Text(row, 17) is { } moving
                            ? JsonSerializer.Deserialize(moving, StoreJson.Default.LeaseMove)
                            : null,
                    }
                )
        );
        return found;
    }

    /// <summary>Sessions that meet a condition, latest first.</summary>
    public static List<SessionState> Sessions(
        StoreSession store,
        string condition,
        int most,
        params ReadOnlySpan<object?> values
    )
    {
        List<SessionState> found = [];
        Each(
            store.Read(
                $"SELECT id, lease, epoch, node, project, user_name, program, process, host, devices, started, ended, reason, busy, launches, memory FROM sessions WHERE {condition} ORDER BY started DESC LIMIT {most}",
                values
            ),
            row =>
                found.Add(
                    new SessionState
                    {
                        Id = row.GetString(0),
                        Lease = row.GetString(1),
                        Epoch = (ulong)row.GetInt64(2),
                        Node = row.GetString(3),
                        Project = row.GetString(4),
                        User = row.GetString(5),
                        Program = row.GetString(6),
                        Process = row.GetInt64(7),
                        Host = row.GetString(8),
                        Devices = JsonSerializer.Deserialize(row.GetString(9), StoreJson.Default.StringArray)!,
                        StartedAt = row.GetInt64(10),
                        EndedAt = Number(row, 11),
                        Reason = Text(row, 12),
                        BusyNs = (ulong)row.GetInt64(13),
                        Launches = row.GetInt64(14),
                        Memory = row.GetInt64(15),
                    }
                )
        );
        return found;
    }

    /// <summary>Workloads that meet a condition, latest first.</summary>
    public static List<WorkloadState> Workloads(
        StoreSession store,
        string condition,
        int most,
        params ReadOnlySpan<object?> values
    )
    {
        List<WorkloadState> found = [];
        Each(
            store.Read(
                $"SELECT id, state, project, user_name, request, array_index, node, lease, attempt, exit_code, reason, submitted, started, ended, output, stops, stopped_attempt FROM workloads WHERE {condition} ORDER BY submitted DESC, id DESC LIMIT {most}",
                values
            ),
            row =>
                found.Add(
                    new WorkloadState
                    {
                        Id = row.GetString(0),
                        State = row.GetString(1),
                        Project = row.GetString(2),
                        User = row.GetString(3),
                        Request = JsonSerializer.Deserialize(row.GetString(4), StoreJson.Default.WorkloadRequest)!,
                        ArrayIndex = (int?)Number(row, 5),
                        Node = Text(row, 6),
                        Lease = Text(row, 7),
                        Attempt = (int)row.GetInt64(8),
                        ExitCode = (int?)Number(row, 9),
                        Reason = Text(row, 10),
                        SubmittedAt = row.GetInt64(11),
                        StartedAt = Number(row, 12),
                        EndedAt = Number(row, 13),
                        OutputBytes = row.GetInt64(14),
                        Stops = (int)row.GetInt64(15),
                        StoppedAttempt = (int)row.GetInt64(16),
                    }
                )
        );
        return found;
    }

    /// <summary>The latest events about some things, or about all, oldest first.</summary>
    public static List<EventView> Events(StoreSession store, int most, params IReadOnlyList<string> subjects)
    {
        List<EventView> found = [];
        // No subject stands for all of them.
        foreach (string subject in subjects.Count > 0 ? subjects : [""])
        {
            Each(
                store.Read(
                    $"SELECT at, kind, subject, project, detail FROM events {(subject.Length == 0 ? "" : "WHERE subject = @p0")} ORDER BY id DESC LIMIT {most}",
                    subject.Length == 0 ? [] : [subject]
                ),
                row =>
                    found.Add(
                        new EventView(
                            row.GetInt64(0),
                            row.GetString(1),
                            row.GetString(2),
                            row.GetString(3),
                            row.GetString(4)
                        )
                    )
            );
        }
        return [.. found.OrderBy(told => told.At).TakeLast(most)];
    }

    /// <summary>Claims of the past since a time, in the order in which they came.</summary>
    public static List<HistoryClaim> Claims(StoreSession store, long since, int most)
    {
        List<HistoryClaim> found = [];
        Each(
            store.Read(
                $"""
                SELECT c.id, c.project, c.pool, c.count, c.compute, c.memory, c.model, c.priority, c.preemptible, c.submitted, l.granted, l.ended
                FROM claims c LEFT JOIN leases l ON l.id = c.lease WHERE c.submitted >= @p0 ORDER BY c.submitted LIMIT {most}
                """,
                since
            ),
            row =>
                found.Add(
                    new HistoryClaim(
                        row.GetString(0),
                        row.GetString(1),
                        row.GetString(2),
                        (int)row.GetInt64(3),
                        (int)row.GetInt64(4),
                        Number(row, 5),
                        Text(row, 6),
                        (int)row.GetInt64(7),
                        row.GetInt64(8) != 0,
                        row.GetInt64(9),
                        Number(row, 10),
                        Number(row, 11)
                    )
                )
        );
        return found;
    }

    /// <summary>The latest lines of the audit log.</summary>
    public static List<AuditView> Audit(StoreSession store, int most)
    {
        List<AuditView> found = [];
        Each(
            store.Read($"SELECT at, user_name, action, subject, detail FROM audit ORDER BY id DESC LIMIT {most}"),
            row =>
                found.Add(
                    new AuditView(
                        row.GetInt64(0),
                        row.GetString(1),
                        row.GetString(2),
                        row.GetString(3),
                        row.GetString(4)
                    )
                )
        );
        return found;
    }

    private static void Keep<T>(Dictionary<string, T> all, T one, Func<T, string> name) => all[name(one)] = one;

    private static void Each(DbDataReader reader, Action<DbDataReader> row)
    {
        using (reader)
        {
            while (reader.Read())
            {
                row(reader);
            }
        }
    }

    private static string? Text(DbDataReader row, int column) => row.IsDBNull(column) ? null : row.GetString(column);

    private static long? Number(DbDataReader row, int column) => row.IsDBNull(column) ? null : row.GetInt64(column);
}
