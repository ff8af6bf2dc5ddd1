using System.Diagnostics;
using System.Text.Json;
using Weir.Agent.Configuration;
using Weir.Protocol.Agents;
using Weir.Remote;
using Weir.Remote.Leases;
using Weir.Worker.Tests.Support;

namespace Weir.Agent.Tests.Support;

/// <summary>A real agent with folders of its own; all that it started is looked for when it is disposed.</summary>
internal sealed class AgentRun : IDisposable
{
    /// <summary>Memory of each device, bytes.</summary>
    public const long DeviceBytes = 1L << 30;

    private readonly string _folder = Directory.CreateTempSubdirectory("weir-").FullName;
    private readonly AgentConfig _config;
    private int _processId;

    // Null: the tests' own.
    private readonly string? _user;

    private AgentRun(AgentConfig config, string? user, Action<AgentFolders>? prepare = null)
    {
        _user = user;
        prepare?.Invoke(Folders);
        File.SetUnixFileMode(_folder, (UnixFileMode)0x1ed); // 0755: workers have users of their own
        _config = config with { Node = Path.GetFileName(_folder).ToLowerInvariant() };
        File.WriteAllText(ConfigFile, JsonSerializer.Serialize(_config, AgentConfigJson.Default.AgentConfig));
        if (user is not null)
        {
            Assert.Equal(0, ToolRun.Run("chown", ["-R", user, _folder]).Code);
        }
        Process = Start();
    }

    /// <summary>The published parts under test.</summary>
    public static string Artifacts { get; } =
        Environment.GetEnvironmentVariable("WEIR_ARTIFACTS") ?? Path.Combine(Checkout, "artifacts");

    public Process Process { get; private set; }

    public AgentFolders Folders => new(Path.Combine(_folder, "run"), Path.Combine(_folder, "state"));

    public string Folder => _folder;

    /// <summary>Made to exist it is the devices' fault.</summary>
    public string FaultFile => Path.Combine(_folder, "fault");

    private string ConfigFile => Path.Combine(_folder, "agent.json");

    /// <summary>The checkout that these tests run from.</summary>
    public static string Checkout
    {
        get
        {
            string? folder = AppContext.BaseDirectory;
            while (folder is not null && !File.Exists(Path.Combine(folder, "Weir.slnx")))
            {
                folder = Path.GetDirectoryName(folder);
            }
            return folder ?? throw new InvalidOperationException("these tests run from a checkout of Weir");
        }
    }

    /// <summary>An agent with devices made of software.</summary>
    public static AgentRun Start(
        int devices = 1,
        Func<AgentConfig, AgentConfig>? change = null,
        string? user = null,
        Action<AgentFolders>? prepare = null
    )
    {
        var config = new AgentConfig
        {
            Listen = "127.0.0.1:0",
            RealDevices = false,
            Software =
            [
                new SoftwareDeviceConfig
                {
                    Count = devices,
                    Cores = 2,
                    MemoryBytes = DeviceBytes,
                },
            ],
        };
        return new AgentRun(change is null ? config : change(config), user, prepare);
    }

    /// <summary>An agent whose devices can be made to fail.</summary>
    public static AgentRun StartFailing()
    {
        AgentRun? run = null;
        run = Start(
            2,
            config =>
                config with
                {
                    Software =
                    [
                        config.Software[0] with
                        {
                            Count = 1,
                            FaultFile = Path.Combine(Path.GetTempPath(), $"weir-fault-{Guid.NewGuid():N}"),
                        },
                        config.Software[0] with
                        {
                            Count = 1,
                        },
                    ],
                }
        );
        return run;
    }

    /// <summary>The fault file of the first device.</summary>
    public string FaultOfFirst => _config.Software[0].FaultFile!;

    public OperatorClient Operator() => OperatorClient.Connect(Folders.OperatorSocket);

    /// <summary>Ends the agent without a chance to clean up.</summary>
    public void Kill()
    {
        Process.Kill();
        Process.WaitForExit();
    }

    /// <summary>The next agent, with the same folders.</summary>
    public void Restart()
    {
        Process.Dispose();
        Process = Start();
    }

    /// <summary>What a second agent with the same folders says, which ends at once.</summary>
    public string StartSecond() => ToolRun.Run("dotnet", Arguments()).Output;

    /// <summary>The ticket that a controller would give to the lease's owner, in a file.</summary>
    /// <param name="lease">The lease.</param>
    /// <param name="hello">What the agent said of itself, for a holder on another machine; null: on this one.</param>
    public string WriteTicket(TestLease lease, Hello? hello = null)
    {
        var ticket = new LeaseTicket(
            1,
            lease.Name,
            lease.Epoch,
            lease.Secret,
            [
                new ShardTicket(
                    _config.Node,
                    hello?.Address ?? "",
                    hello?.Fingerprint ?? "",
                    hello is null ? Folders.Socket : null,
                    [
                        .. lease.Grant.Shares.Select(share => new DeviceTicket(
                            share.Uuid,
                            (int)share.Ordinal,
                            (int)share.Compute,
                            (long)share.MemoryBytes
                        )),
                    ]
                ),
            ]
        );
        string path = Path.Combine(_folder, $"{lease.Name}.{lease.Epoch}.ticket");
        File.WriteAllText(path, JsonSerializer.Serialize(ticket, RemoteJson.Default.LeaseTicket));
        return path;
    }

