namespace Weir.Cli.Demo;

/// <summary>One line of the demo's table.</summary>
/// <param name="Program">What ran.</param>
/// <param name="Session">What Weir counted; null when the program opened no session.</param>
/// <param name="Elapsed">The program's wall time, from start to exit.</param>
/// <param name="Check">What was compared with what, and how it came out.</param>
/// <param name="Passed">Did it end with 0, and does the result agree with the reference?</param>
/// <param name="Trouble">What went wrong, with what the program said; null when nothing did.</param>
internal sealed record DemoOutcome(
    string Program,
    SessionFigures? Session,
    TimeSpan Elapsed,
    string Check,
    bool Passed,
    string? Trouble
)
{
    /// <summary>A program that could not run at all.</summary>
    public static DemoOutcome NotRun(string program, string reason) =>
        new(program, null, TimeSpan.Zero, "not run", false, reason);

    /// <summary>A program that ran and ended badly.</summary>
    public static DemoOutcome Failed(string program, ProgramRun run) =>
        new(
            program,
            run.Session,
            run.Elapsed,
            $"exit code {run.ExitCode}",
            false,
            string.Join('\n', run.Errors.Split('\n', StringSplitOptions.RemoveEmptyEntries).TakeLast(8))
        );
}
