using Weir.Metering.Debt;
using Weir.Metering.Usage;

namespace Weir.Metering.Findings;

/// <summary>A workload's outcome, for the detector of repeated failures.</summary>
/// <param name="Id">The workload.</param>
/// <param name="Project">Whose.</param>
/// <param name="User">Whose.</param>
/// <param name="Program">What ran: the same program counts as the same work.</param>
/// <param name="EndedAt">When it ended.</param>
/// <param name="HasFailed">How.</param>
/// <param name="HeldUs">Device time that it held.</param>
public sealed record Outcome(
    string Id,
    string Project,
    string User,
    string Program,
    long EndedAt,
    bool HasFailed,
    long HeldUs
);

/// <summary>
/// Looks for what could be better, each in its own way, and says so with what was measured. Nothing is said of what is not known: an
/// unmetered slice is not idle.
/// </summary>
public static class Detectors
{
    private const long Mib = 1 << 20;

    /// <summary>All detectors.</summary>
    public static IReadOnlyList<string> Names { get; } =
    [
        "idle-hold",
        "over-ask-share",
        "over-ask-memory",
        "unused-device",
        "starved",
        "launch-bound",
        "memory-full",
        "failing",
        "stranded",
        "queue-starved",
        Budgets.Detector,
    ];

    /// <summary>Everything that is found, the largest saving first.</summary>
    /// <param name="input">What is known of the time looked at.</param>
    /// <param name="outcomes">How workloads ended in that time.</param>
    /// <param name="rules">Thresholds.</param>
    /// <param name="now">The end of that time, Unix time in milliseconds.</param>
    public static List<Finding> Run(DebtInput input, IReadOnlyList<Outcome> outcomes, FindingRules rules, long now)
    {
        List<SliceFacts> slices = SliceFacts.Of(input, now);
        List<Finding> found = [];
        foreach (var lease in slices.GroupBy(slice => slice.Holding.Lease, StringComparer.Ordinal))
        {
            List<SliceFacts> all = [.. lease];
            AddIfFound(found, IdleHold(all, rules, now));
            AddIfFound(found, UnusedDevice(all, rules));
            AddIfFound(found, OverAskShare(all, rules));
            AddIfFound(found, OverAskMemory(all, rules));
            AddIfFound(found, LaunchBound(all, rules));
            AddIfFound(found, Starved(all, rules));
            AddIfFound(found, MemoryFull(all, rules));
        }
        found.AddRange(Failing(outcomes, rules));
        found.AddRange(Stranded(input, rules));
        found.AddRange(QueueStarved(input, rules, now));
        return
        [
            .. found
                .OrderByDescending(finding => finding.SavingUs)
                .ThenBy(finding => finding.Key, StringComparer.Ordinal),
        ];
    }

    private static Finding? IdleHold(List<SliceFacts> lease, FindingRules rules, long now)
    {
        long idle = lease.Min(slice => slice.IdleAtEndMs);
        if (!lease.TrueForAll(slice => slice.IsHeld) || idle < rules.IdleHoldMs)
        {
            return null;
        }
        Holding holding = lease[0].Holding;
        return new Finding(
            "idle-hold",
            holding.Lease,
            holding.Project,
            holding.User,
            $"{Slices(lease)} held, and nothing has run for {Time(idle)}",
            lease.Sum(slice => idle * slice.Holding.Compute * 10),
            "Park its sessions: their state is kept, and the slices go to others until the program goes on. Let leases do so by themselves with --idle-release.",
            $"weir leases end {holding.Lease}",
            $"no work for {Time(rules.IdleHoldMs)}",
            now - idle
        );
    }

    private static Finding? UnusedDevice(List<SliceFacts> lease, FindingRules rules)
    {
        List<SliceFacts> unused =
        [
            .. lease.Where(slice =>
                slice[UsageField.MeteredMs] >= rules.LeastActiveMs
                && slice[UsageField.BusyUs] == 0
                && slice[UsageField.Launches] == 0
            ),
        ];
        if (lease.Count < 2 || unused.Count == 0 || lease.Max(slice => slice.ActiveMs) < rules.LeastActiveMs)
        {
            return null;
        }
        Holding holding = lease[0].Holding;
        return new Finding(
            "unused-device",
            holding.Lease,
            holding.Project,
            holding.User,
            $"of {lease.Count} devices {unused.Count} did nothing, while the others worked",
            unused.Sum(slice => slice.HeldMs * slice.Holding.Compute * 10),
            $"Ask for {lease.Count - unused.Count}, or let the program use all of them (its own option for devices, CUDA_VISIBLE_DEVICES).",
            $"weir run --gpus {lease.Count - unused.Count}",
            $"a device of several without work for {Time(rules.LeastActiveMs)}",
            holding.Spans[0].From
        );
    }

