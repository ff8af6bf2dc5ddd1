using System.Text.Json;
using Weir.Controller.Metering;
using Weir.Controller.Queue;
using Weir.Controller.State;
using Weir.Protocol.Rest;

namespace Weir.Controller.Store;

/// <summary>
/// The statements of each change. What is written is taken from the state when the change is made, not when it is written.
/// </summary>
internal static class Writes
{
    public static Action<StoreSession> Node(NodeState node)
    {
        object?[] values =
        [
            node.Name,
            node.CredentialHash,
            node.Address,
            node.Fingerprint,
            node.Boot,
            node.Socket,
            node.Release,
            node.Processors,
            node.HostMemory,
            node.Mode,
            node.LastSeen,
        ];
        return store =>
            store.Execute(
                """
                INSERT INTO nodes (name, credential_hash, address, fingerprint, boot, socket, release, processors, host_memory, mode, last_seen)
                VALUES (@p0, @p1, @p2, @p3, @p4, @p5, @p6, @p7, @p8, @p9, @p10)
                ON CONFLICT (name) DO UPDATE SET credential_hash = excluded.credential_hash, address = excluded.address,
                  fingerprint = excluded.fingerprint, boot = excluded.boot, socket = excluded.socket,
                  release = excluded.release, processors = excluded.processors, host_memory = excluded.host_memory,
                  mode = excluded.mode, last_seen = excluded.last_seen
                """,
                values
            );
    }

    public static Action<StoreSession> RemoveNode(string name) =>
        store =>
        {
            store.Execute("DELETE FROM devices WHERE node = @p0", name);
            store.Execute("DELETE FROM nodes WHERE name = @p0", name);
        };

    public static Action<StoreSession> Device(DeviceState device)
    {
        object?[] values =
        [
            device.Uuid,
            device.Node,
            device.Ordinal,
            device.Kind,
            device.Model,
            device.Memory,
            device.Pool,
            device.Cordoned,
            device.Fault,
        ];
        return store =>
            store.Execute(
                """
                INSERT INTO devices (uuid, node, ordinal, kind, model, memory, pool, cordoned, fault)
                VALUES (@p0, @p1, @p2, @p3, @p4, @p5, @p6, @p7, @p8)
                ON CONFLICT (uuid) DO UPDATE SET node = excluded.node, ordinal = excluded.ordinal, kind = excluded.kind,
                  model = excluded.model, memory = excluded.memory, pool = excluded.pool, cordoned = excluded.cordoned,
                  fault = excluded.fault
                """,
                values
            );
    }

    public static Action<StoreSession> Lease(LeaseState lease)
    {
        object?[] values =
        [
            lease.Id,
            lease.Epoch,
            lease.SecretHash,
            lease.Project,
            lease.User,
            lease.Pool,
            lease.Program,
            lease.Workload,
            lease.Priority,
            lease.GraceMs,
            JsonSerializer.Serialize(lease.Slices.ToArray(), StoreJson.Default.SliceViewArray),
            lease.GrantedAt,
            lease.ExpiresAt,
            lease.IdleReleaseMs,
        ];
        return store =>
            store.Execute(
                """
                INSERT INTO leases (id, epoch, secret_hash, project, user_name, pool, program, workload, priority, grace, slices, granted, expires, idle)
                VALUES (@p0, @p1, @p2, @p3, @p4, @p5, @p6, @p7, @p8, @p9, @p10, @p11, @p12, @p13)
                """,
                values
            );
    }

    public static Action<StoreSession> LeaseEpoch(string id, ulong epoch, string secretHash) =>
        store =>
            store.Execute("UPDATE leases SET epoch = @p1, secret_hash = @p2 WHERE id = @p0", id, epoch, secretHash);

    /// <summary>The lease's slices went back to the pool, or were taken again: the time between is nobody's.</summary>
    public static Action<StoreSession> LeaseReleased(string id, bool released, long at) =>
        store =>
        {
            store.Execute("UPDATE leases SET released = @p1 WHERE id = @p0", id, released);
            if (released)
            {
                store.Execute(
                    "INSERT INTO lease_pauses (lease, began, ended) VALUES (@p0, @p1, NULL) ON CONFLICT (lease, began) DO UPDATE SET ended = NULL",
                    id,
                    at
                );
            }
            else
            {
                store.Execute("UPDATE lease_pauses SET ended = @p1 WHERE lease = @p0 AND ended IS NULL", id, at);
            }
        };

