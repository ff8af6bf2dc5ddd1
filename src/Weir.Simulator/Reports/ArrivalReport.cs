using System.Globalization;
using System.Text;
using System.Text.Json;
using Weir.Simulator.Arrival;
using Weir.Simulator.Timed;

namespace Weir.Simulator.Reports;

/// <summary>Writes what came of replays in arrival mode: a page, CSV and JSON.</summary>
public static class ArrivalReport
{
    private static readonly int[] Columns = [60, 80, 95, 100, 130];

    /// <summary>Writes report.html, report.csv (curves) and report.json (every run) into a folder, which is made.</summary>
    /// <param name="folder">Where to.</param>
    /// <param name="results">All runs.</param>
    /// <param name="allocation">Published allocation to compare with; null: none.</param>
    /// <param name="fragment">Published fragmentation to compare with; null: none.</param>
    /// <param name="notes">What people must know about the runs.</param>
    /// <param name="costs">What decisions cost at several sizes, for a plot of its own.</param>
    public static void Write(
        string folder,
        IReadOnlyList<ArrivalResult> results,
        PublishedTable? allocation = null,
        PublishedTable? fragment = null,
        IReadOnlyList<string>? notes = null,
        IReadOnlyList<DecisionCost>? costs = null
    )
    {
        Directory.CreateDirectory(folder);
        var page = new ReportPage("Replays in arrival mode");
        page.Note(
            "Tasks arrive one after another in random order until the demand is so many percent of the cluster; nothing "
                + "leaves, what does not fit is dropped (the published protocol of the FGD experiments). No time, no queue. "
                + "Means over seeds; dashed lines are the published means."
        );
        foreach (string note in notes ?? [])
        {
            page.Note(note);
        }
        foreach (IGrouping<string, ArrivalResult> trace in results.GroupBy(result => result.Trace))
        {
            page.Heading(trace.Key);
            page.Table(
                [
                    "policy",
                    "seeds",
                    .. Columns.Select(column => $"allocated % @{column}"),
                    "published @130",
                    "fragment % @100",
                    "idle devices",
                    "placed",
                    "CPU-only placed",
                    "moves",
                    "node scores",
                    "ms per run",
                ],
                trace.GroupBy(result => result.Policy).Select(policy => Row(policy, allocation))
            );
            var plots = new[]
            {
                new SvgPlot("Allocation", "arrived demand, % of devices", "promised, % of devices"),
                new SvgPlot(
                    "Fragmentation",
                    "arrived demand, % of devices",
                    "unusable for typical tasks, % of devices"
                ),
                new SvgPlot("Fragmentation of what is idle", "arrived demand, % of devices", "% of idle"),
            };
            int colour = 0;
            foreach (IGrouping<string, ArrivalResult> policy in trace.GroupBy(result => result.Policy))
            {
                plots[0].Add(policy.Key, Points(policy, result => result.Allocation), colour);
                plots[1].Add(policy.Key, Points(policy, result => result.Fragment), colour);
                plots[2].Add(policy.Key, Points(policy, result => result.FragmentOfIdle), colour);
                AddPublished(plots[0], allocation, trace.Key, policy.Key, colour);
                AddPublished(plots[1], fragment, trace.Key, policy.Key, colour);
                colour++;
            }
            page.Plots(plots);
        }
        if (costs is { Count: > 0 })
        {
            page.Heading("Cost of a decision");
            var plot = new SvgPlot("Cost of a decision", "devices of the pool", "milliseconds") { LogX = true };
            plot.Add("median", costs.Select(cost => ((double)cost.Devices, 1000 * cost.Median)), 0);
            plot.Add("99th percentile", costs.Select(cost => ((double)cost.Devices, 1000 * cost.P99)), 1);
            page.Plots([plot]);
        }
        File.WriteAllText(Path.Combine(folder, "report.html"), page.ToString());
        File.WriteAllText(Path.Combine(folder, "report.csv"), Csv(results));
        File.WriteAllText(Path.Combine(folder, "report.json"), JsonSerializer.Serialize(results, JsonOptions.Indented));
    }

    private static List<string> Row(IGrouping<string, ArrivalResult> runs, PublishedTable? published)
    {
        double Mean(Func<ArrivalResult, double> of) => runs.Average(of);
        string Number(double value, string format = "F2") => value.ToString(format, CultureInfo.InvariantCulture);
        double[]? expected = published?.Curve(runs.First().Trace, runs.Key);
        return
        [
            runs.Key,
            Number(runs.Count(), "F0"),
            .. Columns.Select(column =>
                column < runs.First().Allocation.Length ? Number(Mean(result => result.Allocation[column])) : ""
            ),
            expected is null ? "" : Number(expected[130]),
            runs.First().Fragment.Length > 100 ? Number(Mean(result => result.Fragment[100])) : "",
            Number(Mean(result => result.IdleDevices), "F0"),
            Number(Mean(result => result.Placed), "F0"),
            Number(Mean(result => result.CpuOnlyPlaced), "F0"),
            Number(Mean(result => result.Moves), "F0"),
            Number(Mean(result => result.Evaluations), "F0"),
            Number(1000 * Mean(result => result.Seconds), "F1"),
        ];
    }

    private static IEnumerable<(double, double)> Points(
        IEnumerable<ArrivalResult> runs,
        Func<ArrivalResult, double[]> curve
    )
    {
        ArrivalResult[] all = [.. runs];
        for (int column = 0; column < curve(all[0]).Length; column++)
        {
            yield return (column, all.Average(result => curve(result)[column]));
        }
    }

    private static void AddPublished(SvgPlot plot, PublishedTable? table, string trace, string policy, int colour)
    {
        if (table?.Curve(trace, policy) is { } curve)
        {
            plot.Add($"{policy}, published", curve.Select((value, i) => ((double)i, value)), colour, dashed: true);
        }
    }

    private static string Csv(IReadOnlyList<ArrivalResult> results)
    {
        var text = new StringBuilder(
            "trace,policy,seed,arrived_percent,allocated_percent,fragment_percent,fragment_of_idle_percent\n"
        );
        foreach (ArrivalResult result in results)
        {
            for (int column = 0; column < result.Allocation.Length; column++)
            {
                text.Append(
                    CultureInfo.InvariantCulture,
                    $"{Quote(result.Trace)},{result.Policy},{result.Seed},{column},{result.Allocation[column]:F4},{result.Fragment[column]:F4},{result.FragmentOfIdle[column]:F4}\n"
                );
            }
        }
        return text.ToString();
    }

    internal static string Quote(string text) =>
        text.AsSpan().ContainsAny(',', '"', '\n') ? $"\"{text.Replace("\"", "\"\"")}\"" : text;
}
