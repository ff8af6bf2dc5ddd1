using System.Diagnostics;
using System.Globalization;

namespace Weir.Cli.Bench;

/// <summary>One program among several that run on the same device at the same time: what it was promised, and what it got done when.</summary>
internal sealed class SharingProgram
{
    // One block takes a few microseconds; a long kernel half a second and more on all cores.
    private const int Iterations = 400;
    private static readonly int s_longBlocks = 250_000 * Environment.ProcessorCount;

    private readonly List<(long TimeNs, long Blocks)> _samples = [];

    private SharingProgram(int share, string kind) => (Share, Kind) = (share, kind);

    /// <summary>Promised share, percent.</summary>
    public int Share { get; }

    /// <summary>Which kernels it launches: short, long, mixed (bench/native/share.c).</summary>
    public string Kind { get; }

    /// <summary>Runs programs "share:kind[:starts after seconds]", separated by blanks, from the same moment on.</summary>
    /// <param name="place">Where things are.</param>
    /// <param name="programs">The programs.</param>
    /// <param name="isArbitrated">They keep to their shares.</param>
    /// <param name="seconds">For how long.</param>
    /// <param name="startNs">When that began, nanoseconds of the monotonic clock.</param>
    public static List<SharingProgram> Run(
        BenchPlace place,
        string programs,
        bool isArbitrated,
        double seconds,
        out long startNs
    )
    {
        NativeProgram native = NativeProgram.Build(place, "share");
        string page = Path.Combine(place.Work, $"device-page-{Environment.ProcessId}");
        File.Delete(page);
        // Room for all of them to start.
        startNs = Stopwatch.GetTimestamp() * (1_000_000_000 / Stopwatch.Frequency) + 3_000_000_000;
        long start = startNs;
        (SharingProgram Program, Task<(int, string, string)> Run)[] all =
        [
            .. programs
                .Split(' ')
                .Select(word =>
                {
                    string[] parts = word.Split(':');
                    double late = parts.Length > 2 ? double.Parse(parts[2], CultureInfo.InvariantCulture) : 0;
                    string[] options = isArbitrated ? ["--share", parts[0], "--arbiter", page] : [];
                    string[] arguments =
                    [
                        parts[1],
                        $"{s_longBlocks}",
                        $"{Iterations}",
                        $"{start + (long)(late * 1e9)}",
                        (seconds - late).ToString(CultureInfo.InvariantCulture),
                    ];
                    return (
                        new SharingProgram(int.Parse(parts[0], CultureInfo.InvariantCulture), parts[1]),
                        Task.Factory.StartNew(
                            () =>
                                NativeProgram.Execute(
                                    place.Worker,
                                    ["--launch", "--device", "software", .. options, "--", native.Path, .. arguments],
                                    null
                                ),
                            TaskCreationOptions.LongRunning
                        )
                    );
                }),
        ];
        foreach ((SharingProgram program, Task<(int Code, string Output, string Error)> run) in all)
        {
            (int code, string output, string error) = run.Result;
            if (code != 0)
            {
                throw new BenchException($"share {program.Kind} ended with code {code}:\n{error}");
            }
            program.Read(output);
        }
        File.Delete(page);
        return [.. all.Select(one => one.Program)];
    }

    /// <summary>Blocks done between two moments.</summary>
    public long Blocks(long fromNs, long toNs) => At(toNs) - At(fromNs);

    /// <summary>Moments at which the count is known.</summary>
    public IEnumerable<long> Times => _samples.Select(sample => sample.TimeNs);

    private long At(long timeNs)
    {
        int after = _samples.FindIndex(sample => sample.TimeNs > timeNs);
        return after < 0 ? _samples[^1].Blocks
            : after == 0 ? 0
            : _samples[after - 1].Blocks;
    }

    private void Read(string output)
    {
        foreach (string line in output.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            string[] parts = line.Split(' ');
            _samples.Add(
                (long.Parse(parts[0], CultureInfo.InvariantCulture), long.Parse(parts[1], CultureInfo.InvariantCulture))
            );
        }
        if (_samples.Count == 0)
        {
            throw new BenchException($"share {Kind} said nothing: it started after its time, the machine is too busy");
        }
    }
}
