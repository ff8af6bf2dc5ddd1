using System.Globalization;
using System.Text;
using System.Text.Json;
using Weir.Simulator.Timed;

namespace Weir.Simulator.Reports;

/// <summary>Writes what came of replays in time: a page, CSV and JSON.</summary>
public static class TimedReport
{
    private static readonly (string Name, string Format, Func<TimedResult, double> Of)[] Figures =
    [
        ("offered load", "F2", result => result.OfferedLoad),
        ("submitted", "F0", result => result.Submitted),
        ("finished", "F0", result => result.Finished),
        ("refused", "F0", result => result.Refused),
        ("allocated %", "F1", result => result.Allocation),
        ("fragment %", "F1", result => result.Fragment),
        ("wait mean s", "F0", result => result.MeanWait),
        ("wait median s", "F0", result => result.MedianWait),
        ("wait p99 s", "F0", result => result.P99Wait),
        ("slowdown", "F1", result => result.Slowdown),
        ("fairness", "F3", result => result.Fairness),
        ("preemptions", "F0", result => result.Preemptions),
        ("moves", "F0", result => result.Moves),
        ("lost by failure", "F0", result => result.LostByFailure),
        ("energy kWh", "F0", result => result.EnergyKwh),
        ("decision p99 ms", "F3", result => 1000 * result.P99RoundSeconds),
        ("replay s", "F2", result => result.Seconds),
    ];

    /// <summary>Writes report.html, report.csv (one line per run) and report.json into a folder, which is made.</summary>
    /// <param name="folder">Where to.</param>
    /// <param name="results">All runs.</param>
    /// <param name="notes">What people must know about the runs.</param>
    public static void Write(string folder, IReadOnlyList<TimedResult> results, IEnumerable<string> notes)
    {
        Directory.CreateDirectory(folder);
        var page = new ReportPage("Replays in time");
        foreach (string note in notes)
        {
            page.Note(note);
        }
        foreach (IGrouping<string, TimedResult> trace in results.GroupBy(result => result.Trace))
        {
            page.Heading(trace.Key);
            page.Table(
                ["policy", "seeds", .. Figures.Select(figure => figure.Name)],
                trace.GroupBy(result => result.Policy).Select(Row)
            );
            var used = new SvgPlot("Allocation over time", "hours", "promised, % of devices");
            var waiting = new SvgPlot("Waiting claims", "hours", "claims");
            var nodes = new SvgPlot("Nodes that are on", "hours", "nodes");
            var waits = new SvgPlot("Waiting times", "seconds until the first start", "% of claims") { LogX = true };
            int colour = 0;
            foreach (IGrouping<string, TimedResult> policy in trace.GroupBy(result => result.Policy))
            {
                TimedResult one = policy.First();
                used.Add(policy.Key, one.Series.Select(at => (at.Hour, at.Allocation)), colour);
                waiting.Add(policy.Key, one.Series.Select(at => (at.Hour, (double)at.Waiting)), colour);
                nodes.Add(policy.Key, one.Series.Select(at => (at.Hour, (double)at.NodesOn)), colour);
                waits.Add(policy.Key, Distribution(one.Waits), colour);
                colour++;
            }
            page.Plots([used, waiting, waits, nodes]);
        }
        File.WriteAllText(Path.Combine(folder, "report.html"), page.ToString());
        File.WriteAllText(Path.Combine(folder, "report.csv"), Csv(results));
        File.WriteAllText(Path.Combine(folder, "report.json"), JsonSerializer.Serialize(results, JsonOptions.Indented));
    }

    private static List<string> Row(IGrouping<string, TimedResult> runs) =>
        [
            runs.Key,
            runs.Count().ToString(CultureInfo.InvariantCulture),
            .. Figures.Select(figure => runs.Average(figure.Of).ToString(figure.Format, CultureInfo.InvariantCulture)),
        ];

    // About 200 points; who did not wait counts as one second, which is where the scale begins.
    private static IEnumerable<(double, double)> Distribution(double[] waits)
    {
        int step = Math.Max(1, waits.Length / 200);
        for (int i = 0; i < waits.Length; i += step)
        {
            yield return (Math.Max(1, waits[i]), 100.0 * (i + 1) / waits.Length);
        }
    }

    private static string Csv(IReadOnlyList<TimedResult> results)
    {
        var text = new StringBuilder("trace,policy,seed");
        foreach ((string name, _, _) in Figures)
        {
            text.Append(',').Append(name.Replace(' ', '_'));
        }
        text.Append('\n');
        foreach (TimedResult result in results)
        {
            text.Append(ArrivalReport.Quote(result.Trace))
                .Append(',')
                .Append(result.Policy)
                .Append(',')
                .Append(result.Seed);
            foreach ((_, _, Func<TimedResult, double> of) in Figures)
            {
                text.Append(',').Append(of(result).ToString("G6", CultureInfo.InvariantCulture));
            }
            text.Append('\n');
        }
        return text.ToString();
    }
}
