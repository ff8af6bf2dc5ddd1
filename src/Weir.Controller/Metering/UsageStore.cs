using System.Data.Common;
using System.Globalization;
using System.Text.Json;
using Weir.Controller.Store;
using Weir.Metering.Usage;

namespace Weir.Controller.Metering;

/// <summary>
/// The history of usage: chunks of buckets, and the marks up to which sessions and slices are booked, which change in the same transaction. In
/// a file of its own beside the store (the same database on a server), so that grants never wait for it. Writing is for one thread.
/// </summary>
internal sealed class UsageStore : IDisposable
{
    /// <summary>Name of the file beside the controller's store.</summary>
    public const string Name = "usage";

    private static readonly string[] Steps =
    [
        """
            CREATE TABLE usage_chunks (
              level BIGINT NOT NULL, chunk BIGINT NOT NULL, lease TEXT NOT NULL, device TEXT NOT NULL, body BYTEA NOT NULL,
              PRIMARY KEY (level, chunk, lease, device));
            CREATE TABLE usage_sessions (
              session TEXT PRIMARY KEY, lease TEXT NOT NULL, device TEXT NOT NULL, counts TEXT NOT NULL, booked BIGINT NOT NULL,
              ended BIGINT);
            CREATE TABLE usage_slices (
              lease TEXT NOT NULL, device TEXT NOT NULL, booked BIGINT NOT NULL, idle BIGINT, PRIMARY KEY (lease, device));
            """,
    ];

    private readonly Database _database;
    private readonly History _history;
    private StoreSession? _session;

    public UsageStore(Database database)
    {
        _database = database;
        _history = new History(database);
        using DbConnection connection = database.Open();
        Migrate(connection);
    }

    /// <summary>For people.</summary>
    public string Place => _database.Place;

    /// <summary>Marks of sessions and slices.</summary>
    public (List<SessionMark> Sessions, List<SliceMark> Slices) Marks() =>
        _history.Read(store =>
        {
            List<SessionMark> sessions = [];
            List<SliceMark> slices = [];
            using (var row = store.Read("SELECT session, lease, device, counts, booked, ended FROM usage_sessions"))
            {
                while (row.Read())
                {
                    sessions.Add(
                        new SessionMark(
                            row.GetString(0),
                            row.GetString(1),
                            row.GetString(2),
                            JsonSerializer.Deserialize(row.GetString(3), MeteringJson.Default.UsageCounts),
                            row.GetInt64(4),
                            row.IsDBNull(5) ? null : row.GetInt64(5)
                        )
                    );
                }
            }
            using (var row = store.Read("SELECT lease, device, booked, idle FROM usage_slices"))
            {
                while (row.Read())
                {
                    slices.Add(
                        new SliceMark(
                            row.GetString(0),
                            row.GetString(1),
                            row.GetInt64(2),
                            row.IsDBNull(3) ? null : row.GetInt64(3)
                        )
                    );
                }
            }
            return (sessions, slices);
        });

    /// <summary>Stores changes, all of them or none.</summary>
    /// <exception cref="StoreException">They could not be stored.</exception>
    public void Write(UsageChanges changes)
    {
        try
        {
            _session ??= new StoreSession(_database.Open());
            using DbTransaction transaction = _session.Connection.BeginTransaction();
            _session.Transaction = transaction;
            foreach ((ChunkKey key, ChunkChanges chunk) in changes.Chunks)
            {
                Merge(_session, key, chunk);
            }
            foreach (SessionMark mark in changes.Sessions.Values)
            {
                Write(_session, mark);
            }
            foreach (((string lease, string device), SliceMark? mark) in changes.Slices)
            {
                Write(_session, lease, device, mark);
            }
            transaction.Commit();
        }
        catch (Exception error)
        {
            _session?.Dispose();
            _session = null;
            throw new StoreException($"usage cannot be stored: {_database.Unavailable(error) ?? error.Message}", error);
        }
    }

    /// <summary>Series of all leases over a span of time, in a resolution.</summary>
    public List<UsageSeries> Read(Resolution resolution, long from, long to) =>
        _history.Read(store =>
        {
            List<(string Lease, string Device, List<(long Chunk, byte[] Body)> Chunks)> rows = [];
            using (
                var row = store.Read(
                    "SELECT lease, device, chunk, body FROM usage_chunks WHERE level = @p0 AND chunk >= @p1 AND chunk < @p2 ORDER BY lease, device, chunk",
                    resolution.Level,
                    resolution.ChunkOf(from),
                    to
                )
            )
            {
                while (row.Read())
                {
                    string lease = row.GetString(0);
                    string device = row.GetString(1);
                    if (rows.Count == 0 || rows[^1].Lease != lease || rows[^1].Device != device)
                    {
                        rows.Add((lease, device, []));
                    }
                    rows[^1].Chunks.Add((row.GetInt64(2), (byte[])row.GetValue(3)));
                }
            }
            var found = new UsageSeries[rows.Count];
            // Unpacking is most of the work, and each series is its own.
            _ = Parallel.For(
                0,
                rows.Count,
                i => found[i] = Join(rows[i].Lease, rows[i].Device, resolution, rows[i].Chunks)
            );
            return new List<UsageSeries>(found);
        });

