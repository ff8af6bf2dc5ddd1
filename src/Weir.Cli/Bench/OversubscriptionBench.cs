using System.Diagnostics;
using System.Globalization;

namespace Weir.Cli.Bench;

/// <summary>Memory that is promised more often than the device has it: what that costs, and how many bytes really move.</summary>
internal static class OversubscriptionBench
{
    private const string Section = SessionBench.Section;

    private const int DeviceMiB = 256;
    private const int SessionMiB = 230; // twice that is 1.8 times the device
    private const int Rounds = 3;
    private const double PhaseSeconds = 1.5;
    private const int Iterations = 16;
    private const int IdleSessions = 50;
    private const int IdleSessionMiB = 20;

    public static IEnumerable<Figure> Run(BenchPlace place)
    {
        NativeProgram native = NativeProgram.Build(place, "oversubscribe");
        // Compiles the kernels, and says how many passes take as long as a busy phase shall.
        PagingProgram probe = One(place, native, [], SessionMiB, 4, 8, 1, 0);
        probe = One(place, native, [], SessionMiB, 4, 8, 1, 0);
        int passes = Math.Max(1, (int)(8 * PhaseSeconds / probe.BusySeconds));
        yield return Together(place, native, passes);
        yield return Alone(place, native);
        yield return Idle(place, native);
    }

    private static Figure Together(BenchPlace place, NativeProgram native, int passes)
    {
        int idleMs = (int)(PhaseSeconds * 1000);
        double apart = 0;
        for (int one = 0; one < 2; one++)
        {
            apart += One(place, native, [], SessionMiB, 4, passes, Rounds, idleMs).ElapsedSeconds;
        }
        // The second begins when the first has half of its first phase behind it, as programs do that know nothing of each other.
        List<PagingProgram> both = Many(place, native, 2, SessionMiB, 4, passes, Rounds, idleMs, PhaseSeconds / 2);
        double together = (both.Max(one => one.EndNs) - both.Min(one => one.BeginNs)) / 1e9;
        return new Figure(
            Section,
            $"two sessions of 0.9 of the device, each busy half of the time, beside each other; {Moved(both)}",
            together,
            "s",
            "one after the other",
            apart,
            new Target(TargetKind.SpeedupAtLeast, 1.5)
        );
    }

    private static Figure Alone(BenchPlace place, NativeProgram native)
    {
        const int MiB = 2 * DeviceMiB;
        PagingProgram enough = One(place, native, ["--mem", $"{MiB + 64}MiB"], MiB, 8, 24, 2, 0);
        PagingProgram half = One(
            place,
            native,
            ["--mem", $"{MiB + 64}MiB", "--arena", $"{DeviceMiB}MiB"],
            MiB,
            8,
            24,
            2,
            0
        );
        return new Figure(
            Section,
            $"a program with twice the device's memory, 24 kernels on an eighth of it, then the next; {Moved([half])}",
            half.BusySeconds,
            "s",
            "with memory enough",
            enough.BusySeconds,
            new Target(TargetKind.SpeedupAtLeast, 0.5)
        );
    }

    private static Figure Idle(BenchPlace place, NativeProgram native)
    {
        List<PagingProgram> all = Many(place, native, IdleSessions, IdleSessionMiB, 1, 1, 3, 5000, 0.1);
        double longest = all.Max(one => one.LongestRoundSeconds) * 1000;
        return new Figure(
            Section,
            $"{IdleSessions} mostly idle sessions with {IdleSessions * IdleSessionMiB / (double)DeviceMiB:0.0} times the device's memory: longest wait for an answer; {Moved(all)}",
            longest,
            "ms",
            "",
            null,
            Target.None
        );
    }

    private static string Moved(List<PagingProgram> programs) =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"{programs.Sum(one => one.PagedOutBytes) / 1e9:0.0} GB moved off, {programs.Sum(one => one.PagedInBytes) / 1e9:0.0} GB back"
        );

    private static PagingProgram One(
        BenchPlace place,
        NativeProgram native,
        string[] options,
        int mib,
        int parts,
        int passes,
        int rounds,
        int idleMs
    ) =>
        PagingProgram.Run(
            place,
            native,
            options,
            [$"{mib}", $"{parts}", $"{passes}", $"{Iterations}", $"{rounds}", $"{idleMs}"],
            0,
            1
        );

    // Programs on one device that share its memory, each starting a while after the one before.
    private static List<PagingProgram> Many(
        BenchPlace place,
        NativeProgram native,
        int count,
        int mib,
        int parts,
        int passes,
        int rounds,
        int idleMs,
        double apartSeconds
    )
    {
        string page = Path.Combine(place.Work, $"paging-page-{Environment.ProcessId}");
        File.Delete(page);
        long start =
            Stopwatch.GetTimestamp() * (1_000_000_000 / Stopwatch.Frequency) + 3_000_000_000 + count * 200_000_000L;
        string[] options = ["--mem", $"{mib + 64}MiB", "--arena", $"{DeviceMiB}MiB", "--arbiter", page];
        Task<PagingProgram>[] all =
        [
            .. Enumerable
                .Range(0, count)
                .Select(number =>
                    Task.Factory.StartNew(
                        () =>
                            PagingProgram.Run(
                                place,
                                native,
                                options,
                                [$"{mib}", $"{parts}", $"{passes}", $"{Iterations}", $"{rounds}", $"{idleMs}"],
                                start + (long)(number * apartSeconds * 1e9),
                                number + 1
                            ),
                        TaskCreationOptions.LongRunning
                    )
                ),
        ];
        Task.WaitAll(all);
        File.Delete(page);
        return [.. all.Select(one => one.Result)];
    }
}
