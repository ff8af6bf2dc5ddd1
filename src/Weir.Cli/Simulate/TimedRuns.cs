using System.Collections.Concurrent;
using Spectre.Console;
using Weir.Scheduling.Deciding;
using Weir.Simulator.Reports;
using Weir.Simulator.Timed;
using Weir.Simulator.Traces;

namespace Weir.Cli.Simulate;

/// <summary>All runs of `weir simulate` in time.</summary>
internal static class TimedRuns
{
    public static Table Run(SimulateRequest request, ProgressContext progress)
    {
        ConcurrentBag<(int Order, TimedResult Result)> results = [];
        List<string> notes =
        [
            request.IsDaily
                ? "Jobs are generated: daily and weekly pattern and mix as the Helios paper (SC 2021) describes them, numbers rounded; the cluster is sized for the load."
            : request.IsOpenb
                ? "The trace's own times, of the 35 days in which nearly all of its tasks come (what runs already at their begin is asked for then, what goes on after their end is cut there), on a cluster cut down by a seeded choice of nodes until what is asked for is the wanted part of what it can do."
            : "The trace's own times, on a cluster cut down by a seeded choice of nodes until what is asked for is the wanted part of what it can do.",
            "Durations are known to the scheduler beforehand; parking costs, power draws and failures are assumed figures.",
        ];
        if (request.Policies.Contains(Scheduling.Placement.PlacementPolicies.Repacking))
        {
            throw new ArgumentException("the policy 'repacking' moves tasks at arrival; it has no form in time");
        }
        int order = 0;
        List<Trace> traces =
            request.IsDaily ? []
            : request.IsOpenb ? [.. request.Read().Select(SteadyWindow.Of)]
            : [.. request.Read()];
        foreach (double load in request.LoadValues)
        {
            IEnumerable<Func<ulong, Trace>> makers = request.IsDaily
                ? [seed => DailyLoad.Generate(request.Days, request.JobsPerDay, load, seed)]
                : traces.Select(trace => (Func<ulong, Trace>)(seed => CutDown.To(trace, load, seed)));
            foreach (Func<ulong, Trace> make in makers)
            {
                int first = order;
                order += request.Policies.Length;
                ProgressTask bar = progress.AddTask(
                    $"load {load:0.##}",
                    maxValue: request.Policies.Length * request.Seeds
                );
                Parallel.For(
                    0,
                    request.Policies.Length * request.Seeds,
                    request.Parallelism,
                    run =>
                    {
                        int policy = run / request.Seeds;
                        ulong seed = (ulong)(request.FirstSeed + run % request.Seeds);
                        var scenario = new Scenario(
                            make(seed),
                            [],
                            new SchedulingPolicy { Placement = request.Policies[policy], Seed = seed }
                        )
                        {
                            Seed = seed,
                            Failures = request.Failures ? new FailureModel() : null,
                        };
                        TimedResult result = TimedReplay.Run(scenario);
                        results.Add((first + policy, result with { Trace = $"load {load:0.##}" }));
                        bar.Increment(1);
                    }
                );
            }
        }
        TimedResult[] ordered =
        [
            .. results.OrderBy(run => run.Order).ThenBy(run => run.Result.Seed).Select(run => run.Result),
        ];
        TimedReport.Write(request.Output, ordered, notes);
        var table = new Table().AddColumns(
            "trace",
            "policy",
            "allocated %",
            "wait mean s",
            "p99 s",
            "fairness",
            "preemptions",
            "kWh",
            "refused"
        );
        foreach (
            IGrouping<(string Trace, string Policy), TimedResult> runs in ordered.GroupBy(r => (r.Trace, r.Policy))
        )
        {
            table.AddRow(
                runs.Key.Trace.EscapeMarkup(),
                runs.Key.Policy.EscapeMarkup(),
                $"{runs.Average(r => r.Allocation):F1}",
                $"{runs.Average(r => r.MeanWait):F0}",
                $"{runs.Average(r => r.P99Wait):F0}",
                $"{runs.Average(r => r.Fairness):F3}",
                $"{runs.Average(r => r.Preemptions):F0}",
                $"{runs.Average(r => r.EnergyKwh):F0}",
                $"{runs.Average(r => r.Refused):F0}"
            );
        }
        return table;
    }
}