    /// <summary>Removes what is not kept any longer.</summary>
    public void Prune(long now, Retention retention, IEnumerable<string> sessions)
    {
        _session ??= new StoreSession(_database.Open());
        using DbTransaction transaction = _session.Connection.BeginTransaction();
        _session.Transaction = transaction;
        foreach (Resolution resolution in Resolution.All)
        {
            _session.Execute(
                "DELETE FROM usage_chunks WHERE level = @p0 AND chunk < @p1",
                resolution.Level,
                now - retention.Of(resolution) - resolution.ChunkMs
            );
        }
        foreach (string session in sessions)
        {
            _session.Execute("DELETE FROM usage_sessions WHERE session = @p0", session);
        }
        transaction.Commit();
    }

    public void Dispose()
    {
        _session?.Dispose();
        _history.Dispose();
        _database.Dispose();
    }

    private static void Merge(StoreSession store, ChunkKey key, ChunkChanges changes)
    {
        long[]? all = null;
        using (
            var row = store.Read(
                "SELECT body FROM usage_chunks WHERE level = @p0 AND chunk = @p1 AND lease = @p2 AND device = @p3",
                key.Level,
                key.Chunk,
                key.Lease,
                key.Device
            )
        )
        {
            if (row.Read())
            {
                all = ChunkCodec.Decode((byte[])row.GetValue(0));
            }
        }
        all ??= new long[Resolution.All[key.Level].PerChunk * UsageFields.Count];
        changes.ApplyTo(all);
        store.Execute(
            """
            INSERT INTO usage_chunks (level, chunk, lease, device, body) VALUES (@p0, @p1, @p2, @p3, @p4)
            ON CONFLICT (level, chunk, lease, device) DO UPDATE SET body = excluded.body
            """,
            key.Level,
            key.Chunk,
            key.Lease,
            key.Device,
            ChunkCodec.Encode(all)
        );
    }

    private static void Write(StoreSession store, SessionMark mark) =>
        store.Execute(
            """
            INSERT INTO usage_sessions (session, lease, device, counts, booked, ended) VALUES (@p0, @p1, @p2, @p3, @p4, @p5)
            ON CONFLICT (session) DO UPDATE SET counts = excluded.counts, booked = excluded.booked, ended = excluded.ended
            """,
            mark.Session,
            mark.Lease,
            mark.Device,
            JsonSerializer.Serialize(mark.Booked, MeteringJson.Default.UsageCounts),
            mark.BookedTo,
            mark.EndedAt
        );

    private static void Write(StoreSession store, string lease, string device, SliceMark? mark)
    {
        if (mark is null)
        {
            store.Execute("DELETE FROM usage_slices WHERE lease = @p0 AND device = @p1", lease, device);
            return;
        }
        store.Execute(
            """
            INSERT INTO usage_slices (lease, device, booked, idle) VALUES (@p0, @p1, @p2, @p3)
            ON CONFLICT (lease, device) DO UPDATE SET booked = excluded.booked, idle = excluded.idle
            """,
            lease,
            device,
            mark.BookedTo,
            mark.IdleSince
        );
    }

    private static UsageSeries Join(
        string lease,
        string device,
        Resolution resolution,
        List<(long Chunk, byte[] Body)> chunks
    )
    {
        long first = chunks[0].Chunk;
        long count = (chunks[^1].Chunk - first) / resolution.ChunkMs + 1;
        int perChunk = resolution.PerChunk * UsageFields.Count;
        long[] values = new long[count * perChunk];
        foreach ((long chunk, byte[] body) in chunks)
        {
            ChunkCodec.Decode(body).CopyTo(values, (chunk - first) / resolution.ChunkMs * perChunk);
        }
        return new UsageSeries(lease, device, first, resolution.StepMs, values);
    }

    private static void Migrate(DbConnection connection)
    {
        using DbCommand command = connection.CreateCommand();
        command.CommandText = "CREATE TABLE IF NOT EXISTS usage_steps (step BIGINT PRIMARY KEY)";
        command.ExecuteNonQuery();
        command.CommandText = "SELECT COALESCE(MAX(step), 0) FROM usage_steps";
        long at = Convert.ToInt64(command.ExecuteScalar(), CultureInfo.InvariantCulture);
        if (at > Steps.Length)
        {
            throw new StoreException(
                $"the history of usage was written by a newer release (step {at}; this one knows {Steps.Length}): use that release"
            );
        }
        for (; at < Steps.Length; at++)
        {
            using DbTransaction transaction = connection.BeginTransaction();
            command.Transaction = transaction;
            command.CommandText =
                Steps[at] + string.Create(CultureInfo.InvariantCulture, $" INSERT INTO usage_steps VALUES ({at + 1});");
            command.ExecuteNonQuery();
            transaction.Commit();
        }
    }
}
