using System.ComponentModel;
using System.Diagnostics;

namespace Weir.Cli;

/// <summary>A program that was run to its end, with what it printed.</summary>
internal sealed record ToolRun(int ExitCode, string Output, string Errors)
{
    /// <summary>What to tell a person when it failed: its last words, else its exit code.</summary>
    public string Problem =>
        Errors.Split('\n', StringSplitOptions.RemoveEmptyEntries).LastOrDefault() ?? $"exit code {ExitCode}";

    /// <summary>
    /// Runs a program; exit code 127 when it is not there, 124 when it was ended after <paramref name="seconds"/>.
    /// </summary>
    public static ToolRun Start(string program, IEnumerable<string> arguments, int seconds = 30)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
        };
        try
        {
            using Process process = Process.Start(start)!;
            process.StandardInput.Close();
            Task<string> output = process.StandardOutput.ReadToEndAsync();
            Task<string> errors = process.StandardError.ReadToEndAsync();
            if (!process.WaitForExit(TimeSpan.FromSeconds(seconds)))
            {
                process.Kill(entireProcessTree: true);
                return new ToolRun(124, "", $"no answer within {seconds} s");
            }
            return new ToolRun(process.ExitCode, output.Result, errors.Result);
        }
        catch (Win32Exception failure)
        {
            return new ToolRun(ExitCodes.NotFound, "", failure.Message);
        }
    }
}
