using System.CommandLine;
using Spectre.Console;
using Weir.Cli.Pool;
using Weir.Protocol.Rest;
using Weir.Scheduling.Placement;
using Weir.Simulator.Traces;

namespace Weir.Cli.Simulate;

/// <summary>`weir simulate`: replays a trace under several policies and leaves a report.</summary>
internal static class SimulateCommand
{
    public static Command Create()
    {
        var trace = new Option<string>("--trace")
        {
            Description =
                "openb, openb:VARIANT (or openb:all), daily (generated), or a file of jobs (CSV or JSON; see docs/guides/simulate.md)",
            DefaultValueFactory = _ => "openb",
        };
        var nodes = new Option<string?>("--nodes") { Description = "For a file of jobs: the node list (CSV)" };
        var policy = new Option<string>("--policy")
        {
            Description = "Placement policies, separated by commas: " + string.Join(", ", PlacementPolicies.Names),
            DefaultValueFactory = _ => "fgd,bestfit,balanced",
        };
        var seeds = new Option<int>("--seeds") { Description = "Runs of each", DefaultValueFactory = _ => 10 };
        var firstSeed = new Option<int>("--first-seed") { DefaultValueFactory = _ => 42 };
        var mode = new Option<string>("--mode")
        {
            Description = "arrival: the published protocol, no time; time: queueing, fairness, preemption, energy",
            DefaultValueFactory = _ => "arrival",
        };
        mode.AcceptOnlyFromAmong("arrival", "time");
        var tune = new Option<double>("--tune")
        {
            Description = "Arrival: demand as a multiple of the cluster",
            DefaultValueFactory = _ => 1.3,
        };
        var load = new Option<string>("--load")
        {
            Description = "Time: offered loads, separated by commas",
            DefaultValueFactory = _ => "0.7,0.9,1.1",
        };
        var days = new Option<int>("--days") { Description = "daily: days", DefaultValueFactory = _ => 7 };
        var jobs = new Option<int>("--jobs-per-day") { Description = "daily: jobs", DefaultValueFactory = _ => 3000 };
        var failures = new Option<bool>("--failures") { Description = "Time: let nodes fail now and then" };
        var skip = new Option<bool>("--skip-bad")
        {
            Description = "Leave out lines that make no sense, and count them",
        };
        var cost = new Option<bool>("--decision-cost")
        {
            Description = "Also measure what a decision costs at several sizes",
        };
        var cores = new Option<int>("--cores")
        {
            Description = "Runs at the same time",
            DefaultValueFactory = _ => Environment.ProcessorCount,
        };
        var fromHistory = new Option<bool>("--from-history")
        {
            Description = "Replay the pool's own past: would another policy, or more devices, have served better?",
        };
        var addDevices = new Option<string?>("--add-devices")
        {
            Description =
                "With --from-history: imagine more, e.g. 8xH100, or 8xH100:80GiB for a model that is not there",
        };
        var pastDays = new Option<double>("--past-days")
        {
            Description = "With --from-history: how far back",
            DefaultValueFactory = _ => 31,
        };
        var output = new Option<string>("--out")
        {
            Description = "Folder for report.html, report.csv and report.json",
            DefaultValueFactory = _ => "weir-report",
        };
        var command = new Command("simulate", "Replay a trace under other policies; leaves a report with plots.")
        {
            trace,
            nodes,
            policy,
            seeds,
            firstSeed,
            mode,
            tune,
            load,
            days,
            jobs,
            failures,
            skip,
            cost,
            cores,
            output,
            fromHistory,
            addDevices,
            pastDays,
        };
        command.SetAction(parsed =>
        {
            if (parsed.GetValue(fromHistory))
            {
                // The pool's own way first; others are compared with it.
                string[] others = parsed.GetResult(policy) is { Implicit: false } ? List(parsed.GetValue(policy)!) : [];
                return Replay(
                    [.. others.Prepend("fgd").Distinct()],
                    parsed.GetValue(addDevices),
                    parsed.GetValue(pastDays),
                    parsed.GetValue(output)!
                );
            }
            if (parsed.GetValue(addDevices) is not null)
            {
                Console.Error.WriteLine("weir simulate: --add-devices is for the pool's own past; add --from-history");
                return ExitCodes.Usage;
            }
            return Run(
                new SimulateRequest(
                    parsed.GetValue(trace)!,
                    parsed.GetValue(nodes),
                    List(parsed.GetValue(policy)!),
                    parsed.GetValue(seeds),
                    parsed.GetValue(firstSeed),
                    parsed.GetValue(mode) == "time",
                    parsed.GetValue(tune),
                    List(parsed.GetValue(load)!),
                    parsed.GetValue(days),
                    parsed.GetValue(jobs),
                    parsed.GetValue(failures),
                    parsed.GetValue(skip),
                    parsed.GetValue(cost),
                    parsed.GetValue(cores),
                    parsed.GetValue(output)!
                )
            );
        });
        return command;
    }

    private static int Replay(string[] policies, string? addDevices, double days, string output)
    {
        int wrong = Guarded(() => Array.ForEach(policies, PlacementPolicies.Check));
        if (wrong != ExitCodes.Success)
        {
            return wrong;
        }
        return PoolCommand
            .Guard(async () =>
            {
                HistoryView past = await HistoryRuns.FetchAsync(days);
                return Guarded(() =>
                {
                    string verdict = "";
                    Table table = Progress()
                        .Start(context =>
                        {
                            (Table lines, verdict) = HistoryRuns.Run(past, policies, addDevices, output, context);
                            return lines;
                        });
                    AnsiConsole.Write(table);
                    Console.WriteLine(verdict);
                    Console.WriteLine($"report: {Path.GetFullPath(Path.Combine(output, "report.html"))}");
                });
            })
            .GetAwaiter()
            .GetResult();
    }

    private static int Run(SimulateRequest request) =>
        Guarded(() =>
        {
            request.Check();
            Table table = Progress()
                .Start(context => request.InTime ? TimedRuns.Run(request, context) : ArrivalRuns.Run(request, context));
            AnsiConsole.Write(table);
            Console.WriteLine($"report: {Path.GetFullPath(Path.Combine(request.Output, "report.html"))}");
        });

    private static Progress Progress() =>
        AnsiConsole
            .Progress()
            .Columns(
                new TaskDescriptionColumn(),
                new ProgressBarColumn(),
                new PercentageColumn(),
                new RemainingTimeColumn()
            );

    private static int Guarded(Action work)
    {
        try
        {
            work();
            return ExitCodes.Success;
        }
        catch (Exception e)
            when (e is ArgumentException or TraceException or IOException or UnauthorizedAccessException)
        {
            Console.Error.WriteLine($"weir simulate: {e.Message}");
            return ExitCodes.Usage;
        }
    }

    private static string[] List(string text) =>
        text.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
}
