using System.Diagnostics;
using Weir.Cli.Simulate;
using Weir.Scheduling.Deciding;
using Weir.Simulator.Arrival;
using Weir.Simulator.Timed;
using Weir.Simulator.Traces;

namespace Weir.Cli.Bench;

/// <summary>The scheduling library: replays of openb, decisions at several sizes, a day of jobs.</summary>
internal static class SchedulingBench
{
    public const string Section = "scheduling";

    public static IEnumerable<Figure> Run(BenchPlace place)
    {
        string folder =
            OpenbFolder.Find()
            ?? throw new BenchException("samples/traces/openb is missing; start through ./weir of a checkout.");
        var replay = new ArrivalReplay(OpenbTrace.ReadVariant(folder, "default"));
        yield return Absolute("openb default to 130 %, FGD, one seed, first run", Replay(replay, "fgd", 1), "ms", 400);
        Replay(replay, "fgd", 5);
        yield return Absolute("openb default to 130 %, FGD, one seed, best of 5", Replay(replay, "fgd", 5), "ms", 400);
        yield return Absolute(
            "openb default to 130 %, balanced, one seed, best of 5",
            Replay(replay, "balanced", 5),
            "ms",
            400
        );
        yield return Absolute("17 variants × 6 policies × 10 seeds, 2 cores", WholeTable(folder), "s", 90);
        foreach (
            (int devices, int claims, double target) in ((int, int, double)[])
                [(1_000, 5_000, 5), (10_000, 5_000, 10), (100_000, 3_000, 20)]
        )
        {
            DecisionCost cost = DecisionCost.Measure(devices, claims, 200);
            string where = $"{devices:N0} devices, 200 claims/s";
            yield return Absolute($"decision p99, {where}", 1000 * cost.P99, "ms", target);
            yield return new(Section, $"decision median, {where}", 1000 * cost.Median, "ms", "", null, Target.None);
            yield return Absolute(
                $"memory per device and claim, {devices:N0} devices",
                cost.BytesPerDeviceAndClaim,
                "B",
                1024
            );
        }
        var day = new Scenario(DailyLoad.Generate(1, 20_000, 0.9, 1), [], new SchedulingPolicy());
        yield return Absolute("a day of 20,000 jobs in time, load 0.9", TimedReplay.Run(day).Seconds, "s", 2);
    }

    private static double Replay(ArrivalReplay replay, string policy, int runs)
    {
        double best = double.PositiveInfinity;
        for (int i = 0; i < runs; i++)
        {
            best = Math.Min(best, 1000 * replay.Run(policy, 42).Seconds);
        }
        return best;
    }

    private static double WholeTable(string folder)
    {
        long start = Stopwatch.GetTimestamp();
        Parallel.ForEach(
            OpenbTrace.Variants,
            new ParallelOptions { MaxDegreeOfParallelism = 2 },
            variant =>
            {
                var replay = new ArrivalReplay(OpenbTrace.ReadVariant(folder, variant));
                foreach (string policy in PublishedTable.Policies)
                {
                    for (ulong seed = 42; seed < 52; seed++)
                    {
                        replay.Run(policy, seed);
                    }
                }
            }
        );
        return Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    private static Figure Absolute(string name, double value, string unit, double atMost) =>
        new(Section, name, value, unit, "", null, new Target(TargetKind.AtMost, atMost));
}