    private static Finding? OverAskShare(List<SliceFacts> lease, FindingRules rules)
    {
        SliceFacts[] worked = [.. lease.Where(slice => slice.ActiveMs >= rules.LeastActiveMs)];
        if (worked.Length == 0)
        {
            return null;
        }
        long need = worked.Max(slice =>
            Math.Max(slice.BusyPermille, 1000 * slice.MemoryBytes / Math.Max(1, slice.Device.MemoryBytes))
        );
        Holding holding = worked[0].Holding;
        if (holding.Compute * 10 - need < rules.OverAskPercent * 10)
        {
            return null;
        }
        // A fifth more than was needed, in steps of five.
        long enough = Math.Min(holding.Compute, (need * 12 / 100 + 4) / 5 * 5);
        return new Finding(
            "over-ask-share",
            holding.Lease,
            holding.Project,
            holding.User,
            $"{holding.Compute} % of a device held; 95 % of the time that it worked it needed no more than {need / 10.0:0.#} %",
            worked.Sum(slice => slice.ActiveMs * (holding.Compute - enough) * 10),
            $"Ask for {Math.Max(5, enough)} % of a device.",
            $"weir run --gpus {Math.Max(5, enough) / 100.0:0.##}",
            $"{rules.OverAskPercent} % of a device never needed",
            holding.Spans[0].From
        );
    }

    private static Finding? OverAskMemory(List<SliceFacts> lease, FindingRules rules)
    {
        SliceFacts? slice = lease
            .Where(one => one.ActiveMs >= rules.LeastActiveMs)
            .MaxBy(one => one[UsageField.PeakMemoryKib]);
        if (slice is null)
        {
            return null;
        }
        Holding holding = slice.Holding;
        long peak = slice[UsageField.PeakMemoryKib] << 10;
        // Memory that goes with the share in proportion keeps nobody out.
        long fair = slice.Device.MemoryBytes / 100 * holding.Compute;
        if (holding.MemoryBytes <= fair + 512 * Mib || peak > holding.MemoryBytes * (1 - rules.OverAskMemory))
        {
            return null;
        }
        long enough = Math.Max(512 * Mib, peak + peak / 5);
        return new Finding(
            "over-ask-memory",
            holding.Lease,
            holding.Project,
            holding.User,
            $"{Size(holding.MemoryBytes)} of device memory held, never more than {Size(peak)} in use",
            0,
            $"Ask for {Size(enough)} of memory: what is left can carry somebody else's slice.",
            $"weir run --mem {enough / Mib}MiB",
            $"{100 * rules.OverAskMemory:0} % of the memory never used",
            holding.Spans[0].From
        );
    }

    private static Finding? LaunchBound(List<SliceFacts> lease, FindingRules rules)
    {
        long active = lease.Sum(slice => slice.ActiveMs);
        long launches = lease.Sum(slice => slice[UsageField.Launches]);
        long busy = lease.Sum(slice => slice[UsageField.BusyUs] - slice[UsageField.CopyUs]);
        double perSecond = active > 0 ? launches * 1000.0 / active : 0;
        double each = launches > 0 ? busy / (double)launches : 0;
        if (
            active < rules.LeastActiveMs
            || perSecond < rules.LaunchesPerSecond
            || each > rules.LaunchUs
            || Use(lease) > rules.StarvedUse
        )
        {
            return null;
        }
        Holding holding = lease[0].Holding;
        return new Finding(
            "launch-bound",
            holding.Lease,
            holding.Project,
            holding.User,
            $"{perSecond:0} launches a second of {each:0.#} µs each; {100 * Use(lease):0} % of the slice worked",
            Unused(lease),
            "Join small kernels: CUDA graphs, larger batches, fused operations; or share the device, since most of it is free.",
            null,
            $"{rules.LaunchesPerSecond:0} launches a second of less than {rules.LaunchUs:0} µs",
            holding.Spans[0].From
        );
    }

    private static Finding? Starved(List<SliceFacts> lease, FindingRules rules)
    {
        long active = lease.Sum(slice => slice.ActiveMs);
        double cores = active > 0 ? lease.Sum(slice => slice[UsageField.HostMs]) / (double)active : 0;
        double use = Use(lease);
        if (
            active < rules.LeastActiveMs
            || use > rules.StarvedUse
            || cores < rules.StarvedCores
            || LaunchBound(lease, rules) is not null
        )
        {
            return null;
        }
        Holding holding = lease[0].Holding;
        return new Finding(
            "starved",
            holding.Lease,
            holding.Project,
            holding.User,
            $"the program kept {cores:0.0} cores busy, and {100 * use:0} % of the slice worked meanwhile",
            Unused(lease),
            "The device waits for the program: more loader threads, data prepared beforehand, or more processors for the workload.",
            null,
            $"{100 * rules.StarvedUse:0} % of the slice or less at {rules.StarvedCores:0.##} cores or more",
            holding.Spans[0].From
        );
    }

