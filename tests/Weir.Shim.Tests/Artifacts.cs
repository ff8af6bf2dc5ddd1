using System.Diagnostics;

namespace Weir.Shim.Tests;

/// <summary>The published parts, and how programs are run with them.</summary>
internal static class Artifacts
{
    /// <summary>The checkout.</summary>
    public static string Root { get; } = FindRoot();

    public static string Folder { get; } =
        Environment.GetEnvironmentVariable("WEIR_ARTIFACTS") ?? Path.Combine(Root, "artifacts");

    public static string Shim => Path.Combine(Folder, "shim");

    public static string Library => Path.Combine(Shim, "libweir.so");

    public static string Worker => Path.Combine(Folder, "bin", "weir-worker");

    private static string Clients => Path.Combine(Root, "tests", "Weir.Shim.Tests", "clients");

    /// <summary>Path of a file beside the clients' sources.</summary>
    public static string Client(string name) => Path.Combine(Clients, name);

    /// <summary>Compiles a client and runs it, with a broker (<paramref name="attached"/>) or with the library alone.</summary>
    public static (int ExitCode, string Output, string Errors) RunClient(
        string name,
        bool attached,
        params string[] arguments
    )
    {
        string folder = Directory.CreateTempSubdirectory("weir-shim-").FullName;
        try
        {
            string program = Path.Combine(folder, name);
            var compiled = Run(
                "gcc",
                ["-O1", "-Wall", "-Wextra", "-Werror", Client(name + ".c"), "-o", program, "-ldl", "-lpthread"]
            );
            Assert.True(compiled.ExitCode == 0, compiled.Errors);
            return attached ? RunAttached(program, arguments) : Run(program, arguments);
        }
        finally
        {
            Directory.Delete(folder, true);
        }
    }

    /// <summary>Runs any program as `weir run` does.</summary>
    public static (int ExitCode, string Output, string Errors) RunAttached(string program, params string[] arguments) =>
        Run(Worker, ["--launch", "--device", "software", "--", program, .. arguments]);

    /// <summary>Runs a program to its end; one that does not end in time is killed and fails the test.</summary>
    public static (int ExitCode, string Output, string Errors) Run(string program, IEnumerable<string> arguments)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["LD_LIBRARY_PATH"] = Shim;
        start.Environment["WEIR_SOCKET"] = null;
        start.Environment["XDG_STATE_HOME"] = Path.Combine(Root, "artifacts", "shim-tests", "state");
        start.Environment["XDG_CACHE_HOME"] = Path.Combine(Root, "artifacts", "shim-tests", "cache");
        using Process process = Process.Start(start)!;
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        Task<string> errors = process.StandardError.ReadToEndAsync();
        if (!process.WaitForExit(TimeSpan.FromMinutes(4)))
        {
            process.Kill(true);
            Assert.Fail($"{program} did not end");
        }
        return (process.ExitCode, output.Result, errors.Result);
    }

    private static string FindRoot()
    {
        string? folder = AppContext.BaseDirectory;
        while (folder is not null && !File.Exists(Path.Combine(folder, "Weir.slnx")))
        {
            folder = Path.GetDirectoryName(folder);
        }
        return folder ?? throw new InvalidOperationException("these tests run from a checkout of Weir");
    }
}
