using System.Diagnostics;
using System.Globalization;
using System.Text.Json;

namespace Weir.Cli.Run;

/// <summary>
/// `weir run --check` and `--profile`: the launcher runs beside this process, which tells afterwards what workers saw. Each session is a line
/// of JSON; an empty object says that no other will come.
/// </summary>
internal static class ObservedRun
{
    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(2);

    /// <summary>Runs the program; its exit code, or 1 when the check found something and the program did not.</summary>
    /// <param name="worker">The launcher.</param>
    /// <param name="arguments">Its arguments up to the program, without what is added here.</param>
    /// <param name="program">The program and its arguments.</param>
    /// <param name="check">Check or profile.</param>
    /// <param name="trace">Where a profile's trace goes.</param>
    public static int Run(
        string worker,
        IEnumerable<string> arguments,
        IEnumerable<string> program,
        bool check,
        string trace
    )
    {
        string file = Path.GetTempFileName();
        try
        {
            string[] own = ["--observe", check ? "check" : "profile", "--observations", file, "--"];
            var start = new ProcessStartInfo(worker, [.. arguments, .. own, .. program]);
            // Ctrl+C is the program's: what it leaves is told all the same.
            Console.CancelKeyPress += (_, key) => key.Cancel = true;
            using Process process = Process.Start(start)!;
            process.WaitForExit();
            if (process.ExitCode is ExitCodes.Usage or >= ExitCodes.CannotStart and <= ExitCodes.NotFound)
            {
                return process.ExitCode;
            }
            if (Read(file) is not { } sessions)
            {
                Console.Error.WriteLine("weir: the workers did not say what they saw; was one of them killed?");
                return ExitCodes.Failure;
            }
            try
            {
                if (!check)
                {
                    ProfileReport.Write(sessions, trace, Console.Error);
                    return process.ExitCode;
                }
                bool isClean = CheckReport.Write(sessions, Console.Error);
                return isClean || process.ExitCode != 0 ? process.ExitCode : ExitCodes.Failure;
            }
            finally
            {
                sessions.ForEach(session => session.Dispose());
            }
        }
        finally
        {
            File.Delete(file);
        }
    }

    // What sessions left, once the broker has said that all of them have ended; null when it does not say so.
    private static List<JsonDocument>? Read(string file)
    {
        long start = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(start) < s_patience)
        {
            using (var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite))
            using (var reader = new StreamReader(stream))
            {
                string text = reader.ReadToEnd();
                if (text.EndsWith("{}\n", StringComparison.Ordinal))
                {
                    return
                    [
                        .. text.Split('\n', StringSplitOptions.RemoveEmptyEntries)
                            .Where(line => line != "{}")
                            .Select(line => JsonDocument.Parse(line)),
                    ];
                }
            }
            Thread.Sleep(10);
        }
        return null;
    }

    /// <summary>A number as people read it.</summary>
    internal static string Number(double value, string format = "0.##") =>
        value.ToString(format, CultureInfo.InvariantCulture);
}
