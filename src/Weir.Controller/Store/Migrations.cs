using System.Data.Common;
using System.Globalization;

namespace Weir.Controller.Store;

/// <summary>
/// The tables, as steps that are only added. The same text runs on SQLite and PostgreSQL: types are TEXT and BIGINT, times
/// are milliseconds of Unix time, hashes are hex.
/// </summary>
internal static class Migrations
{
    /// <summary>All tables but the one that counts the steps.</summary>
    public static readonly string[] Tables =
    [
        "meta",
        "nodes",
        "devices",
        "pools",
        "projects",
        "templates",
        "tokens",
        "leases",
        "sessions",
        "workloads",
        "audit",
        "calendars",
        "claims",
        "events",
        "lease_pauses",
        "device_spans",
    ];

    private static readonly string[] Steps =
    [
        """
            CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL);
            CREATE TABLE nodes (
              name TEXT PRIMARY KEY, credential_hash TEXT NOT NULL, address TEXT NOT NULL, fingerprint TEXT NOT NULL,
              boot TEXT NOT NULL, socket TEXT NOT NULL, release TEXT NOT NULL, processors BIGINT NOT NULL,
              host_memory BIGINT NOT NULL, mode TEXT NOT NULL, last_seen BIGINT NOT NULL);
            CREATE TABLE devices (
              uuid TEXT PRIMARY KEY, node TEXT NOT NULL, ordinal BIGINT NOT NULL, kind TEXT NOT NULL, model TEXT NOT NULL,
              memory BIGINT NOT NULL, pool TEXT NOT NULL, cordoned BIGINT NOT NULL, fault TEXT);
            CREATE TABLE pools (name TEXT PRIMARY KEY, body TEXT NOT NULL);
            CREATE TABLE projects (name TEXT PRIMARY KEY, body TEXT NOT NULL);
            CREATE TABLE templates (name TEXT PRIMARY KEY, body TEXT NOT NULL);
            CREATE TABLE tokens (
              id TEXT PRIMARY KEY, kind TEXT NOT NULL, hash TEXT NOT NULL, user_name TEXT, operator BIGINT NOT NULL,
              created BIGINT NOT NULL, expires BIGINT NOT NULL);
            CREATE TABLE leases (
              id TEXT PRIMARY KEY, epoch BIGINT NOT NULL, secret_hash TEXT NOT NULL, project TEXT NOT NULL,
              user_name TEXT NOT NULL, pool TEXT NOT NULL, program TEXT, workload TEXT, priority BIGINT NOT NULL,
              grace BIGINT NOT NULL, slices TEXT NOT NULL, granted BIGINT NOT NULL, expires BIGINT, ended BIGINT, reason TEXT);
            CREATE INDEX leases_active ON leases (ended);
            CREATE TABLE sessions (
              id TEXT PRIMARY KEY, lease TEXT NOT NULL, epoch BIGINT NOT NULL, node TEXT NOT NULL, project TEXT NOT NULL,
              user_name TEXT NOT NULL, program TEXT NOT NULL, process BIGINT NOT NULL, host TEXT NOT NULL,
              devices TEXT NOT NULL, started BIGINT NOT NULL, ended BIGINT, reason TEXT, busy BIGINT NOT NULL,
              launches BIGINT NOT NULL, memory BIGINT NOT NULL);
            CREATE INDEX sessions_active ON sessions (ended);
            CREATE TABLE workloads (
              id TEXT PRIMARY KEY, state TEXT NOT NULL, project TEXT NOT NULL, user_name TEXT NOT NULL, request TEXT NOT NULL,
              array_index BIGINT, node TEXT, lease TEXT, attempt BIGINT NOT NULL, exit_code BIGINT, reason TEXT,
              submitted BIGINT NOT NULL, started BIGINT, ended BIGINT, output BIGINT NOT NULL);
            CREATE INDEX workloads_state ON workloads (state);
            CREATE TABLE audit (
              id BIGINT PRIMARY KEY, at BIGINT NOT NULL, user_name TEXT NOT NULL, action TEXT NOT NULL,
              subject TEXT NOT NULL, detail TEXT NOT NULL);
            """,
        """
            ALTER TABLE workloads ADD COLUMN stops BIGINT NOT NULL DEFAULT 0;
            ALTER TABLE workloads ADD COLUMN stopped_attempt BIGINT NOT NULL DEFAULT 0;
            CREATE TABLE calendars (name TEXT PRIMARY KEY, body TEXT NOT NULL);
            CREATE TABLE claims (
              id TEXT PRIMARY KEY, lease TEXT, project TEXT NOT NULL, user_name TEXT NOT NULL, pool TEXT NOT NULL,
              priority BIGINT NOT NULL, count BIGINT NOT NULL, compute BIGINT NOT NULL, memory BIGINT, model TEXT,
              preemptible BIGINT NOT NULL, submitted BIGINT NOT NULL, decided BIGINT NOT NULL, outcome TEXT NOT NULL);
            CREATE INDEX claims_submitted ON claims (submitted);
            CREATE TABLE events (
              id BIGINT PRIMARY KEY, at BIGINT NOT NULL, kind TEXT NOT NULL, subject TEXT NOT NULL, project TEXT NOT NULL,
              detail TEXT NOT NULL);
            CREATE INDEX events_subject ON events (subject);
            """,
        """
            ALTER TABLE leases ADD COLUMN idle BIGINT NOT NULL DEFAULT 0;
            ALTER TABLE leases ADD COLUMN released BIGINT NOT NULL DEFAULT 0;
            """,
        """
            CREATE TABLE lease_pauses (lease TEXT NOT NULL, began BIGINT NOT NULL, ended BIGINT, PRIMARY KEY (lease, began));
            CREATE TABLE device_spans (
              uuid TEXT NOT NULL, began BIGINT NOT NULL, ended BIGINT, node TEXT NOT NULL, pool TEXT NOT NULL,
              model TEXT NOT NULL, memory BIGINT NOT NULL, usable BIGINT NOT NULL, PRIMARY KEY (uuid, began));
            CREATE INDEX device_spans_ended ON device_spans (ended);
            """,
        "ALTER TABLE leases ADD COLUMN moving TEXT;",
    ];

