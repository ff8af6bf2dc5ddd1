using System.Diagnostics;

namespace Weir.Agent.Tests.Support;

/// <summary>A program that runs to its end.</summary>
internal static class ToolRun
{
    /// <summary>Exit code, and both outputs together.</summary>
    public static (int Code, string Output) Run(string program, IEnumerable<string> arguments)
    {
        using Process process = Start(program, arguments);
        Task<string> errors = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output + errors.Result);
    }

    /// <summary>Starts it, with its streams redirected and state of its own.</summary>
    public static Process Start(string program, IEnumerable<string> arguments)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
        };
        start.Environment["XDG_STATE_HOME"] = Path.Combine(AppContext.BaseDirectory, "state");
        Process process = Process.Start(start)!;
        process.StandardInput.Close();
        return process;
    }
}
