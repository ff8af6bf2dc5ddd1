using System.Data.Common;
using System.Text.Json;
using Weir.Controller.State;
using Weir.Controller.Store;
using Weir.Metering.Debt;
using Weir.Metering.Usage;
using Weir.Protocol.Rest;

namespace Weir.Controller.Metering;

/// <summary>Gathers what the debt of a span of time is worked out from: devices, leases, what waited, and what was used.</summary>
internal sealed class DebtQueries(
    History history,
    UsageStore usage,
    ControllerClock clock,
    MeteringService? metering = null,
    Func<IReadOnlyList<Waiting>>? queue = null
)
{
    private const long FreshMs = 1000;
    private const int MostShapes = 200;

    /// <summary>All that is known of a span of time.</summary>
    /// <param name="from">Beginning, Unix time in milliseconds; the span begins with the bucket that it lies in.</param>
    /// <param name="to">End; nothing is known of the future, so the span ends now at the latest.</param>
    /// <param name="most">Most buckets.</param>
    /// <param name="withUsage">False: what was used is not asked for.</param>
    public async Task<(DebtInput Input, Resolution Resolution)> ReadAsync(
        long from,
        long to,
        int most = 200,
        bool withUsage = true
    )
    {
        long now = clock.Now;
        Check(from, to, now);
        if (to > now - Resolution.Raw.StepMs && metering is not null)
        {
            await metering.BookAsync(FreshMs);
        }
        Resolution resolution = Resolution.For(from, to, now, metering?.Retention ?? new Retention(), most);
        TimeGrid grid = TimeGrid.Over(from, Math.Min(to, now), resolution);
        long end = Math.Min(grid.To, now);
        List<UsageSeries> series = withUsage ? usage.Read(resolution, grid.From, end) : [];
        IReadOnlyList<Waiting> waiting = queue?.Invoke() ?? [];
        return history.Read(store => (Input(store, grid, end, series, waiting), resolution));
    }

    private static void Check(long from, long to, long now)
    {
        if (from >= to)
        {
            throw ControlException.Invalid("the span ends before it begins: give --from a time before --to");
        }
        if (from >= now)
        {
            throw ControlException.Invalid("the span lies in the future: what will be is told by `weir forecast`");
        }
    }

    private static DebtInput Input(
        StoreSession store,
        TimeGrid grid,
        long end,
        List<UsageSeries> series,
        IReadOnlyList<Waiting> waiting
    )
    {
        List<DeviceTimeline> devices = Devices(store, grid.From, end);
        List<Holding> holdings = Holdings(store, grid.From, end);
        return new DebtInput(
            grid,
            devices,
            holdings,
            series,
            [.. Waited(store, grid.From, end), .. waiting.Select(one => one with { To = Math.Min(one.To, end) })],
            Typical(store, end)
        )
        {
            Until = end,
        };
    }

    private static List<DeviceTimeline> Devices(StoreSession store, long from, long to)
    {
        Dictionary<string, DeviceTimeline> found = new(StringComparer.OrdinalIgnoreCase);
        using DbDataReader row = store.Read(
            "SELECT uuid, began, ended, node, pool, model, memory, usable FROM device_spans WHERE began < @p1 AND (ended IS NULL OR ended > @p0) ORDER BY uuid, began",
            from,
            to
        );
        while (row.Read())
        {
            var span = new DeviceSpan(
                Math.Max(from, row.GetInt64(1)),
                row.IsDBNull(2) ? to : Math.Min(to, row.GetInt64(2)),
                row.GetInt64(7) != 0
            );
            string uuid = row.GetString(0);
            // What a device is called now holds for its past too: moving it between pools does not make it two.
            found[uuid] = new DeviceTimeline(
                uuid,
                row.GetString(3),
                row.GetString(4),
                row.GetString(5),
                row.GetInt64(6),
                [.. found.GetValueOrDefault(uuid)?.Spans ?? [], span]
            );
        }
        return [.. found.Values];
    }

    private static List<Holding> Holdings(StoreSession store, long from, long to)
    {
        Dictionary<string, List<(long, long)>> pauses = [];
        using (
            DbDataReader row = store.Read(
                "SELECT lease, began, ended FROM lease_pauses WHERE began < @p1 AND (ended IS NULL OR ended > @p0) ORDER BY lease, began",
                from,
                to
            )
        )
        {
            while (row.Read())
            {
                if (!pauses.TryGetValue(row.GetString(0), out var list))
                {
                    pauses.Add(row.GetString(0), list = []);
                }
                list.Add((row.GetInt64(1), row.IsDBNull(2) ? to : row.GetInt64(2)));
            }
        }
        List<Holding> found = [];
        using (
            DbDataReader row = store.Read(
                """
                SELECT l.id, l.project, l.user_name, l.workload, l.program, l.slices, l.granted, l.ended, l.reason, w.state, w.lease
                FROM leases l LEFT JOIN workloads w ON w.id = l.workload
                WHERE l.granted < @p1 AND (l.ended IS NULL OR l.ended > @p0)
                """,
                from,
                to
            )
        )
        {
            while (row.Read())
            {
                string id = row.GetString(0);
                List<(long, long)> spans = Without(
                    Math.Max(from, row.GetInt64(6)),
                    row.IsDBNull(7) ? to : Math.Min(to, row.GetInt64(7)),
                    pauses.GetValueOrDefault(id) ?? []
                );
                string reason = row.IsDBNull(8) ? "" : row.GetString(8);
                bool failed =
                    !row.IsDBNull(9) && row.GetString(9) == "failed" && !row.IsDBNull(10) && row.GetString(10) == id;
                foreach (
                    SliceView slice in JsonSerializer.Deserialize(row.GetString(5), StoreJson.Default.SliceViewArray)!
                )
                {
                    found.Add(
                        new Holding(
                            id,
                            slice.Uuid,
                            row.GetString(1),
                            row.GetString(2),
                            row.IsDBNull(3) ? null : row.GetString(3),
                            row.IsDBNull(4) ? "" : row.GetString(4),
                            slice.Compute,
                            slice.Memory,
                            spans,
                            failed || WorkWasLost(reason)
                        )
                    );
                }
            }
        }
        return found;
    }

    /// <summary>Whether a lease's end means that what its programs did came to nothing.</summary>
    internal static bool WorkWasLost(string reason) =>
        reason.StartsWith("device fault", StringComparison.Ordinal)
        || reason.StartsWith("stopped for", StringComparison.Ordinal)
        || reason.EndsWith("was away for too long", StringComparison.Ordinal);

    private static List<(long, long)> Without(long from, long to, List<(long From, long To)> pauses)
    {
        List<(long, long)> left = [];
        foreach ((long begin, long end) in pauses)
        {
            if (begin > from)
            {
                left.Add((from, Math.Min(begin, to)));
            }
            from = Math.Max(from, end);
        }
        if (from < to)
        {
            left.Add((from, to));
        }
        return left;
    }

    private static List<Waiting> Waited(StoreSession store, long from, long to)
    {
        List<Waiting> found = [];
        using DbDataReader row = store.Read(
            "SELECT pool, submitted, decided, count, compute, memory, model, project FROM claims WHERE submitted < @p1 AND decided > @p0",
            from,
            to
        );
        while (row.Read())
        {
            found.Add(
                new Waiting(
                    row.GetString(0),
                    row.GetInt64(1),
                    row.GetInt64(2),
                    (int)row.GetInt64(3),
                    (int)row.GetInt64(4),
                    row.IsDBNull(5) ? 0 : row.GetInt64(5),
                    row.IsDBNull(6) ? null : row.GetString(6),
                    row.GetString(7)
                )
            );
        }
        return found;
    }

    private static List<TypicalAsk> Typical(StoreSession store, long to)
    {
        List<TypicalAsk> found = [];
        using DbDataReader row = store.Read(
            $"SELECT compute, COALESCE(memory, 0), SUM(count) FROM claims WHERE submitted > @p0 GROUP BY compute, memory ORDER BY 3 DESC LIMIT {MostShapes}",
            to - 30 * Retention.DayMs
        );
        while (row.Read())
        {
            found.Add(
                new TypicalAsk(
                    (int)row.GetInt64(0),
                    row.GetInt64(1),
                    (int)Convert.ToInt64(row.GetValue(2), System.Globalization.CultureInfo.InvariantCulture)
                )
            );
        }
        return found;
    }
}
