using System.Diagnostics;
using System.Text;

namespace Weir.EndToEnd;

/// <summary>A program that has ended.</summary>
internal sealed record ProgramRun(int ExitCode, byte[] Output, string Errors)
{
    public string Text => Encoding.UTF8.GetString(Output);

    private static readonly TimeSpan s_usualLimit = TimeSpan.FromMinutes(2);

    /// <summary>
    /// Runs a program to its end; one that does not end within <paramref name="limit"/> (two minutes) is killed and fails the test.
    /// </summary>
    public static ProgramRun Start(
        string program,
        IEnumerable<string> arguments,
        byte[]? input = null,
        IReadOnlyDictionary<string, string?>? environment = null,
        string? workingDirectory = null,
        TimeSpan? limit = null
    )
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = workingDirectory ?? "",
        };
        foreach ((string name, string? value) in environment ?? new Dictionary<string, string?>())
        {
            start.Environment[name] = value;
        }
        using Process process = Process.Start(start)!;
        Task<string> errors = process.StandardError.ReadToEndAsync();
        var output = new MemoryStream();
        Task reading = process.StandardOutput.BaseStream.CopyToAsync(output);
        Task writing = Task.Run(() => Feed(process, input ?? []));
        bool ended = process.WaitForExit(limit ?? s_usualLimit);
        if (!ended)
        {
            process.Kill(entireProcessTree: true);
        }
        Assert.True(
            Task.WaitAll([errors, reading, writing], TimeSpan.FromSeconds(20)),
            $"{program} left its pipes open"
        );
        Assert.True(ended, $"{program} did not end; it said: {errors.Result}");
        return new ProgramRun(process.ExitCode, output.ToArray(), errors.Result);
    }

    private static void Feed(Process process, byte[] input)
    {
        try
        {
            process.StandardInput.BaseStream.Write(input);
            process.StandardInput.Close();
        }
        catch (IOException)
        {
            // The program ended without reading all; its exit code tells.
        }
    }

    /// <summary>Fails the test with what the program said when it did not end with 0.</summary>
    public ProgramRun Succeeded()
    {
        Assert.True(ExitCode == 0, $"exit code {ExitCode}: {Errors}{Text}");
        return this;
    }
}
