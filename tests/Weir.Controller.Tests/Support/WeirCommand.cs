using System.Diagnostics;

namespace Weir.Controller.Tests.Support;

/// <summary>The command `weir` as a process, speaking to a test's controller over its local socket.</summary>
internal static class WeirCommand
{
    /// <summary>Runs it to its end.</summary>
    public static Task<(int ExitCode, string Output, string Errors)> RunAsync(
        TestPool pool,
        params string[] arguments
    ) => RunAsync(pool.Folder.At("c.sock"), arguments);

    /// <summary>The same with a controller's socket, which need not be there.</summary>
    public static Task<(int ExitCode, string Output, string Errors)> RunAsync(string socket, string[] arguments) =>
        RunAsync(socket, null, arguments);

    /// <summary>The same with a controller's address and a token.</summary>
    public static async Task<(int ExitCode, string Output, string Errors)> RunAsync(
        string controller,
        string? token,
        string[] arguments
    )
    {
        var start = new ProcessStartInfo("dotnet", [Library, .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["WEIR_CONTROLLER"] = controller;
        start.Environment["WEIR_TOKEN"] = token ?? "";
        start.Environment["NO_COLOR"] = "1";
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync();
        string errors = await process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        return (process.ExitCode, await output, errors);
    }

    /// <summary>Its standard output; fails the test when it does not succeed.</summary>
    public static async Task<string> SaysAsync(TestPool pool, params string[] arguments)
    {
        var (exitCode, output, errors) = await RunAsync(pool, arguments);
        Assert.True(exitCode == 0, $"weir {string.Join(' ', arguments)}: {exitCode}: {errors}");
        return output;
    }

    /// <summary>Its standard error; fails the test when it succeeds.</summary>
    public static async Task<string> RefusesAsync(TestPool pool, params string[] arguments)
    {
        var (exitCode, _, errors) = await RunAsync(pool, arguments);
        Assert.NotEqual(0, exitCode);
        return errors;
    }

    private static string Library =>
        Path.Combine(
            ControllerProcess.Root,
            "src/Weir.Cli/bin",
            new DirectoryInfo(AppContext.BaseDirectory).Parent!.Name,
            "net10.0/linux-x64/weir.dll"
        );
}
