using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;

namespace Weir.Cli.Bench;

/// <summary>A device on another node, beside what a bare SslStream does between two processes over the same link.</summary>
internal static class RemoteBench
{
    public const string Section = "remote";

    private const int Steps = 40;
    private const int Frames = 120;
    private static readonly double[] s_latencies = [0, 0.1, 1, 5];

    public static IEnumerable<Figure> Run(BenchPlace place)
    {
        NativeProgram program = NativeProgram.Build(place, "remote");
        using (var node = new LoneNode(place, "127.0.0.1:0"))
        {
            // The yardstick before and after: the machine may have become busier.
            Dictionary<string, double> before = Bare(place, []);
            Dictionary<string, double> weir = program.RunUnderWeir(place, ["--lease", node.Ticket]);
            Dictionary<string, double> after = Bare(place, []);
            double Yardstick(string name) => (before[name] + after[name]) / 2;
            yield return new(
                Section,
                "synchronous call, TCP with TLS, loopback",
                weir["call_us"],
                "us",
                "bare SslStream ping-pong",
                Yardstick("pingpong_us"),
                new(TargetKind.RatioAtMost, 1.25)
            );
            foreach (string direction in (string[])["up", "down"])
            {
                foreach (string kind in (string[])["pinned", "pageable"])
                {
                    yield return new(
                        Section,
                        $"copy {(direction == "up" ? "to" : "from")} the device, {kind}, 64 MiB",
                        weir[$"{kind}_{direction}_GBs"],
                        "GB/s",
                        "bare SslStream",
                        Yardstick($"bulk_{direction}_GBs"),
                        new(TargetKind.RatioAtLeast, 0.9)
                    );
                }
            }
            yield return new(
                Section,
                "posted empty launch, one of 20,000, with the final synchronise",
                weir["launch_ns"],
                "ns",
                "",
                null,
                Target.None
            );
            foreach (double latency in s_latencies)
            {
                foreach (Figure figure in Delayed(place, program, node, latency))
                {
                    yield return figure;
                }
            }
        }
        foreach (Figure figure in Shaped(place, program))
        {
            yield return figure;
        }
    }

    private static IEnumerable<Figure> Delayed(BenchPlace place, NativeProgram program, LoneNode node, double latency)
    {
        using var proxy = new DelayingProxy(node.Address, TimeSpan.FromMilliseconds(latency));
        string ticket = latency == 0 ? node.Ticket : node.TicketThrough(proxy.Address);
        string added = latency.ToString("0.#", CultureInfo.InvariantCulture);
        (double one, double few) = Measured(place, ticket, [program.Path, "steps", "0"], out _);
        (double trips, double seconds) = Measured(
            place,
            ticket,
            [program.Path, "steps", $"{Steps}"],
            out string output
        );
        double step = double.Parse(output.Split(' ')[1], CultureInfo.InvariantCulture);
        yield return new(
            Section,
            $"training-like step at +{added} ms (64 KiB up, 200 launches, wait, read back): "
                + $"{Number((trips - one) / Steps)} round trips",
            step / 1e3,
            "ms",
            "",
            null,
            Target.None
        );
        string[] video =
        [
            "ffmpeg",
            "-v",
            "error",
            "-nostdin",
            "-init_hw_device",
            "cuda=c",
            "-f",
            "lavfi",
            "-i",
            "testsrc2=size=640x360:rate=30",
            "-vf",
            "format=yuv420p,hwupload_cuda,scale_cuda=320:180,hwdownload,format=yuv420p",
            "-f",
            "null",
        ];
        (one, few) = Measured(place, ticket, [.. video, "-frames:v", "1", "-"], out _);
        (trips, seconds) = Measured(place, ticket, [.. video, "-frames:v", $"{Frames + 1}", "-"], out _);
        yield return new(
            Section,
            $"ffmpeg upload, scale_cuda, download, 640x360, at +{added} ms: {Number((trips - one) / Frames)} round trips per frame",
            Frames / (seconds - few),
            "frames/s",
            "",
            null,
            Target.None
        );
    }

    private static IEnumerable<Figure> Shaped(BenchPlace place, NativeProgram program)
    {
        using ShapedLink? link = ShapedLink.TryCreate(out string reason);
        if (link is null)
        {
            Console.Error.WriteLine(
                $"weir bench: {Section}: no link of 1 Gbit/s, which needs network namespaces: {reason}"
            );
            yield break;
        }
        double? iperf = ShapedLink.Iperf();
        Dictionary<string, double> bare = Bare(place, ShapedLink.OnFar, ShapedLink.FarAddress, ShapedLink.OnNear);
        using var node = new LoneNode(place, $"{ShapedLink.FarAddress}:0", ShapedLink.OnFar);
        string[] line = [.. ShapedLink.OnNear, place.Worker, "--launch", "--lease", node.Ticket, "--", program.Path];
        Dictionary<string, double> weir = NativeProgram.Figures(line[0], line[1..]);
        foreach (string direction in (string[])["up", "down"])
        {
            yield return new(
                Section,
                $"copy {(direction == "up" ? "to" : "from")} the device, pinned, over 1 Gbit/s",
                weir[$"pinned_{direction}_GBs"],
                "GB/s",
                iperf is null ? "bare SslStream (iperf3 is not installed)" : "iperf3",
                iperf ?? bare[$"bulk_{direction}_GBs"],
                new(TargetKind.RatioAtLeast, 0.9)
            );
        }
    }

    private static Dictionary<string, double> Bare(
        BenchPlace place,
        string[] prefix,
        string host = "127.0.0.1",
        string[]? client = null
    )
    {
        string[] line = [.. prefix, place.Worker, "--measure", "bare-tls", $"{host}:0", .. client ?? []];
        return NativeProgram.Figures(line[0], line[1..]);
    }

    // Round trips and seconds of one run.
    private static (double Trips, double Seconds) Measured(
        BenchPlace place,
        string ticket,
        string[] program,
        out string output
    )
    {
        string report = Path.Combine(place.Work, $"relay-{Guid.NewGuid():N}");
        long start = Stopwatch.GetTimestamp();
        (int code, output, string error) = NativeProgram.Execute(
            place.Worker,
            ["--launch", "--lease", ticket, "--", .. program],
            new Dictionary<string, string> { ["WEIR_RELAY_REPORT"] = report }
        );
        double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        if (code != 0)
        {
            throw new BenchException($"{program[0]} ended with code {code}:\n{error}");
        }
        for (int attempt = 0; attempt < 500; attempt++)
        {
            if (File.Exists(report) && File.ReadAllText(report) is { } text && text.EndsWith('\n'))
            {
                File.Delete(report);
                return (JsonNode.Parse(text)!["roundTrips"]!.GetValue<double>(), seconds);
            }
            Thread.Sleep(10);
        }
        throw new BenchException("the relay reported nothing");
    }

    private static string Number(double value) => value.ToString("0.##", CultureInfo.InvariantCulture);
}
