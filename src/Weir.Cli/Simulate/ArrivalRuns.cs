using System.Collections.Concurrent;
using Spectre.Console;
using Weir.Simulator.Arrival;
using Weir.Simulator.Reports;
using Weir.Simulator.Timed;
using Weir.Simulator.Traces;

namespace Weir.Cli.Simulate;

/// <summary>All runs of `weir simulate` in arrival mode.</summary>
internal static class ArrivalRuns
{
    private static readonly int[] Sizes = [100, 1_000, 10_000, 100_000];

    public static Table Run(SimulateRequest request, ProgressContext progress)
    {
        ConcurrentBag<ArrivalResult> results = [];
        List<string> notes = [];
        foreach (Trace trace in request.Read())
        {
            if (trace.Skipped > 0)
            {
                notes.Add($"{trace.Name}: {trace.Skipped} lines that make no sense were left out.");
            }
            ProgressTask bar = progress.AddTask(trace.Name, maxValue: request.Policies.Length * request.Seeds);
            var replay = new ArrivalReplay(trace, request.Tune);
            Parallel.For(
                0,
                request.Policies.Length * request.Seeds,
                request.Parallelism,
                run =>
                {
                    int seed = request.FirstSeed + run % request.Seeds;
                    results.Add(replay.Run(request.Policies[run / request.Seeds], (ulong)seed));
                    bar.Increment(1);
                }
            );
        }
        ArrivalResult[] ordered =
        [
            .. results
                .OrderBy(result => Index(OpenbTrace.Variants, result.Trace))
                .ThenBy(result => Index(request.Policies, result.Policy))
                .ThenBy(result => result.Seed),
        ];
        bool published = request.IsOpenb && Math.Abs(request.Tune - ArrivalProtocol.PublishedTune) < 1e-9;
        ArrivalReport.Write(
            request.Output,
            ordered,
            published ? PublishedTable.Allocation(SimulateRequest.OpenbPath) : null,
            published ? PublishedTable.Fragment(SimulateRequest.OpenbPath) : null,
            notes,
            request.DecisionCost ? Costs(progress) : []
        );
        return Summary(ordered);
    }

    private static List<DecisionCost> Costs(ProgressContext progress)
    {
        ProgressTask bar = progress.AddTask("cost of decisions", maxValue: Sizes.Length);
        List<DecisionCost> costs = [];
        foreach (int size in Sizes)
        {
            costs.Add(DecisionCost.Measure(size, 2000, 200));
            bar.Increment(1);
        }
        return costs;
    }

    private static Table Summary(ArrivalResult[] results)
    {
        var table = new Table().AddColumns(
            "trace",
            "policy",
            "allocated % at the end",
            "idle devices",
            "placed",
            "moves",
            "ms"
        );
        foreach (
            IGrouping<(string Trace, string Policy), ArrivalResult> runs in results.GroupBy(r => (r.Trace, r.Policy))
        )
        {
            table.AddRow(
                runs.Key.Trace.EscapeMarkup(),
                runs.Key.Policy.EscapeMarkup(),
                $"{runs.Average(r => r.FinalAllocation):F2}",
                $"{runs.Average(r => r.IdleDevices):F0}",
                $"{runs.Average(r => r.Placed):F0}",
                $"{runs.Average(r => r.Moves):F0}",
                $"{1000 * runs.Average(r => r.Seconds):F1}"
            );
        }
        return table;
    }

    private static int Index(IReadOnlyList<string> names, string name)
    {
        for (int i = 0; i < names.Count; i++)
        {
            if (names[i] == name)
            {
                return i;
            }
        }
        return names.Count;
    }
}
