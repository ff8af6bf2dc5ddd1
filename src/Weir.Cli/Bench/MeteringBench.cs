using System.Diagnostics;
using System.Globalization;
using Weir.Cli.Pool.Serving;
using Weir.Cli.Simulate;
using Weir.Metering.Findings;
using Weir.Metering.Forecasts;
using Weir.Simulator.Traces;

namespace Weir.Cli.Bench;

/// <summary>What metering costs the controller, how well detectors do on days of which the truth is known, and forecasts on a public trace.</summary>
internal static class MeteringBench
{
    public const string Section = "metering";

    private const int Days = 20;
    private const int Leases = 100;
    private const int Hour = 3600;

    public static IEnumerable<Figure> Run(BenchPlace place) => [.. Controller(), .. Quality(), .. Forecasts()];

    private static IEnumerable<Figure> Controller()
    {
        var artifacts = Artifacts.Find()!;
        var (program, arguments) = ServiceProcess.Command(
            Path.Combine(artifacts.Root, "controller"),
            "weir-controller"
        );
        using Process process = Process.Start(
            new ProcessStartInfo(program, [.. arguments, "measure"]) { RedirectStandardOutput = true }
        )!;
        string said = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        if (process.ExitCode != 0)
        {
            throw new BenchException($"weir-controller measure ended with {process.ExitCode}");
        }
        foreach (string line in said.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            string[] parts = line.Split('|');
            double bound = double.Parse(parts[3], CultureInfo.InvariantCulture);
            yield return new Figure(
                Section,
                parts[0],
                double.Parse(parts[1], CultureInfo.InvariantCulture),
                parts[2],
                "",
                null,
                bound > 0 ? new Target(TargetKind.AtMost, bound) : Target.None
            );
        }
    }

    private static IEnumerable<Figure> Quality()
    {
        foreach (DetectorQuality one in DetectorQuality.Measure(Days, Leases))
        {
            yield return new Figure(
                Section,
                $"{one.Detector} on {Days} generated days of {Leases} leases: precision ({one.Found} right, {one.False} wrong)",
                one.Precision,
                "",
                "recall",
                one.Recall,
                Target.None
            );
        }
    }

    // GPUs in use by the hour over the last 30 days of openb, which are the dense ones; forecasts of the last ten of them.
    private static IEnumerable<Figure> Forecasts()
    {
        string? folder = OpenbFolder.Find();
        if (folder is not null)
        {
            double[] hours = Demand(OpenbTrace.ReadVariant(folder, "default"));
            foreach (
                (string what, int horizon) in ((string, int)[])[("6 hours", 6), ("24 hours", 24), ("72 hours", 72)]
            )
            {
                yield return Forecast(
                    $"openb's last 30 days, {what} ahead: error",
                    Backtest.Run(hours, 20 * 24, 12, horizon, 24, 24, 168),
                    "GPUs"
                );
            }
        }
        foreach (
            (string what, double trend, bool hasBreak) in ((string, double, bool)[])
                [("trend and season", 0.05, false), ("season and a break", 0, true)]
        )
        {
            yield return Forecast(
                $"two generated years with {what}, a quarter ahead: error",
                Backtest.Run(Generated(trend, hasBreak), 540, 20, 90, 7, 7),
                "GPUs"
            );
        }
    }

    private static Figure Forecast(string name, Backtest test, string unit) =>
        new(
            Section,
            $"{name} ({100 * test.Coverage:0} % within the interval, 80 % are meant)",
            test.Error,
            unit,
            "repeating the last season",
            test.NaiveError,
            new Target(TargetKind.RatioAtMost, 1)
        );

    private static double[] Demand(Weir.Simulator.Traces.Trace trace)
    {
        TraceTask[] tasks = [.. trace.Tasks.Where(task => task.Duration > 0 && task.Shape.Devices > 0)];
        double end = tasks.Max(task => task.Submitted);
        double begin = end - 30 * 24 * Hour;
        var hours = new double[30 * 24];
        foreach (TraceTask task in tasks)
        {
            double gpus = task.Shape.Devices * task.Shape.ComputeMilli / 1000.0;
            double from = Math.Max(begin, task.Submitted);
            double to = Math.Min(end, task.Submitted + task.Duration);
            while (from < to)
            {
                int hour = Math.Min(hours.Length - 1, (int)((from - begin) / Hour));
                double next = Math.Min(to, begin + (hour + 1) * Hour);
                if (next <= from)
                {
                    break;
                }
                hours[hour] += gpus * (next - from) / Hour;
                from = next;
            }
        }
        return hours;
    }

    private static double[] Generated(double trend, bool hasBreak)
    {
        var random = new Random(7);
        return
        [
            .. Enumerable
                .Range(0, 730)
                .Select(day =>
                    Math.Max(
                        0,
                        80
                            + trend * day
                            + (day % 7 >= 5 ? -25 : 10)
                            + 10 * Math.Sin(day / 365.0 * 2 * Math.PI)
                            + (hasBreak && day >= 560 ? 30 : 0)
                            + 6 * (random.NextDouble() + random.NextDouble() - 1)
                    )
                ),
        ];
    }
}
