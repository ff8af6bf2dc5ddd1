using System.Diagnostics;

namespace Weir.Cli.Demo;

/// <summary>A program that has run to its end.</summary>
/// <param name="ExitCode">Its exit code; 128 + signal number when a signal ended it.</param>
/// <param name="Output">What it wrote to stdout.</param>
/// <param name="Errors">What it wrote to stderr.</param>
/// <param name="Elapsed">Wall time from start to exit.</param>
/// <param name="Session">What Weir counted, for clients that opened a session.</param>
internal sealed record ProgramRun(
    int ExitCode,
    string Output,
    string Errors,
    TimeSpan Elapsed,
    SessionFigures? Session = null
)
{
    /// <summary>Runs a program with its stdin closed; null when it is not installed.</summary>
    public static ProgramRun? Start(string program, IEnumerable<string> arguments, string? workingDirectory = null)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = workingDirectory ?? "",
        };
        var watch = Stopwatch.StartNew();
        Process process;
        try
        {
            process = Process.Start(start)!;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return null;
        }
        using (process)
        {
            process.StandardInput.Close();
            Task<string> errors = process.StandardError.ReadToEndAsync();
            string output = process.StandardOutput.ReadToEnd();
            process.WaitForExit();
            return new ProgramRun(process.ExitCode, output, errors.Result, watch.Elapsed);
        }
    }
}
