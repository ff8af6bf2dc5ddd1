using System.Diagnostics;
using System.Text.Json;

namespace Weir.EndToEnd;

/// <summary>`weir up` in folders of a test, and the commands that speak to it.</summary>
internal sealed class PoolInstallation : IDisposable
{
    private static readonly TimeSpan ReadyLimit = TimeSpan.FromSeconds(60);
    private readonly Process _up;
    private readonly string _folder;
    private readonly Dictionary<string, Process> _nodes = [];

    private PoolInstallation(Process up, string folder)
    {
        _up = up;
        _folder = folder;
    }

    /// <summary>Skips the test where the agent or controller is not published.</summary>
    public static PoolInstallation Start(string devices = "1", string memory = "1GiB")
    {
        Assert.SkipUnless(
            File.Exists(Path.Combine(WeirInstallation.Artifacts, "agent", "weir-agent.dll"))
                && File.Exists(Path.Combine(WeirInstallation.Artifacts, "controller", "weir-controller.dll")),
            "agent or controller are not published here; start through ./test"
        );
        // Short: sockets have short names.
        string folder = Directory.CreateTempSubdirectory("we-").FullName;
        File.SetUnixFileMode(
            folder,
            File.GetUnixFileMode(folder) | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute
        );
        var up = Launch(
            folder,
            "a",
            [
                "up",
                "--listen",
                "127.0.0.1:0",
                "--agent-listen",
                "127.0.0.1:0",
                "--dashboard",
                "none",
                "--name",
                "n1",
                "--software",
                devices,
                "--software-mem",
                memory,
            ]
        );
        var pool = new PoolInstallation(up, folder);
        try
        {
            pool.WaitFor(up, "ready after");
            return pool;
        }
        catch
        {
            pool.Dispose();
            throw;
        }
    }

    /// <summary>`weir up` that cannot: runs until it gives up.</summary>
    public static ProgramRun Up(string folder)
    {
        Assert.SkipUnless(
            File.Exists(Path.Combine(WeirInstallation.Artifacts, "controller", "weir-controller.dll")),
            "the controller is not published here; start through ./test"
        );
        Dictionary<string, string?> environment = Environment(folder, "");
        return ProgramRun.Start(
            "dotnet",
            [WeirInstallation.Cli, "up", "--listen", "127.0.0.1:0", "--no-agent"],
            null,
            environment
        );
    }

    /// <summary>What `weir up` printed when it was ready.</summary>
    public string Announcement { get; private set; } = "";

    /// <summary>A second machine, as far as the pool can tell: joined by token.</summary>
    public void Join(string name)
    {
        string token = Weir("token", "create", "--kind", "join").Succeeded().Text.Trim();
        string address = Announcement.Split("controller ")[1].Split(',')[0];
        var node = Launch(
            _folder,
            name,
            [
                "join",
                address,
                "--token",
                token,
                "--name",
                name,
                "--agent-listen",
                // Its own, so that it is found there again after a restart.
                $"127.{Random.Shared.Next(1, 255)}.{Random.Shared.Next(1, 255)}.{Random.Shared.Next(1, 255)}:7443",
                "--software",
                "1",
                "--software-mem",
                "1GiB",
            ]
        );
        _nodes.Add(name, node);
        AwaitNode(name);
    }

    /// <summary>SIGKILL to the agent of a node that has joined, and the next one in its place.</summary>
    public void ReplaceAgent(string name)
    {
        _nodes[name].Kill();
        _nodes[name].WaitForExit();
        _nodes[name].Dispose();
        _nodes[name] = Launch(_folder, name, ["agent"]);
        AwaitNode(name);
    }

    /// <summary>SIGKILL to the agent of a node that has joined, and to its workers: the machine is lost.</summary>
    public void Lose(string name)
    {
        _nodes[name].Kill();
        _nodes[name].WaitForExit();
        string run = Path.Combine(_folder, name, "run");
        foreach (int process in Processes(line => line.Contains(run) && line.Contains("--worker")))
        {
            using var kill = Process.Start("kill", ["-9", $"{process}"]);
            kill.WaitForExit();
        }
    }

