using Weir.Metering.Usage;

namespace Weir.Metering.Tests;

public class UsageBookTests
{
    private const long Start = Days.Start;
    private const long Grace = 10 * Days.Minute;

    [Fact]
    public void What_is_reported_twice_late_or_out_of_order_counts_once()
    {
        var store = new Store();
        var book = new UsageBook(Grace);
        book.Report("n/s1", "l1", "g0", Counts(1, 1_000_000), default, Start + 1000, false);
        book.Report("n/s1", "l1", "g0", Counts(2, 5_000_000), default, Start + 2000, false);
        book.Report("n/s1", "l1", "g0", Counts(1, 1_000_000), default, Start + 2500, false);
        book.Tick([new HeldSlice("l1", "g0", 100, Start, true, false)], Start + 10_000);
        store.Write(book.TakeChanges());
        book.Report("n/s1", "l1", "g0", Counts(3, 9_000_000), default, Start + 12_000, true);
        book.Report("n/s1", "l1", "g0", Counts(3, 9_000_000), default, Start + 13_000, true);
        book.Tick([new HeldSlice("l1", "g0", 100, Start, true, false)], Start + 20_000);
        UsageChanges last = book.TakeChanges();
        Assert.Contains("n/s1", last.Kept);
        store.Write(last);
        foreach (Resolution resolution in Resolution.All)
        {
            Assert.Equal(9000, store.Sum(resolution, UsageField.BusyUs));
            Assert.Equal(20_000, store.Sum(resolution, UsageField.MeteredMs));
        }
    }

    [Fact]
    public void A_pause_counts_as_holding_beyond_the_grace_time_only_and_work_ends_it()
    {
        var store = new Store();
        var book = new UsageBook(Grace);
        var held = new HeldSlice("l1", "g0", 50, Start, true, false);
        for (long at = Start + 10_000; at <= Start + 30 * Days.Minute; at += 10_000)
        {
            if (at == Start + 20 * Days.Minute)
            {
                book.Report("n/s1", "l1", "g0", Counts(1, 1_000_000), default, at, false);
            }
            book.Tick([held], at);
            store.Write(book.TakeChanges());
        }
        // 20 minutes without work, of which 10 are grace; then work; then ten more, all of them grace.
        Assert.Equal(10 * Days.Minute - 10_000, store.Sum(Resolution.Minutes, UsageField.HoldMs));
        Assert.Equal(30 * Days.Minute, store.Sum(Resolution.Minutes, UsageField.MeteredMs));
    }

    [Fact]
    public void While_a_node_cannot_be_heard_nothing_is_booked_and_all_of_it_afterwards()
    {
        var store = new Store();
        var book = new UsageBook(Grace);
        book.Tick([new HeldSlice("l1", "g0", 100, Start, false, false)], Start + Days.Hour);
        store.Write(book.TakeChanges());
        Assert.Equal(0, store.Sum(Resolution.Hours, UsageField.MeteredMs));
        book.Report("n/s1", "l1", "g0", Counts(9, 7_200_000_000_000 / 2), default, Start + 2 * Days.Hour, false);
        book.Tick([new HeldSlice("l1", "g0", 100, Start, true, false)], Start + 2 * Days.Hour);
        store.Write(book.TakeChanges());
        Assert.Equal(2 * Days.Hour, store.Sum(Resolution.Raw, UsageField.MeteredMs));
        Assert.Equal(3_600_000_000, store.Sum(Resolution.Raw, UsageField.BusyUs));
        Assert.Equal(3_600_000_000, store.Sum(Resolution.Days, UsageField.BusyUs));
    }

    [Fact]
    public void The_books_balance_over_random_crashes_of_agents_and_controller()
    {
        for (int seed = 0; seed < 60; seed++)
        {
            Balance(new Random(seed));
        }
    }

