using System.Diagnostics;

namespace Weir.Api.Tests;

/// <summary>Compiles C with the machine's gcc.</summary>
internal static class Compiler
{
    public static string Source(string name) => Path.Combine(AppContext.BaseDirectory, name);

    public static void Compile(string source, string output, params string[] options) =>
        Run("gcc", [.. options, "-o", output, source]);

    public static string Run(string program, params string[] arguments)
    {
        using Process process = Process.Start(
            new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true }
        )!;
        string output = process.StandardOutput.ReadToEnd();
        string errors = process.StandardError.ReadToEnd();
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, $"{program} ended with {process.ExitCode}: {errors}");
        return output;
    }
}