    /// <summary>Processes whose command line, words parted by NUL, is such a one.</summary>
    public static IEnumerable<int> Processes(Func<string, bool> isWanted)
    {
        foreach (string folder in Directory.EnumerateDirectories("/proc"))
        {
            string line = "";
            try
            {
                line = int.TryParse(Path.GetFileName(folder), out _) ? File.ReadAllText(folder + "/cmdline") : "";
            }
            catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
            {
                // It has ended.
            }
            if (line.Length > 0 && isWanted(line))
            {
                yield return int.Parse(Path.GetFileName(folder), System.Globalization.CultureInfo.InvariantCulture);
            }
        }
    }

    private void AwaitNode(string name)
    {
        Awaited.True(
            () =>
                Json("nodes")
                    .EnumerateArray()
                    .Any(one =>
                        one.GetProperty("name").GetString() == name && one.GetProperty("state").GetString() == "ready"
                    ),
            $"node {name} is ready"
        );
    }

    /// <summary>A command of `weir` against this pool.</summary>
    public ProgramRun Weir(params string[] arguments) => Weir(null, arguments);

    /// <summary>The same, with variables.</summary>
    public ProgramRun Weir(IReadOnlyDictionary<string, string?>? variables, params string[] arguments) =>
        Type(variables, "", arguments);

    /// <summary>The same, and something to read on standard input.</summary>
    public ProgramRun Type(IReadOnlyDictionary<string, string?>? variables, string input, params string[] arguments)
    {
        var environment = Environment(_folder, "a");
        foreach (var (name, value) in variables ?? new Dictionary<string, string?>())
        {
            environment[name] = value;
        }
        return ProgramRun.Start(
            "dotnet",
            [WeirInstallation.Cli, .. arguments],
            System.Text.Encoding.UTF8.GetBytes(input),
            environment
        );
    }

    /// <summary>What a command says with --output json.</summary>
    public JsonElement Json(params string[] arguments) =>
        JsonDocument.Parse(Weir([.. arguments, "--output", "json"]).Succeeded().Text).RootElement;

    /// <summary>SIGKILL to the controller that `weir up` watches over.</summary>
    public void KillController() => Kill("weir-controller");

    /// <summary>SIGKILL to a part that `weir up` watches over.</summary>
    public void Kill(string part)
    {
        string[] children = File.ReadAllLines(Path.Combine(_folder, "a", "run", "up.pids"));
        string id = children.Single(line => line.EndsWith(part, StringComparison.Ordinal)).Split(' ')[0];
        using var kill = Process.Start("kill", ["-9", id]);
        kill.WaitForExit();
    }

    public void Dispose()
    {
        foreach (var process in (Process[])[.. _nodes.Values, _up])
        {
            // `weir up` ends its parts in order; idle workers end with their agent.
            using var kill = Process.Start("kill", [$"{process.Id}"]);
            kill.WaitForExit();
            if (!process.WaitForExit(TimeSpan.FromSeconds(30)))
            {
                process.Kill(entireProcessTree: true);
            }
            process.Dispose();
        }
        Directory.Delete(_folder, recursive: true);
    }

    private static Process Launch(string folder, string place, string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet", [WeirInstallation.Cli, .. arguments])
        {
            RedirectStandardOutput = true,
        };
        foreach (var (name, value) in Environment(folder, place))
        {
            start.Environment[name] = value;
        }
        return Process.Start(start)!;
    }

    private static Dictionary<string, string?> Environment(string folder, string place) =>
        new()
        {
            ["WEIR_ARTIFACTS"] = WeirInstallation.Artifacts,
            ["WEIR_STATE"] = Path.Combine(folder, place, "state"),
            ["WEIR_RUN"] = Path.Combine(folder, place, "run"),
            ["XDG_RUNTIME_DIR"] = Path.Combine(folder, place),
            ["XDG_CONFIG_HOME"] = Path.Combine(folder, place, "config"),
            ["WEIR_CONTROLLER"] = Path.Combine(folder, "a", "run", "controller.sock"),
        };

    private void WaitFor(Process process, string begin)
    {
        var reading = Task.Run(() =>
        {
            while (process.StandardOutput.ReadLine() is { } line)
            {
                if (line.StartsWith(begin, StringComparison.Ordinal))
                {
                    return line;
                }
            }
            return "";
        });
        Assert.True(reading.Wait(ReadyLimit), "`weir up` did not get ready");
        Assert.NotEqual("", reading.Result);
        Announcement = reading.Result;
        _ = process.StandardOutput.BaseStream.CopyToAsync(Stream.Null);
    }
}