    /// <summary>The step that this release ends with.</summary>
    public static int Latest => Steps.Length;

    /// <summary>Brings the store to the latest step; a newer store is refused.</summary>
    public static void Apply(DbConnection connection, string place) => Apply(connection, place, Steps.Length);

    /// <summary>Brings the store to a step, as the release that ended with it would have left it.</summary>
    internal static void Apply(DbConnection connection, string place, int last)
    {
        using var command = connection.CreateCommand();
        command.CommandText =
            "CREATE TABLE IF NOT EXISTS schema_steps (step BIGINT PRIMARY KEY, applied BIGINT NOT NULL)";
        command.ExecuteNonQuery();
        command.CommandText = "SELECT COALESCE(MAX(step), 0) FROM schema_steps";
        long at = Convert.ToInt64(command.ExecuteScalar(), CultureInfo.InvariantCulture);
        if (at > Steps.Length)
        {
            throw new StoreException(
                $"the store {place} was written by a newer release (step {at}; this one knows {Steps.Length}): use that release, or `weir recover --from` a backup of this one"
            );
        }
        for (; at < last; at++)
        {
            using var transaction = connection.BeginTransaction();
            command.Transaction = transaction;
            command.CommandText =
                Steps[at]
                + string.Create(
                    CultureInfo.InvariantCulture,
                    $" INSERT INTO schema_steps VALUES ({at + 1}, {DateTimeOffset.UtcNow.ToUnixTimeMilliseconds()});"
                );
            command.ExecuteNonQuery();
            transaction.Commit();
        }
    }
}