    /// <summary>All that workers have logged.</summary>
    public IEnumerable<string> WorkerLogs() => Directory.GetFiles(Folders.Logs).SelectMany(File.ReadAllLines);

    /// <summary>User id of a file's owner.</summary>
    public static uint OwnerOf(string path) =>
        uint.Parse(ToolRun.Run("stat", ["-c", "%u", path]).Output, System.Globalization.CultureInfo.InvariantCulture);

    /// <summary>All running processes that belong to this agent, itself left out.</summary>
    public IReadOnlyList<int> Helpers() =>
        [
            .. Directory
                .EnumerateDirectories("/proc")
                .Select(folder => int.TryParse(Path.GetFileName(folder), out int id) ? id : 0)
                .Where(id =>
                    id != 0 && id != _processId && CommandLine(id).Contains(_folder) && ProcessTable.IsRunning(id)
                ),
        ];

    /// <summary>Workers of this agent.</summary>
    public IReadOnlyList<int> Workers() => [.. Helpers().Where(id => CommandLine(id).Contains("\0--worker\0"))];

    public void Dispose()
    {
        if (!Process.HasExited)
        {
            Process.Kill();
            Process.WaitForExit();
        }
        try
        {
            AssertNothingIsLeft();
        }
        finally
        {
            Process.Dispose();
            foreach (int id in Helpers())
            {
                _ = Posix.Libc.kill(id, Posix.Libc.SIGKILL);
            }
            Directory.Delete(_folder, recursive: true);
            RemoveGroups();
        }
    }

    /// <summary>Waits for a condition; a generous time later the test fails.</summary>
    public static void Becomes(Func<bool> condition, string what)
    {
        for (int attempt = 0; attempt < 4500; attempt++)
        {
            if (condition())
            {
                return;
            }
            Thread.Sleep(20);
        }
        Assert.Fail($"it does not become so: {what}");
    }

    public static string CommandLine(int id)
    {
        try
        {
            return File.ReadAllText($"/proc/{id}/cmdline");
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }

    // With the agent gone and no clients nothing may run; the compile service ends after a moment of idleness.
    private void AssertNothingIsLeft() =>
        Becomes(
            () => Helpers().Count == 0,
            $"no process is left of {_folder}: {string.Join(' ', Helpers().Select(CommandLine))}"
        );

    private string[] Arguments() =>
        [
            Path.Combine(Artifacts, "agent", "weir-agent.dll"),
            "--config",
            ConfigFile,
            "--run",
            Folders.Run,
            "--state",
            Folders.State,
            "--worker",
            Path.Combine(Artifacts, "bin", "weir-worker"),
        ];

    private Process Start()
    {
        string[] enclosure = _user is null
            ? []
            : [Path.Combine(Artifacts, "bin", "weir-worker"), "--enclose", "--user", _user, "--"];
        string[] words = [.. enclosure, "dotnet", .. Arguments()];
        var start = new ProcessStartInfo(words[0], words[1..]) { RedirectStandardError = true };
        if (_user is not null)
        {
            start.Environment["HOME"] = _folder;
        }
        var process = new Process { StartInfo = start };
        var ready = new ManualResetEventSlim();
        process.ErrorDataReceived += (_, line) =>
        {
            lock (Lines)
            {
                Lines.Add(line.Data ?? "");
            }
            if (line.Data?.Contains(" serves ") == true)
            {
                ready.Set();
            }
        };
        _ = process.Start();
        _processId = process.Id;
        process.BeginErrorReadLine();
        Assert.True(ready.Wait(TimeSpan.FromSeconds(60)), string.Join('\n', Lines));
        return process;
    }

    /// <summary>What the agents have said.</summary>
    public List<string> Lines { get; } = [];

    private static bool TryRemove(string group)
    {
        try
        {
            Directory.Delete(group);
            return true;
        }
        catch (IOException)
        {
            // A process that was killed is still ending in it.
            return false;
        }
    }

    private void RemoveGroups()
    {
        foreach (
            string parent in Directory.EnumerateDirectories(
                "/sys/fs/cgroup",
                $"weir-{_config.Node}",
                new EnumerationOptions
                {
                    RecurseSubdirectories = true,
                    MaxRecursionDepth = 1,
                    IgnoreInaccessible = true,
                }
            )
        )
        {
            foreach (string group in Directory.EnumerateDirectories(parent).Append(parent))
            {
                Becomes(() => TryRemove(group), $"{group} is empty");
            }
        }
    }
}
