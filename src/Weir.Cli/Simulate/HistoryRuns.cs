using Spectre.Console;
using Weir.Cli.Pool;
using Weir.Protocol.Rest;
using Weir.Scheduling.Deciding;
using Weir.Scheduling.Fairness;
using Weir.Simulator.Past;
using Weir.Simulator.Reports;
using Weir.Simulator.Timed;
using Weir.Simulator.Traces;

namespace Weir.Cli.Simulate;

/// <summary>`weir simulate --from-history`: the pool's own past under other policies or with more devices.</summary>
internal static class HistoryRuns
{
    private const string AsNow = "hardware as it is";

    /// <summary>Fetches the past from the controller.</summary>
    public static async Task<HistoryView> FetchAsync(double days)
    {
        using var client = new ControllerClient(Login.Find());
        long since = DateTimeOffset.UtcNow.AddDays(-days).ToUnixTimeMilliseconds();
        return await client.GetAsync($"v1/history?since={since}", RestJson.Default.HistoryView);
    }

    /// <summary>Replays it; the table has a line per hardware and policy, with how it was first.</summary>
    public static (Table Table, string Verdict) Run(
        HistoryView past,
        IReadOnlyList<string> policies,
        string? addDevices,
        string output,
        ProgressContext progress
    )
    {
        PastNode[] nodes =
        [
            .. past.Nodes.Select(node => new PastNode(
                node.Node,
                node.Pool,
                node.Model,
                node.Devices,
                (int)Math.Min(int.MaxValue, node.MemoryBytes >> 20)
            )
            {
                ComputeLimit = node.ComputeLimit,
                MemoryLimit = node.MemoryLimit,
            }),
        ];
        PastClaim[] claims = [.. past.Claims.Select(Claim)];
        double now = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds() / 1000.0;
        List<(string Name, PastNode[] Nodes)> hardware = [(AsNow, nodes)];
        if (addDevices is not null)
        {
            hardware.Add(($"with {addDevices} more", [.. nodes, .. PastTrace.Added(nodes, addDevices)]));
        }
        List<TimedResult> results = [];
        ProgressTask bar = progress.AddTask("the past", maxValue: hardware.Count * policies.Count);
        foreach ((string name, PastNode[] there) in hardware)
        {
            Trace trace = PastTrace.Of(name, there, claims, now);
            if (name == AsNow)
            {
                results.Add(PastTrace.AsItWas(name, there, claims, now));
            }
            foreach (string policy in policies)
            {
                var scenario = new Scenario(
                    trace,
                    [.. Projects(past)],
                    new SchedulingPolicy
                    {
                        Placement = policy,
                        ReserveAfterSeconds = 300,
                        Calendar = [.. Calendar(past)],
                        ClockOffsetSeconds = past.CalendarOffset + PastTrace.First(claims),
                    }
                )
                {
                    // What people asked for without a time limit was not known beforehand.
                    Predicted = false,
                };
                results.Add(TimedReplay.Run(scenario));
                bar.Increment(1);
            }
        }
        int unserved = claims.Count(claim => claim.Granted is null);
        TimedReport.Write(
            output,
            results,
            [
                $"The pool's own past: {claims.Length} claims, of which {unserved} got nothing; these are given the median duration of their project's claims.",
                "\"as it was\" is what was really granted; the other lines are replays, in which every claim waits until it is served. Calendars and over-commit are replayed as they are set now; failures, and hours that clocks skip or repeat, are not.",
            ]
        );
        return (Summary(results), Verdict(results, addDevices));
    }

    private static PastClaim Claim(HistoryClaim claim) =>
        new(claim.Id, claim.Project, claim.Pool, claim.Count, claim.Compute * 10, claim.Submitted / 1000.0)
        {
            MemoryMib = (int)Math.Min(int.MaxValue, (claim.MemoryBytes ?? 0) >> 20),
            Model = claim.Model,
            Priority = claim.Priority,
            Preemptible = claim.Preemptible,
            Granted = claim.Granted / 1000.0,
            Ended = claim.Ended / 1000.0,
        };

    private static IEnumerable<CalendarRule> Calendar(HistoryView past)
    {
        var known = past.Projects.Select(project => project.Name).ToHashSet(StringComparer.Ordinal);
        foreach (HistoryCalendar calendar in past.Calendars.Where(one => known.Contains(one.Project)))
        {
            yield return new CalendarRule(calendar.Project, calendar.FromSecond, calendar.ToSecond)
            {
                Days = calendar.Days,
                Quota = calendar.QuotaMilli is { } milli
                    ? new Resources(milli, Resources.Unlimited, Resources.Unlimited)
                    : null,
                Weight = calendar.Weight,
                Priority = calendar.Priority,
            };
        }
    }

    // A project that was removed since borrows like one without a quota.
    private static IEnumerable<ProjectConfig> Projects(HistoryView past)
    {
        var parents = past.Projects.Select(project => project.Parent).ToHashSet();
        HashSet<string> known = [];
        foreach (HistoryProject project in past.Projects)
        {
            known.Add(project.Name);
            yield return new ProjectConfig(project.Name, project.Parent)
            {
                Quota = new Resources(project.QuotaMilli, Resources.Unlimited, Resources.Unlimited),
                Limit = project.LimitMilli is { } limit
                    ? new Resources(limit, Resources.Unlimited, Resources.Unlimited)
                    : Resources.All,
                Weight = project.Weight,
                Priority = project.Priority,
                BorrowsFreely = project.BorrowsFreely,
            };
        }
        foreach (string project in past.Claims.Select(claim => claim.Project).Distinct())
        {
            if (known.Add(project))
            {
                yield return new ProjectConfig(project) { BorrowsFreely = true };
            }
        }
    }

    private static Table Summary(List<TimedResult> results)
    {
        var table = new Table().AddColumns(
            "hardware",
            "policy",
            "claims",
            "got nothing",
            "allocated %",
            "wait mean s",
            "median s",
            "p99 s",
            "stopped for others"
        );
        foreach (TimedResult result in results)
        {
            table.AddRow(
                result.Trace.EscapeMarkup(),
                result.Policy.EscapeMarkup(),
                $"{result.Submitted}",
                $"{result.Refused}",
                $"{result.Allocation:F1}",
                $"{result.MeanWait:F0}",
                $"{result.MedianWait:F0}",
                $"{result.P99Wait:F0}",
                $"{result.Preemptions}"
            );
        }
        return table;
    }

    // Against the first policy on the hardware that is there, so that one replay is compared with another.
    private static string Verdict(List<TimedResult> results, string? addDevices)
    {
        TimedResult usual = results[1];
        TimedResult best = results.Skip(1).Where(result => result.Trace == AsNow).MinBy(result => result.MeanWait)!;
        string text =
            best.Policy == usual.Policy
                ? $"No other policy of these would have served better than '{usual.Policy}' (mean wait {usual.MeanWait:F0} s)."
                : $"Under '{best.Policy}' the mean wait would have been {best.MeanWait:F0} s instead of {usual.MeanWait:F0} s.";
        TimedResult? more = results.FirstOrDefault(result => result.Trace != AsNow && result.Policy == usual.Policy);
        return more is null
            ? text
            : $"{text} {addDevices} more: {more.MeanWait:F0} s instead of {usual.MeanWait:F0} s, p99 {more.P99Wait:F0} s instead of {usual.P99Wait:F0} s.";
    }
}
