namespace Weir.Cli.Demo;

/// <summary>One of the C programs in `samples/`, which check their results themselves.</summary>
internal static class SampleProgram
{
    /// <summary>saxpy, a tiled matrix product (shared memory, barriers), a reduction (shuffles).</summary>
    public static readonly string[] Names = ["saxpy", "gemm", "reduce"];

    public static DemoOutcome Run(string name, ClientProgram client)
    {
        string source = Path.Combine(AppContext.BaseDirectory, "samples", name + ".c");
        string program = Path.Combine(client.Folder, name);
        switch (ProgramRun.Start("gcc", ["-O2", source, "-o", program, "-ldl", "-lm"]))
        {
            case null:
                return DemoOutcome.NotRun(name, "gcc is not installed");
            case { ExitCode: not 0 } failed:
                return DemoOutcome.NotRun(name, $"gcc failed: {failed.Errors}");
        }
        ProgramRun run = client.Run(program)!;
        return run.ExitCode == 0
            ? new DemoOutcome(name, run.Session, run.Elapsed, "equal to the CPU's, bit for bit", true, null)
            : DemoOutcome.Failed(name, run with { Errors = run.Errors + run.Output });
    }
}