    /// <summary>A device's condition from that time on.</summary>
    public static Action<StoreSession> DeviceSpan(string uuid, DeviceCondition? condition, long at) =>
        store =>
        {
            store.Execute("UPDATE device_spans SET ended = @p1 WHERE uuid = @p0 AND ended IS NULL", uuid, at);
            if (condition is not null)
            {
                store.Execute(
                    """
                    INSERT INTO device_spans (uuid, began, ended, node, pool, model, memory, usable)
                    VALUES (@p0, @p1, NULL, @p2, @p3, @p4, @p5, @p6)
                    ON CONFLICT (uuid, began) DO UPDATE SET ended = NULL, node = excluded.node, pool = excluded.pool,
                      model = excluded.model, memory = excluded.memory, usable = excluded.usable
                    """,
                    uuid,
                    at,
                    condition.Node,
                    condition.Pool,
                    condition.Model,
                    condition.Memory,
                    condition.IsUsable
                );
            }
        };

    public static Action<StoreSession> LeaseMoving(string id, LeaseMove? move)
    {
        string? body = move is null ? null : JsonSerializer.Serialize(move, StoreJson.Default.LeaseMove);
        return store => store.Execute("UPDATE leases SET moving = @p1 WHERE id = @p0", id, body);
    }

    /// <summary>It is on other devices now, with another epoch, and on its way nowhere.</summary>
    public static Action<StoreSession> LeasePlaced(LeaseState lease)
    {
        object?[] values =
        [
            lease.Id,
            lease.Epoch,
            JsonSerializer.Serialize(lease.Slices.ToArray(), StoreJson.Default.SliceViewArray),
            lease.Released,
        ];
        return store =>
            store.Execute(
                "UPDATE leases SET epoch = @p1, slices = @p2, released = @p3, moving = NULL WHERE id = @p0",
                values
            );
    }

    public static Action<StoreSession> LeaseEnd(string id, long at, string reason) =>
        store =>
            store.Execute(
                "UPDATE leases SET ended = @p1, reason = @p2 WHERE id = @p0 AND ended IS NULL",
                id,
                at,
                reason
            );

    public static Action<StoreSession> Session(SessionState session)
    {
        object?[] values =
        [
            session.Id,
            session.Lease,
            session.Epoch,
            session.Node,
            session.Project,
            session.User,
            session.Program,
            session.Process,
            session.Host,
            JsonSerializer.Serialize(session.Devices.ToArray(), StoreJson.Default.StringArray),
            session.StartedAt,
            session.EndedAt,
            session.Reason,
            session.BusyNs,
            session.Launches,
            session.Memory,
        ];
        return store =>
            store.Execute(
                """
                INSERT INTO sessions (id, lease, epoch, node, project, user_name, program, process, host, devices, started, ended, reason, busy, launches, memory)
                VALUES (@p0, @p1, @p2, @p3, @p4, @p5, @p6, @p7, @p8, @p9, @p10, @p11, @p12, @p13, @p14, @p15)
                ON CONFLICT (id) DO UPDATE SET ended = excluded.ended, reason = excluded.reason, busy = excluded.busy,
                  launches = excluded.launches, memory = excluded.memory
                """,
                values
            );
    }

    public static Action<StoreSession> Workload(WorkloadState workload)
    {
        object?[] values =
        [
            workload.Id,
            workload.State,
            workload.Project,
            workload.User,
            JsonSerializer.Serialize(workload.Request, StoreJson.Default.WorkloadRequest),
            workload.ArrayIndex,
            workload.Node,
            workload.Lease,
            workload.Attempt,
            workload.ExitCode,
            workload.Reason,
            workload.SubmittedAt,
            workload.StartedAt,
            workload.EndedAt,
            workload.OutputBytes,
            workload.Stops,
            workload.StoppedAttempt,
        ];
        return store =>
            store.Execute(
                """
                INSERT INTO workloads (id, state, project, user_name, request, array_index, node, lease, attempt, exit_code, reason, submitted, started, ended, output, stops, stopped_attempt)
                VALUES (@p0, @p1, @p2, @p3, @p4, @p5, @p6, @p7, @p8, @p9, @p10, @p11, @p12, @p13, @p14, @p15, @p16)
                ON CONFLICT (id) DO UPDATE SET state = excluded.state, node = excluded.node, lease = excluded.lease,
                  attempt = excluded.attempt, exit_code = excluded.exit_code, reason = excluded.reason,
                  started = excluded.started, ended = excluded.ended, output = excluded.output,
                  stops = excluded.stops, stopped_attempt = excluded.stopped_attempt
                """,
                values
            );
    }

