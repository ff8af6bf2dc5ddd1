using System.Diagnostics;
using System.Globalization;

namespace Weir.Cli.Bench;

/// <summary>
/// One of the C programs of bench/native: what is measured is measured in a plain client, without a managed runtime
/// beside it.
/// </summary>
internal sealed class NativeProgram
{
    private readonly string _executable;

    private NativeProgram(string executable) => _executable = executable;

    /// <summary>Path of the compiled program.</summary>
    public string Path => _executable;

    /// <summary>Compiles bench/native/<paramref name="name"/>.c when it is newer than the program.</summary>
    /// <exception cref="BenchException">The compiler refused it, or is not there.</exception>
    public static NativeProgram Build(BenchPlace place, string name, params string[] libraries)
    {
        string source = System.IO.Path.Combine(place.Sources, "native", name + ".c");
        string executable = System.IO.Path.Combine(place.Work, name);
        DateTime newest = Directory
            .EnumerateFiles(System.IO.Path.Combine(place.Sources, "native"), "*.h")
            .Append(source)
            .Max(File.GetLastWriteTimeUtc);
        if (!File.Exists(executable) || File.GetLastWriteTimeUtc(executable) < newest)
        {
            (int code, _, string error) = Execute(
                "gcc",
                ["-O2", "-o", executable, source, .. libraries, "-ldl", "-lm", "-lpthread"],
                null
            );
            if (code != 0)
            {
                throw new BenchException($"gcc could not compile {source}:\n{error}");
            }
        }
        return new NativeProgram(executable);
    }

    /// <summary>Runs it directly and returns the figures it printed.</summary>
    public Dictionary<string, double> Run(
        IEnumerable<string> arguments,
        IReadOnlyDictionary<string, string>? variables = null
    ) => Parse(_executable, Execute(_executable, arguments, variables));

    /// <summary>Runs any program that prints figures and returns them.</summary>
    public static Dictionary<string, double> Figures(string file, IEnumerable<string> arguments) =>
        Parse(file, Execute(file, arguments, null));

    /// <summary>Runs it under `weir run` with the given options and returns the figures it printed.</summary>
    public Dictionary<string, double> RunUnderWeir(
        BenchPlace place,
        IEnumerable<string> options,
        params string[] arguments
    ) => Parse(_executable, Execute(place.Worker, ["--launch", .. options, "--", _executable, .. arguments], null));

    /// <summary>Runs a program to its end.</summary>
    public static (int Code, string Output, string Error) Execute(
        string file,
        IEnumerable<string> arguments,
        IReadOnlyDictionary<string, string>? variables
    )
    {
        var start = new ProcessStartInfo(file, arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach ((string name, string value) in variables ?? new Dictionary<string, string>())
        {
            start.Environment[name] = value;
        }
        Process process;
        try
        {
            process = Process.Start(start)!;
        }
        catch (System.ComponentModel.Win32Exception e)
        {
            throw new BenchException($"{file}: {e.Message}");
        }
        using (process)
        {
            Task<string> error = process.StandardError.ReadToEndAsync();
            string output = process.StandardOutput.ReadToEnd();
            process.WaitForExit();
            return (process.ExitCode, output, error.Result);
        }
    }

    private static Dictionary<string, double> Parse(string program, (int Code, string Output, string Error) run)
    {
        if (run.Code != 0)
        {
            throw new BenchException($"{program} ended with code {run.Code}:\n{run.Error}");
        }
        var figures = new Dictionary<string, double>();
        foreach (string line in run.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            string[] parts = line.Split(' ');
            if (parts.Length == 2 && double.TryParse(parts[1], CultureInfo.InvariantCulture, out double value))
            {
                figures[parts[0]] = value;
            }
        }
        return figures;
    }
}
