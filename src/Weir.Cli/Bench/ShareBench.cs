using System.Globalization;

namespace Weir.Cli.Bench;

/// <summary>Programs that share the software device: promised and received, with and without the arbiter.</summary>
internal static class ShareBench
{
    public const string Section = "share";

    private const double Seconds = 10;
    private const double AloneSeconds = 4;
    private const int Returns = 5;

    private static readonly string[] s_mixes =
    [
        "25:long 75:long",
        "25:short 75:long",
        "25:long 75:short",
        "50:short 50:long",
        "50:mixed 50:mixed",
        "10:mixed 20:mixed 70:mixed",
        "10:long 20:short 70:mixed",
    ];

    public static IEnumerable<Figure> Run(BenchPlace place)
    {
        // The kernel is compiled once and then comes from the cache.
        _ = SharingProgram.Run(place, "100:short", false, 0.2, out _);
        foreach (string mix in s_mixes)
        {
            (string with, double worst) = Measure(place, mix, true);
            (string without, double loose) = Measure(place, mix, false);
            yield return new(
                Section,
                $"promised {mix}: received {with}, furthest off",
                worst,
                "points",
                $"without the arbiter {without}, furthest off",
                loose,
                new(TargetKind.AtMost, 5)
            );
        }
        foreach (string kind in (string[])["short", "long"])
        {
            yield return Alone(place, kind);
        }
        yield return new(
            Section,
            "a lent half is back: from the first launch until half of what was done since is received, within a tenth",
            MedianReturn(place),
            "ms",
            "",
            null,
            new(TargetKind.AtMost, 100)
        );
    }

    private static (string Received, double Worst) Measure(BenchPlace place, string mix, bool isArbitrated)
    {
        List<SharingProgram> all = SharingProgram.Run(place, mix, isArbitrated, Seconds, out long start);
        long end = start + (long)(Seconds * 1e9);
        double total = all.Sum(one => one.Blocks(start, end));
        double[] received = [.. all.Select(one => 100 * one.Blocks(start, end) / total)];
        return (
            string.Join(" ", received.Select(one => one.ToString("0.0", CultureInfo.InvariantCulture))),
            all.Zip(received).Max(one => Math.Abs(one.First.Share - one.Second))
        );
    }

    // In turn, so that both meet the same machine.
    private static Figure Alone(BenchPlace place, string kind)
    {
        var with = new List<double>();
        var without = new List<double>();
        for (int round = 0; round < 3; round++)
        {
            foreach (
                (List<double> rates, bool isArbitrated) in ((List<double>, bool)[])[(without, false), (with, true)]
            )
            {
                SharingProgram one = SharingProgram.Run(
                    place,
                    $"50:{kind}",
                    isArbitrated,
                    AloneSeconds,
                    out long start
                )[0];
                rates.Add(one.Blocks(start, start + (long)(AloneSeconds * 1e9)) / AloneSeconds);
            }
        }
        with.Sort();
        without.Sort();
        return new(
            Section,
            $"alone with a share of 50 %, {kind} kernels",
            with[1],
            "blocks/s",
            "the same without the arbiter",
            without[1],
            new(TargetKind.RatioAtLeast, 0.95)
        );
    }

    private static double MedianReturn(BenchPlace place)
    {
        const double LentSeconds = 1;
        var times = new List<double>();
        for (int round = 0; round < Returns; round++)
        {
            List<SharingProgram> all = SharingProgram.Run(
                place,
                $"50:long 50:short:{LentSeconds.ToString(CultureInfo.InvariantCulture)}",
                true,
                LentSeconds + 1,
                out long start
            );
            long back = start + (long)(LentSeconds * 1e9);
            long reached = all[1]
                .Times.FirstOrDefault(
                    time =>
                        all[1].Blocks(back, time) >= 0.45 * all.Sum(one => one.Blocks(back, time))
                        && all[1].Blocks(back, time) > 0,
                    back + 1_000_000_000
                );
            times.Add((reached - back) / 1e6);
        }
        times.Sort();
        return times[times.Count / 2];
    }
}