    public static Action<StoreSession> Token(TokenState token) =>
        store =>
            store.Execute(
                """
                INSERT INTO tokens (id, kind, hash, user_name, operator, created, expires)
                VALUES (@p0, @p1, @p2, @p3, @p4, @p5, @p6)
                """,
                token.Id,
                token.Kind,
                token.Hash,
                token.User,
                token.Operator,
                token.Created,
                token.Expires
            );

    public static Action<StoreSession> RemoveToken(string id) =>
        store => store.Execute("DELETE FROM tokens WHERE id = @p0", id);

    public static Action<StoreSession> Pool(PoolView pool) =>
        Named("pools", pool.Name, JsonSerializer.Serialize(pool, StoreJson.Default.PoolView));

    public static Action<StoreSession> Project(ProjectView project) =>
        Named("projects", project.Name, JsonSerializer.Serialize(project, StoreJson.Default.ProjectView));

    public static Action<StoreSession> Template(TemplateView template) =>
        Named("templates", template.Name, JsonSerializer.Serialize(template, StoreJson.Default.TemplateView));

    public static Action<StoreSession> Calendar(CalendarView calendar) =>
        Named("calendars", calendar.Name, JsonSerializer.Serialize(calendar, StoreJson.Default.CalendarView));

    /// <summary>A claim of the pool's past; what became of its lease stands with the lease.</summary>
    public static Action<StoreSession> Claim(string id, QueueEntry entry, bool preemptible, long at, string outcome)
    {
        var demand = entry.Claim!.Demand;
        object?[] values =
        [
            id,
            entry.Lease?.Id,
            entry.Project,
            entry.User,
            entry.Pool,
            entry.Claim.Priority,
            demand.Count,
            demand.Compute,
            demand.Memory,
            demand.Model,
            preemptible,
            entry.Since,
            at,
            outcome,
        ];
        return store =>
            store.Execute(
                """
                INSERT INTO claims (id, lease, project, user_name, pool, priority, count, compute, memory, model, preemptible, submitted, decided, outcome)
                VALUES (@p0, @p1, @p2, @p3, @p4, @p5, @p6, @p7, @p8, @p9, @p10, @p11, @p12, @p13)
                """,
                values
            );
    }

    public static Action<StoreSession> Event(EventView told, long id) =>
        store =>
            store.Execute(
                "INSERT INTO events (id, at, kind, subject, project, detail) VALUES (@p0, @p1, @p2, @p3, @p4, @p5)",
                id,
                told.At,
                told.Kind,
                told.Subject,
                told.Project,
                told.Detail
            );

    public static Action<StoreSession> ForgetEvents(long upTo) =>
        store => store.Execute("DELETE FROM events WHERE id <= @p0", upTo);

    public static Action<StoreSession> Remove(string table, string name) =>
        store => store.Execute($"DELETE FROM {table} WHERE name = @p0", name);

    public static Action<StoreSession> Meta(string name, string value) =>
        store =>
            store.Execute(
                "INSERT INTO meta (name, value) VALUES (@p0, @p1) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
                name,
                value
            );

    public static Action<StoreSession> Audit(
        long id,
        long at,
        string user,
        string action,
        string subject,
        string detail
    ) =>
        store =>
            store.Execute(
                "INSERT INTO audit (id, at, user_name, action, subject, detail) VALUES (@p0, @p1, @p2, @p3, @p4, @p5)",
                id,
                at,
                user,
                action,
                subject,
                detail
            );

    private static Action<StoreSession> Named(string table, string name, string body) =>
        store =>
            store.Execute(
                $"INSERT INTO {table} (name, body) VALUES (@p0, @p1) ON CONFLICT (name) DO UPDATE SET body = excluded.body",
                name,
                body
            );
}
