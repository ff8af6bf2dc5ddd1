namespace Weir.Cli.Bench;

/// <summary>Calls, posts, copies and the start of a program, beside what two processes can do at best.</summary>
internal static class CallBench
{
    public const string Section = "calls";

    public static IEnumerable<Figure> Run(BenchPlace place)
    {
        NativeProgram calls = NativeProgram.Build(place, "calls");
        Dictionary<string, double> weir = calls.RunUnderWeir(place, []);
        double device = EmptyLaunch(place);

        yield return new(
            Section,
            "synchronous call, in close sequence",
            weir["call_ns"],
            "ns",
            "cache-line ping-pong of two processes",
            weir["pingpong_ns"],
            new(TargetKind.RatioAtMost, 3)
        );
        yield return new(
            Section,
            "synchronous call after 10 ms of silence",
            weir["call_silent_ns"],
            "ns",
            "futex ping-pong after 10 ms of silence",
            weir["futex_ns"],
            new(TargetKind.RatioAtMost, 3)
        );
        yield return new(
            Section,
            "posted empty launch, one of a million, with the final synchronise",
            weir["launch_ns"],
            "ns",
            "the device's own empty launch",
            device,
            new(TargetKind.DifferenceAtMost, 250)
        );
        foreach ((string kind, string what, double bound) in Copies)
        {
            yield return new(
                Section,
                what,
                weir[kind + "_GBs"],
                "GB/s",
                "memcpy in the client",
                weir["memcpy_GBs"],
                new(TargetKind.RatioAtLeast, bound)
            );
        }
        foreach (Figure figure in Start(place, calls))
        {
            yield return figure;
        }
    }

    private static readonly (string Kind, string What, double Bound)[] Copies =
    [
        ("pinned_up", "copy to the device, pinned, 64 MiB", 0.9),
        ("pinned_down", "copy from the device, pinned, 64 MiB", 0.9),
        ("pageable_up", "copy to the device, pageable, 64 MiB", 0.6),
        ("pageable_down", "copy from the device, pageable, 64 MiB", 0.6),
    ];

    private static IEnumerable<Figure> Start(BenchPlace place, NativeProgram calls)
    {
        yield return new(
            Section,
            "program start to first completed call, prewarmed worker",
            MedianFirstCall(place, calls, ["--prewarm", "1"]),
            "ms",
            "",
            null,
            new(TargetKind.AtMost, 20)
        );
        yield return new(
            Section,
            "program start to first completed call, cold",
            MedianFirstCall(place, calls, ["--prewarm", "0"]),
            "ms",
            "",
            null,
            new(TargetKind.AtMost, 150)
        );
    }

    private static double MedianFirstCall(BenchPlace place, NativeProgram calls, string[] options)
    {
        double[] samples =
        [
            .. Enumerable.Range(0, 9).Select(_ => calls.RunUnderWeir(place, options, "first")["first_call_ms"]).Order(),
        ];
        return samples[samples.Length / 2];
    }

    // The worker times its own device, in the very process image that serves clients.
    private static double EmptyLaunch(BenchPlace place)
    {
        (int code, string output, string error) = NativeProgram.Execute(
            place.Worker,
            ["--measure", "empty-launch"],
            null
        );
        return
            code == 0
            && double.TryParse(output.Trim(), System.Globalization.CultureInfo.InvariantCulture, out double ns)
            ? ns
            : throw new BenchException($"the worker could not time its device:\n{error}");
    }
}
