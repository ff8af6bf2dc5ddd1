using System.Globalization;

namespace Weir.Cli.Bench;

/// <summary>
/// Sessions that leave their device and come back, beside what memory, disk and loopback network of the machine do: how long it takes, how long the
/// program waits, and how many bytes really move.
/// </summary>
internal static class SessionBench
{
    public const string Section = "sessions";

    private const int SessionMiB = 512;
    private const int ChangedMiB = 16;
    private const int WrittenMiBPerSecond = 20;
    private const int Repeats = 5;

    public static IEnumerable<Figure> Run(BenchPlace place)
    {
        NativeProgram native = NativeProgram.Build(place, "session");
        Dictionary<string, double> machine = native.Run(["yardsticks", place.Work]);
        foreach ((string name, string what) in Yardsticks)
        {
            yield return new Figure(Section, what, machine[name], "GB/s", "", null, Target.None);
        }
        foreach (Figure figure in InMemory(place, native, machine["memcpy_GBs"]))
        {
            yield return figure;
        }
        foreach (Figure figure in Images(place, native, machine["disk_GBs"]))
        {
            yield return figure;
        }
        yield return Move(place, native);
        foreach (Figure figure in OversubscriptionBench.Run(place))
        {
            yield return figure;
        }
    }

    private static readonly (string Name, string What)[] Yardsticks =
    [
        ("memcpy_GBs", "yardstick: memcpy, one thread, 64 MiB"),
        ("disk_GBs", "yardstick: disk, 256 MiB written and synchronised"),
        ("loopback_GBs", "yardstick: TCP over the loopback device"),
    ];

    // Off the device into host memory and back.
    private static IEnumerable<Figure> InMemory(BenchPlace place, NativeProgram native, double memcpy)
    {
        double copy = SessionMiB * 1048576.0 / (memcpy * 1e6);
        using SessionProgram program = SessionProgram.Start(place, native, SessionMiB);
        _ = program.Say("touch", "touched");
        List<double> parks = [];
        List<double> resumes = [];
        List<double> calls = [];
        List<double> touches = [];
        List<double> attached = [];
        for (int round = 0; round < Repeats; round++)
        {
            touches.Add(program.Say("touch", "touched"));
            parks.Add(program.Do("park").Milliseconds);
            double resume = program.Do("resume").Milliseconds;
            resumes.Add(resume + program.Say("touch", "touched"));
            _ = program.Do("park");
            // Nobody resumes it: the call does, and waits for it.
            calls.Add(program.Say("call", "called"));
            attached.Add(calls[^1] + program.Say("touch", "touched"));
        }
        _ = program.Say("verify", "verified");
        yield return new Figure(
            Section,
            $"park: {SessionMiB} MiB off the device, into host memory",
            Median(parks),
            "ms",
            "its bytes ÷ memcpy",
            copy,
            new Target(TargetKind.DifferenceAtMost, 50)
        );
        yield return new Figure(
            Section,
            "resume, and one kernel over all of it",
            Median(resumes),
            "ms",
            "its bytes ÷ memcpy, and that kernel while all is there",
            copy + Median(touches),
            new Target(TargetKind.DifferenceAtMost, 50)
        );
        yield return new Figure(
            Section,
            "a call of a parked session brings it back: until its answer, before all memory is there",
            Median(calls),
            "ms",
            "until all memory is there and worked through",
            Median(attached),
            Target.None
        );
        yield return new Figure(
            Section,
            "the same, and one kernel over all of its memory",
            Median(attached),
            "ms",
            "its bytes ÷ memcpy, and that kernel while all is there",
            copy + Median(touches),
            new Target(TargetKind.DifferenceAtMost, 100)
        );
    }

    private static IEnumerable<Figure> Images(BenchPlace place, NativeProgram native, double disk)
    {
        double write = SessionMiB * 1048576.0 / (disk * 1e6);
        string folder = Path.Combine(place.Work, $"session-image-{Environment.ProcessId}");
        using SessionProgram program = SessionProgram.Start(place, native, SessionMiB);
        try
        {
            (double first, var report) = program.Do("snapshot", folder);
            yield return new Figure(
                Section,
                $"first snapshot of {MiB(report.Bytes)} MiB, on the disk",
                first,
                "ms",
                "its bytes ÷ disk",
                write,
                Target.None
            );
            _ = program.Say($"change {ChangedMiB}", "changed");
            (double second, report) = program.Do("snapshot", folder);
            yield return new Figure(
                Section,
                $"second snapshot, {ChangedMiB} MiB changed: MiB written",
                MiB(report.WrittenBytes),
                "MiB",
                "changed",
                ChangedMiB,
                new Target(TargetKind.RatioAtMost, 1.2)
            );
            yield return new Figure(
                Section,
                "second snapshot: time that calls waited",
                report.PauseMilliseconds,
                "ms",
                "first snapshot",
                first,
                Target.None
            );
            _ = program.Say("touch", "touched");
            (double park, report) = program.Do("park", folder);
            yield return new Figure(
                Section,
                $"park into an image, {MiB(report.WrittenBytes)} MiB changed",
                park,
                "ms",
                "its bytes ÷ disk",
                write,
                Target.None
            );
            double call = program.Say("call", "called");
            double all = call + program.Say("touch", "touched");
            yield return new Figure(
                Section,
                "first call of a session that is parked in an image: until its answer",
                call,
                "ms",
                "until all memory is there and worked through",
                all,
                Target.None
            );
            _ = program.Say("verify", "verified");
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static Figure Move(BenchPlace place, NativeProgram native)
    {
        using SessionProgram program = SessionProgram.Start(place, native, SessionMiB);
        List<double> pauses = [];
        for (int round = 0; round < 3; round++)
        {
            _ = program.Say(string.Create(CultureInfo.InvariantCulture, $"write {WrittenMiBPerSecond}"), "writing");
            _ = program.Do("move");
            pauses.Add(program.Say("stop", "longest"));
        }
        _ = program.Say("verify", "verified");
        return new Figure(
            Section,
            $"migration of {SessionMiB} MiB to another worker while {WrittenMiBPerSecond} MiB/s are written: longest wait of the program",
            Median(pauses),
            "ms",
            "",
            null,
            new Target(TargetKind.AtMost, 200)
        );
    }

    private static double Median(List<double> samples) => samples.Order().ElementAt(samples.Count / 2);

    private static double MiB(long bytes) => Math.Round(bytes / 1048576.0, 1);
}
