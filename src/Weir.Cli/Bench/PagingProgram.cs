using System.Globalization;
using System.Text.Json;

namespace Weir.Cli.Bench;

/// <summary>What a run of bench/native/oversubscribe.c said, and its session's report.</summary>
internal sealed class PagingProgram
{
    private readonly List<(long Begin, long End)> _rounds = [];

    private PagingProgram() { }

    /// <summary>When its first round began and its last one ended, nanoseconds of the monotonic clock.</summary>
    public long BeginNs => _rounds[0].Begin;

    /// <inheritdoc cref="BeginNs"/>
    public long EndNs => _rounds[^1].End;

    /// <summary>Time in rounds.</summary>
    public double BusySeconds => _rounds.Sum(round => (round.End - round.Begin) / 1e9);

    /// <summary>From the beginning of the first round to the end of the last, pauses included.</summary>
    public double ElapsedSeconds => (EndNs - BeginNs) / 1e9;

    /// <summary>The longest round.</summary>
    public double LongestRoundSeconds => _rounds.Max(round => (round.End - round.Begin) / 1e9);

    /// <summary>Bytes that the worker brought back to the device, and took off it.</summary>
    public long PagedInBytes { get; private set; }

    /// <inheritdoc cref="PagedInBytes"/>
    public long PagedOutBytes { get; private set; }

    /// <summary>Runs it on a software device; it verifies its memory itself.</summary>
    /// <param name="place">Where things are.</param>
    /// <param name="native">The program.</param>
    /// <param name="options">Of the launcher.</param>
    /// <param name="arguments">MIB PARTS PASSES ITERATIONS ROUNDS IDLE_MS.</param>
    /// <param name="startNs">When it begins, on the monotonic clock; 0: at once.</param>
    /// <param name="number">Tells it from others that run.</param>
    /// <exception cref="BenchException">It failed, or found in its memory what does not belong there.</exception>
    public static PagingProgram Run(
        BenchPlace place,
        NativeProgram native,
        string[] options,
        string[] arguments,
        long startNs,
        int number
    )
    {
        string report = Path.Combine(place.Work, $"paging-report-{Environment.ProcessId}-{number}");
        File.Delete(report);
        (int code, string output, string error) = NativeProgram.Execute(
            place.Worker,
            [
                "--launch",
                "--device",
                "software",
                "--prewarm",
                "0",
                "--report",
                report,
                .. options,
                "--",
                native.Path,
                .. arguments,
                $"{startNs}",
                $"{number}0000000",
            ],
            null
        );
        if (code != 0)
        {
            throw new BenchException($"oversubscribe ended with code {code}:\n{error}");
        }
        PagingProgram run = new();
        foreach (
            string[] words in output.Split('\n').Select(line => line.Split(' ')).Where(words => words[0] == "round")
        )
        {
            run._rounds.Add(
                (long.Parse(words[1], CultureInfo.InvariantCulture), long.Parse(words[2], CultureInfo.InvariantCulture))
            );
        }
        run.ReadReport(report);
        return run;
    }

    // The worker writes its line when the program has gone.
    private void ReadReport(string report)
    {
        DateTime limit = DateTime.UtcNow.AddSeconds(30);
        string text = "";
        while (!text.EndsWith('\n'))
        {
            if (DateTime.UtcNow > limit)
            {
                throw new BenchException("a session left no report");
            }
            Thread.Sleep(20);
            text = File.Exists(report) ? File.ReadAllText(report) : "";
        }
        using JsonDocument summary = JsonDocument.Parse(text.Split('\n')[0]);
        PagedInBytes = summary.RootElement.GetProperty("pagedInBytes").GetInt64();
        PagedOutBytes = summary.RootElement.GetProperty("pagedOutBytes").GetInt64();
        File.Delete(report);
    }
}
