namespace Weir.Cli.Demo;

/// <summary>Runs programs as `weir run` does and reads back what their sessions counted.</summary>
internal sealed class ClientProgram(Artifacts artifacts, string device, string folder)
{
    /// <summary>Where programs, videos and pictures of the demo lie.</summary>
    public string Folder => folder;

    /// <summary>Runs a program with Weir's device in front of it; null when the program is not installed.</summary>
    public ProgramRun? Run(string program, params IEnumerable<string> arguments)
    {
        string report = Path.Combine(folder, "sessions.jsonl");
        File.Delete(report);
        string[] launch = ["--launch", "--device", device, "--report", report, "--", program];
        if (ProgramRun.Start(artifacts.Worker, launch.Concat(arguments)) is not { } run)
        {
            return new ProgramRun(ExitCodes.CannotStart, "", $"{artifacts.Worker} is missing", TimeSpan.Zero);
        }
        return run.ExitCode == ExitCodes.NotFound ? null : run with { Session = SessionFigures.Read(report) };
    }
}
