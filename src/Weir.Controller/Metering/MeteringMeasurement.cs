using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Weir.Controller.State;
using Weir.Controller.Store;
using Weir.Metering.Debt;
using Weir.Metering.Money;
using Weir.Metering.Reports;
using Weir.Metering.Usage;
using Weir.Protocol.Rest;

namespace Weir.Controller.Metering;

/// <summary>
/// What metering a pool costs, measured on a store of its own in a temporary folder: `weir bench metering` runs it. Prints lines
/// "name value unit bound", a bound of 0 being none.
/// </summary>
internal static class MeteringMeasurement
{
    private const int Devices = 1000;
    private const int Days = 92;
    private const int LeaseDays = 4;
    private const long HourMs = 3_600_000;
    private const double Mib = 1 << 20;

    /// <summary>Measures and prints; the exit code.</summary>
    public static int Run()
    {
        string folder = Directory.CreateTempSubdirectory("weir-metering-").FullName;
        try
        {
            long now = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds() / Retention.DayMs * Retention.DayMs + 5 * HourMs;
            var database = new SqliteDatabase(Path.Combine(folder, "weir.db"));
            using (var connection = database.Open())
            {
                Migrations.Apply(connection, database.Place);
            }
            using var usage = new UsageStore(database.Beside(UsageStore.Name));
            Ingest(usage, now);
            Fill(database, usage, now, folder);
            Ask(database, usage, now);
            return 0;
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    // A thousand sessions report once a second; every ten seconds what they used is booked and stored.
    private static void Ingest(UsageStore usage, long now)
    {
        const int Rounds = 6;
        const int ReportsPerRound = 10;
        var book = new UsageBook(600_000);
        HeldSlice[] held =
        [
            .. Enumerable
                .Range(0, Devices)
                .Select(i => new HeldSlice(Lease(i, 0), Uuid(i), 50, now - 60_000, true, false)),
        ];
        string[] names = [.. Enumerable.Range(0, Devices).Select(i => $"n/s{i}")];
        var random = new Random(1);
        long reports = 0;
        var taking = TimeSpan.Zero;
        var storing = TimeSpan.Zero;
        for (int round = 0; round < Rounds; round++)
        {
            long start = Stopwatch.GetTimestamp();
            for (int report = 0; report < ReportsPerRound; report++)
            {
                long sequence = round * ReportsPerRound + report + 1;
                for (int i = 0; i < Devices; i++)
                {
                    var counts = new UsageCounts
                    {
                        Sequence = sequence,
                        BusyNs = sequence * 400_000_000 + random.Next(100_000_000),
                        Launches = sequence * 900,
                        BytesToDevice = sequence << 20,
                        HostNs = sequence * 300_000_000,
                    };
                    book.Report(
                        names[i],
                        held[i].Lease,
                        held[i].Device,
                        counts,
                        new UsageLevels(1L << 32, 1L << 32, 1L << 28),
                        now + (round * ReportsPerRound + report) * 1000,
                        false
                    );
                    reports++;
                }
            }
            taking += Stopwatch.GetElapsedTime(start);
            start = Stopwatch.GetTimestamp();
            book.Tick(held, now + (round + 1) * ReportsPerRound * 1000);
            usage.Write(book.TakeChanges());
            storing += Stopwatch.GetElapsedTime(start);
        }
        Say(
            "ingest, reports of 1,000 sessions taken, booked and stored",
            reports / (taking + storing).TotalSeconds,
            "samples/s",
            0
        );
        Say("of a booking of 1,000 slices every 10 s", storing.TotalMilliseconds / Rounds, "ms", 0);
    }

    // A quarter by the day, eight days by the hour, three hours by the minute; leases of four days.
    private static void Fill(Database database, UsageStore usage, long now, string folder)
    {
        using (var session = new StoreSession(database.Open()))
        {
            using var transaction = session.Connection.BeginTransaction();
            session.Transaction = transaction;
            long begin = now - Days * Retention.DayMs;
            for (int i = 0; i < Devices; i++)
            {
                Writes.DeviceSpan(
                    Uuid(i),
                    new DeviceCondition($"n{i / 8}", "default", "Card 80", 80L << 30, true),
                    begin
                )(session);
                for (int lease = 0; lease * LeaseDays < Days; lease++)
                {
                    long granted = begin + lease * LeaseDays * Retention.DayMs;
                    session.Execute(
                        """
                        INSERT INTO leases (id, epoch, secret_hash, project, user_name, pool, program, workload, priority, grace, slices, granted, expires, ended, reason, idle, released)
                        VALUES (@p0, 1, '', @p1, @p2, 'default', 'train', NULL, 0, 0, @p3, @p4, NULL, @p5, '', 0, 0)
                        """,
                        Lease(i, lease),
                        $"project{(i + lease) % 20}",
                        $"user{(i + lease) % 100}",
                        JsonSerializer.Serialize(
                            [new SliceView($"n{i / 8}", Uuid(i), 0, 80, 60L << 30)],
                            StoreJson.Default.SliceViewArray
                        ),
                        granted,
                        Math.Min(now + HourMs, granted + LeaseDays * Retention.DayMs)
                    );
                }
            }
            transaction.Commit();
        }
        double minuteBytes = Store(usage, Resolution.Minutes, now - 3 * HourMs, now, folder);
        double hourBytes = Store(usage, Resolution.Hours, now - 8 * Retention.DayMs, now, folder);
        double dayBytes = Store(usage, Resolution.Days, now - Days * Retention.DayMs, now, folder);
        // A raw sample has as many fields as a minute.
        double raw = minuteBytes * (2 * Retention.DayMs / Resolution.Raw.StepMs);
        double minutes = minuteBytes * (30 * Retention.DayMs / Resolution.Minutes.StepMs);
        double hours = hourBytes * (366 * Retention.DayMs / Resolution.Hours.StepMs);
        Say(
            "history of 1,000 busy devices: 2 days raw, 30 by minute, a year by hour (from bytes per span)",
            Devices * (raw + minutes + hours + 366 * dayBytes) / Mib,
            "MiB",
            2048
        );
        Say("a span of a slice on disk, by minute", minuteBytes, "B", 0);
    }

    // Stores busy spans of all slices; bytes per span.
    private static double Store(UsageStore usage, Resolution resolution, long from, long to, string folder)
    {
        var random = new Random(resolution.Level);
        long before = Size(folder);
        long spans = 0;
        Span<long> bucket = stackalloc long[UsageFields.Count];
        for (long chunk = resolution.ChunkOf(from); chunk < to; chunk += resolution.ChunkMs)
        {
            var changes = new UsageChanges();
            for (int i = 0; i < Devices; i++)
            {
                var values = new ChunkChanges();
                for (int span = 0; span < resolution.PerChunk && chunk + span * resolution.StepMs < to; span++)
                {
                    bucket.Clear();
                    Busy(random, bucket, resolution.StepMs);
                    values.Add(span, bucket);
                    spans++;
                }
                long day = (Math.Max(chunk, from) - (to - Days * Retention.DayMs)) / Retention.DayMs;
                changes.Chunks.Add(
                    new ChunkKey(resolution.Level, chunk, Lease(i, (int)Math.Max(0, day / LeaseDays)), Uuid(i)),
                    values
                );
            }
            usage.Write(changes);
        }
        return (double)(Size(folder) - before) / spans;
    }

    private static void Busy(Random random, Span<long> bucket, long stepMs)
    {
        long busy = stepMs * random.Next(300, 800);
        bucket[(int)UsageField.MeteredMs] = stepMs;
        bucket[(int)UsageField.BusyUs] = busy;
        bucket[(int)UsageField.UsedUs] = busy;
        bucket[(int)UsageField.CopyUs] = busy / random.Next(10, 40);
        bucket[(int)UsageField.Launches] = stepMs * random.Next(1, 20) / 10;
        bucket[(int)UsageField.Calls] = stepMs * random.Next(2, 40) / 10;
        bucket[(int)UsageField.BytesToDevice] = random.NextInt64(1 << 28);
        bucket[(int)UsageField.BytesToHost] = random.NextInt64(1 << 20);
        bucket[(int)UsageField.MemoryKibSeconds] = (40L << 20) * stepMs / 1000;
        bucket[(int)UsageField.HostMs] = stepMs * random.Next(20, 90) / 100;
        bucket[(int)UsageField.PeakMemoryKib] = 40L << 20;
        bucket[(int)UsageField.PeakBusyPermille] = random.Next(700, 800);
        bucket[(int)UsageField.PeakHostKib] = 2 << 20;
    }

    private static void Ask(Database database, UsageStore usage, long now)
    {
        using var history = new History(database);
        var queries = new DebtQueries(history, usage, new ControllerClock(new StoppedClock(now)));
        foreach (
            (string name, long span, double bound) in ((string, long, double)[])
                [
                    ("three hours by the minute", 3 * HourMs, 200),
                    ("a week by the hour", 7 * Retention.DayMs, 200),
                    ("a quarter by the day", 90 * Retention.DayMs, 200),
                ]
        )
        {
            double best = double.PositiveInfinity;
            for (int i = 0; i < 5; i++)
            {
                long start = Stopwatch.GetTimestamp();
                (DebtInput input, _) = queries.ReadAsync(now - span, now).GetAwaiter().GetResult();
                _ = DebtSummary.Of(input, DebtDimension.Project);
                best = Math.Min(best, Stopwatch.GetElapsedTime(start).TotalMilliseconds);
            }
            Say($"debt by project of 1,000 devices, {name}, best of 5", best, "ms", bound);
        }
        long begun = Stopwatch.GetTimestamp();
        (DebtInput quarter, _) = queries.ReadAsync(now - 90 * Retention.DayMs, now).GetAwaiter().GetResult();
        string page = HtmlReport.Write(
            new ReportContent(
                "Quarter",
                now,
                DebtSummary.Of(quarter, DebtDimension.Project),
                DebtSummary.Of(quarter, DebtDimension.Model),
                [],
                null,
                0,
                0,
                []
            )
        );
        _ = FocusRows(quarter);
        Say(
            $"report of a quarter of 1,000 devices, page ({page.Length / 1024} KiB) and cost records",
            Stopwatch.GetElapsedTime(begun).TotalSeconds,
            "s",
            10
        );
    }

    private static int FocusRows(DebtInput input)
    {
        using var text = new StringWriter();
        FocusCsv.Write(text, input, PriceList.None, "pool");
        return text.GetStringBuilder().Length;
    }

    private static long Size(string folder) =>
        Directory.EnumerateFiles(folder, "weir-usage.db*").Sum(file => new FileInfo(file).Length);

    private static string Uuid(int device) => $"GPU-00000000-0000-0000-0000-{device:d12}";

    private static string Lease(int device, int number) => $"l-{device:d6}{number:d4}";

    private static void Say(string name, double value, string unit, double bound) =>
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{name}|{value}|{unit}|{bound}"));

    private sealed class StoppedClock(long now) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => DateTimeOffset.FromUnixTimeMilliseconds(now);

        public override long GetTimestamp() => 0;
    }
}