    private static Finding? MemoryFull(List<SliceFacts> lease, FindingRules rules)
    {
        SliceFacts? slice = lease.FirstOrDefault(one =>
            one.IsHeld
            && one.IdleAtEndMs == 0
            && one.Holding.MemoryBytes > 0
            && one.LastMemoryBytes >= one.Holding.MemoryBytes * rules.MemoryFull
            && one.GrowthPerHour > one.Holding.MemoryBytes * 0.005
        );
        if (slice is null)
        {
            return null;
        }
        Holding holding = slice.Holding;
        double hours = Math.Max(0, holding.MemoryBytes - slice.LastMemoryBytes) / slice.GrowthPerHour;
        return new Finding(
            "memory-full",
            holding.Lease,
            holding.Project,
            holding.User,
            $"{Size(slice.LastMemoryBytes)} of {Size(holding.MemoryBytes)} in use, growing by {Size((long)slice.GrowthPerHour)} an hour: full in about {Time((long)(hours * 3.6e6))}",
            slice[UsageField.BusyUs],
            "Save a checkpoint now; ask for more memory, or let the pool oversubscribe it.",
            null,
            $"{100 * rules.MemoryFull:0} % of the memory in use, and growing",
            holding.Spans[0].From
        );
    }

    private static IEnumerable<Finding> Failing(IReadOnlyList<Outcome> outcomes, FindingRules rules)
    {
        foreach (var work in outcomes.GroupBy(one => (one.Project, one.User, one.Program)))
        {
            Outcome[] last = [.. work.OrderByDescending(one => one.EndedAt).TakeWhile(one => one.HasFailed)];
            if (last.Length >= rules.Failures)
            {
                yield return new Finding(
                    "failing",
                    last[0].Id,
                    work.Key.Project,
                    work.Key.User,
                    $"\"{work.Key.Program}\" failed {last.Length} times in a row",
                    last.Sum(one => one.HeldUs),
                    "Look at its output before it runs again.",
                    $"weir logs {last[0].Id}",
                    $"{rules.Failures} failures in a row",
                    last[^1].EndedAt
                );
            }
        }
    }

    private static IEnumerable<Finding> Stranded(DebtInput input, FindingRules rules)
    {
        Dictionary<string, DebtParts> pools = [];
        DebtCalculator.Run(
            input,
            line =>
            {
                DebtParts parts = pools.GetValueOrDefault(line.Device.Pool);
                parts.Add(line.Parts);
                pools[line.Device.Pool] = parts;
            }
        );
        foreach ((string pool, DebtParts parts) in pools)
        {
            if (parts.Capacity > 0 && parts.Stranded > parts.Capacity * rules.Stranded)
            {
                yield return new Finding(
                    "stranded",
                    pool,
                    "",
                    "",
                    $"{100.0 * parts.Stranded / parts.Capacity:0.#} % of the pool's time lay in rests of devices that fit nothing that waited or is usual",
                    parts.Stranded,
                    "Pack what runs more tightly, or let slices be asked for in sizes that fit together.",
                    "weir rebalance --dry-run",
                    $"{100 * rules.Stranded:0.#} % of the capacity",
                    input.Grid.From
                );
            }
        }
    }

    private static IEnumerable<Finding> QueueStarved(DebtInput input, FindingRules rules, long now)
    {
        foreach (Waiting waiting in input.Waiting.Where(one => one.To >= now && now - one.From >= rules.WaitingMs))
        {
            yield return new Finding(
                "queue-starved",
                $"{waiting.Project}/{waiting.Pool}/{waiting.From}",
                waiting.Project,
                "",
                $"{waiting.Count} × {waiting.Compute} % of a device have been waited for for {Time(now - waiting.From)}",
                0,
                "See what it waits for; a smaller share or another pool may start at once.",
                "weir queue",
                $"waiting for {Time(rules.WaitingMs)}",
                waiting.From
            );
        }
    }

    private static void AddIfFound(List<Finding> all, Finding? one)
    {
        if (one is not null)
        {
            all.Add(one);
        }
    }

    // What was used of what was promised, while anything ran.
    private static double Use(List<SliceFacts> lease)
    {
        double promised = lease.Sum(slice => (double)slice.ActiveMs * slice.Holding.Compute * 10);
        return promised > 0 ? lease.Sum(slice => slice[UsageField.UsedUs]) / promised : 0;
    }

    private static long Unused(List<SliceFacts> lease) =>
        lease.Sum(slice => Math.Max(0, slice.ActiveMs * slice.Holding.Compute * 10 - slice[UsageField.UsedUs]));

    private static string Slices(List<SliceFacts> lease) =>
        lease.Count == 1
            ? $"{lease[0].Holding.Compute} % of a device"
            : $"{lease.Count} × {lease[0].Holding.Compute} % of a device";

    private static string Time(long ms) =>
        ms < 120_000 ? $"{ms / 1000} s"
        : ms < 2 * 3_600_000 ? $"{ms / 60_000} min"
        : $"{ms / 3.6e6:0.#} h";

    private static string Size(long bytes) =>
        bytes >= 1L << 30 ? $"{bytes / (double)(1L << 30):0.#} GiB" : $"{bytes / (double)Mib:0} MiB";
}
