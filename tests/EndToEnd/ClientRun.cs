using System.Text.Json;

namespace Weir.EndToEnd;

/// <summary>Runs programs as `weir run` does, with the state that Weir keeps in a folder of the tests.</summary>
internal static class ClientRun
{
    /// <summary>Keeps the session summaries of tests apart from the user's; kernels stay in their cache between runs.</summary>
    public static readonly Dictionary<string, string?> Environment = new()
    {
        ["XDG_STATE_HOME"] = Path.Combine(WeirInstallation.Root, "artifacts", "end-to-end", "state"),
        ["XDG_CACHE_HOME"] = Path.Combine(WeirInstallation.Root, "artifacts", "end-to-end", "cache"),
        ["WEIR_RUN"] = SessionDeskClient.Run,
        ["WEIR_ARTIFACTS"] = WeirInstallation.Artifacts,
        ["WEIR_ROOT"] = WeirInstallation.Root,
    };

    /// <summary>Runs a program on the software device.</summary>
    public static ProgramRun Run(string program, params IEnumerable<string> arguments) => Run(null, program, arguments);

    /// <summary>The same for one that may take longer than usual.</summary>
    public static ProgramRun Run(TimeSpan? limit, string program, params IEnumerable<string> arguments) =>
        ProgramRun.Start(
            WeirInstallation.Worker,
            ["--launch", "--device", "software", "--", program, .. arguments],
            null,
            Environment,
            limit: limit
        );

    /// <summary>The same, and what its sessions reported (one object each), waiting until the first report is there.</summary>
    public static (ProgramRun Run, IReadOnlyList<JsonElement> Sessions) RunWithReport(
        string report,
        string program,
        params IEnumerable<string> arguments
    )
    {
        File.Delete(report);
        ProgramRun run = ProgramRun.Start(
            WeirInstallation.Worker,
            ["--launch", "--device", "software", "--report", report, "--", program, .. arguments],
            null,
            Environment
        );
        return (run, [.. WrittenFile.Lines(report).Select(line => JsonDocument.Parse(line).RootElement)]);
    }

    /// <summary>Runs the command line itself.</summary>
    public static ProgramRun Weir(params IEnumerable<string> arguments) =>
        ProgramRun.Start("dotnet", [WeirInstallation.Cli, .. arguments], null, Environment);

    /// <summary>Compiles a C program; <paramref name="source"/> is a path.</summary>
    public static string Compile(string source, string folder)
    {
        string program = Path.Combine(folder, Path.GetFileNameWithoutExtension(source));
        string[] libraries = Path.GetFileName(source).StartsWith("opencl", StringComparison.Ordinal)
            ? ["-lOpenCL"]
            : [];
        ProgramRun
            .Start(
                "gcc",
                ["-O2", "-Wall", "-Wextra", "-Werror", source, "-o", program, "-ldl", "-lm", "-lpthread", .. libraries]
            )
            .Succeeded();
        return program;
    }
}
