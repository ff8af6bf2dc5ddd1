using System.Diagnostics;

namespace Weir.Worker.Tests.Support;

/// <summary>
/// A program under the real launcher: a shell that prints the socket's name and then waits for its standard input to end.
/// </summary>
internal sealed class WeirRun : IDisposable
{
    private static readonly string s_root = FindRoot();
    private readonly Process _process;

    private WeirRun(Process process, string socketName) => (_process, SocketName) = (process, socketName);

    /// <summary>The published parts under test.</summary>
    public static string Artifacts { get; } =
        Environment.GetEnvironmentVariable("WEIR_ARTIFACTS") ?? Path.Combine(s_root, "artifacts");

    /// <summary>The launcher.</summary>
    public static string Worker => Path.Combine(Artifacts, "bin", "weir-worker");

    /// <summary>The checkout.</summary>
    public static string Root => s_root;

    /// <summary>Process id of the main program.</summary>
    public int ProgramId => _process.Id;

    /// <summary>Abstract name, without the @.</summary>
    public string SocketName { get; }

    /// <summary>State (logs, summaries) of all runs of these tests.</summary>
    public static string State { get; } = Path.Combine(AppContext.BaseDirectory, "state");

    public static WeirRun Start(params string[] options)
    {
        ProcessStartInfo start = Command([
            "--launch",
            "--device",
            "software",
            .. options,
            "--",
            "sh",
            "-c",
            "echo $WEIR_SOCKET; exec cat",
        ]);
        Process process = Process.Start(start)!;
        return new WeirRun(process, process.StandardOutput.ReadLine()!.TrimStart('@'));
    }

    /// <summary>How to start the launcher with arguments, streams redirected.</summary>
    public static ProcessStartInfo Command(IEnumerable<string> arguments)
    {
        var start = new ProcessStartInfo(Worker, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["XDG_STATE_HOME"] = State;
        start.Environment["XDG_CACHE_HOME"] = Path.Combine(AppContext.BaseDirectory, "cache");
        return start;
    }

    /// <summary>Ends the program as a user does.</summary>
    public void Finish()
    {
        _process.StandardInput.Close();
        _process.WaitForExit();
    }

    /// <summary>Ends the program without a chance to clean up.</summary>
    public void Kill()
    {
        _process.Kill();
        _process.WaitForExit();
    }

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            Kill();
        }
        _process.Dispose();
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