    // Sessions count; reports are lost, repeated and reordered; the book forgets what was not stored whenever it crashes; ends are told until
    // they are kept.
    private static void Balance(Random random)
    {
        var store = new Store();
        UsageBook book = store.Open(Grace);
        Dictionary<string, (string Lease, UsageCounts Counts)> open = [];
        Dictionary<string, (string Lease, UsageCounts Counts)> ended = [];
        List<(string Session, string Lease, UsageCounts Counts, bool HasEnded)> late = [];
        long truth = 0;
        long launches = 0;
        long now = Start;
        int sessions = 0;
        for (int step = 0; step < 300; step++)
        {
            now += random.Next(1, 20_000);
            if (open.Count < 5 && random.Next(3) == 0)
            {
                open.Add($"n/s{++sessions}", ($"l{random.Next(3)}", default));
            }
            foreach (string name in open.Keys.ToArray())
            {
                (string lease, UsageCounts counts) = open[name];
                long busy = random.Next(2) == 0 ? 0 : random.NextInt64(10_000_000) * 1000;
                counts = counts with
                {
                    Sequence = counts.Sequence + 1,
                    BusyNs = counts.BusyNs + busy,
                    Launches = counts.Launches + random.Next(5),
                };
                open[name] = (lease, counts);
                if (random.Next(12) == 0)
                {
                    open.Remove(name);
                    ended.Add(name, (lease, counts));
                    truth += counts.BusyNs / 1000;
                    launches += counts.Launches;
                }
                else if (random.Next(3) > 0)
                {
                    book.Report(name, lease, "g0", counts, default, now, false);
                    late.Add((name, lease, counts, false));
                }
            }
            // The agent tells of ends with every connection, until it is said that they are kept.
            foreach ((string name, (string lease, UsageCounts counts)) in ended)
            {
                if (random.Next(3) == 0)
                {
                    book.Report(name, lease, "g0", counts, default, now, true);
                    late.Add((name, lease, counts, true));
                }
            }
            if (late.Count > 0 && random.Next(4) == 0)
            {
                (string name, string lease, UsageCounts counts, bool hasEnded) = late[random.Next(late.Count)];
                book.Report(name, lease, "g0", counts, default, now, hasEnded);
            }
            if (random.Next(2) == 0)
            {
                IEnumerable<HeldSlice> held = Enumerable
                    .Range(0, 3)
                    .Where(_ => random.Next(4) > 0)
                    .Select(lease => new HeldSlice($"l{lease}", "g0", 30, Start, random.Next(5) > 0, false));
                book.Tick(held, now);
                UsageChanges changes = book.TakeChanges();
                switch (random.Next(6))
                {
                    case 0:
                        // The store was full.
                        book.PutBack(changes);
                        break;
                    case 1:
                        // Killed before the commit: what was taken is gone.
                        book = store.Open(Grace);
                        break;
                    case 2:
                        // Killed after the commit, before anybody heard of it.
                        store.Write(changes);
                        book = store.Open(Grace);
                        break;
                    default:
                        store.Write(changes);
                        foreach (string kept in changes.Kept)
                        {
                            ended.Remove(kept);
                        }
                        break;
                }
            }
        }
        // In the end everybody is heard once more.
        now += 20_000;
        foreach ((string name, (string lease, UsageCounts counts)) in open)
        {
            truth += counts.BusyNs / 1000;
            launches += counts.Launches;
            book.Report(name, lease, "g0", counts, default, now, true);
        }
        foreach ((string name, (string lease, UsageCounts counts)) in ended)
        {
            book.Report(name, lease, "g0", counts, default, now, true);
        }
        book.Tick([], now + 1);
        store.Write(book.TakeChanges());
        foreach (Resolution resolution in Resolution.All)
        {
            Assert.Equal(truth, store.Sum(resolution, UsageField.BusyUs));
            Assert.Equal(launches, store.Sum(resolution, UsageField.Launches));
        }
    }

    private static UsageCounts Counts(long sequence, long busyNs) => new() { Sequence = sequence, BusyNs = busyNs };

    /// <summary>What a store keeps: all of a change or nothing.</summary>
    private sealed class Store
    {
        private readonly Dictionary<ChunkKey, long[]> _chunks = [];
        private readonly Dictionary<string, SessionMark> _sessions = [];
        private readonly Dictionary<(string, string), SliceMark> _slices = [];

        public void Write(UsageChanges changes)
        {
            foreach ((ChunkKey key, ChunkChanges chunk) in changes.Chunks)
            {
                long[] all = _chunks.TryGetValue(key, out long[]? known)
                    ? known
                    : _chunks[key] = new long[Resolution.All[key.Level].PerChunk * UsageFields.Count];
                chunk.ApplyTo(all);
            }
            foreach (SessionMark mark in changes.Sessions.Values)
            {
                _sessions[mark.Session] = mark;
            }
            foreach (((string, string) key, SliceMark? mark) in changes.Slices)
            {
                _ = _slices.Remove(key);
                if (mark is not null)
                {
                    _slices.Add(key, mark);
                }
            }
        }

        public UsageBook Open(long grace)
        {
            var book = new UsageBook(grace);
            book.Load(_sessions.Values, _slices.Values);
            return book;
        }

        public long Sum(Resolution resolution, UsageField field) =>
            _chunks
                .Where(chunk => chunk.Key.Level == resolution.Level)
                .Sum(chunk => chunk.Value.Where((_, i) => i % UsageFields.Count == (int)field).Sum());
    }
}
