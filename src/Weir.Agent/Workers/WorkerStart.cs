using Weir.Agent.Configuration;
using Weir.Agent.Devices;
using Weir.Posix;

namespace Weir.Agent.Workers;

/// <summary>
/// Starts workers and the compile service: as users of their own, without a network, in control groups with limits, each
/// as far as the agent may. What it may not is said once in the log.
/// </summary>
internal sealed unsafe class WorkerStart
{
    private const int KeptLogs = 100;
    private const long MostLogBytes = 16 << 20;

    private readonly AgentConfig _config;
    private readonly AgentFolders _folders;
    private readonly string _worker;
    private readonly bool _isRoot = Libc.getuid() == 0;
    private int _last;

    /// <param name="config">The node's configuration.</param>
    /// <param name="folders">The agent's folders.</param>
    /// <param name="worker">Path of weir-worker.</param>
    public WorkerStart(AgentConfig config, AgentFolders folders, string worker)
    {
        _config = config;
        _folders = folders;
        _worker = worker;
        bool mayChange = _isRoot && ProcessFacts.IsReachableForAll(worker);
        Users = new WorkerUsers(config.UserRange(), mayChange);
        Groups = new ControlGroups($"weir-{config.Node}");
        if (_isRoot && !mayChange)
        {
            Log.Error($"workers run as root: other users cannot reach {worker}; install Weir elsewhere");
        }
        else if (!_isRoot)
        {
            Log.Info("workers run as this agent's own user and share its network: only root can give them their own");
        }
        if (!Groups.IsUsable)
        {
            Log.Info("no control groups can be made: workers and workloads are limited by resource limits only");
        }
    }

    /// <summary>User ids of workers.</summary>
    public WorkerUsers Users { get; }

    /// <summary>Control groups of workers and workloads.</summary>
    public ControlGroups Groups { get; }

    /// <summary>Path of weir-worker.</summary>
    public string Program => _worker;

    /// <summary>A socket's path, by which an agent that comes later finds the worker.</summary>
    public string SocketOf(string worker) => Path.Combine(_folders.Workers, worker + ".sock");

    /// <summary>Starts a worker for sessions on a kind of device.</summary>
    /// <exception cref="IOException">It could not be started.</exception>
    public Worker Start(DeviceState device)
    {
        if (_last % KeptLogs == 0)
        {
            TidyLogs();
        }
        string name = $"w{Environment.ProcessId}-{++_last}";
        uint? user = Users.Take();
        int* pair = stackalloc int[2];
        if (Libc.socketpair(Libc.AF_UNIX, Libc.SOCK_SEQPACKET | Libc.SOCK_CLOEXEC, 0, pair) != 0)
        {
            throw new IOException($"no socket for a worker: errno {Libc.Errno}");
        }
        int listener = -1;
        int log = -1;
        try
        {
            listener = UnixSocket.Listen(SocketOf(name), 1);
            string output = Directory.CreateDirectory(Path.Combine(_folders.Output, name)).FullName;
            if (user is { } own)
            {
                AgentFolders.Give(output, own);
            }
            log = OpenLog(name);
            List<string> arguments =
            [
                .. Enclose(
                    user,
                    Groups.Create(name, new GroupLimits(_config.WorkerHostBytes, _config.WorkerProcesses, 0))
                ),
                _worker,
                "--worker",
                "--pooled",
                "1",
                "--remote",
                _config.Listen.Length > 0 ? "1" : "0",
                .. device.Options(),
                "--report",
                Path.Combine(output, "summary.json"),
            ];
            int process = SpawnedProcess.Start(
                _worker,
                [.. arguments.Select(NativeText.FromUtf8)],
                Surroundings(device, output),
                [pair[1], listener],
                log
            );
            return new Worker
            {
                Name = name,
                Kind = device.WorkerKind,
                ProcessId = process,
                ProcessStart = ProcessFacts.StartOf(process),
                Pidfd = Libc.PidfdOpen(process),
                User = user,
                Control = pair[0],
            };
        }
        catch
        {
            _ = Libc.close(pair[0]);
            CleanUp(name, user);
            throw;
        }
        finally
        {
            _ = Libc.close(pair[1]);
            Close(listener);
            Close(log);
        }
    }

    /// <summary>Raises the memory limit of a worker that will hold so much device memory.</summary>
    public void Allow(Worker worker, ulong deviceBytes) =>
        _ = Groups.Create(
            worker.Name,
            new GroupLimits(_config.WorkerHostBytes + (long)deviceBytes, _config.WorkerProcesses, 0)
        );

    /// <summary>Deletes the oldest logs of workers and cuts those that have grown without measure.</summary>
    public void TidyLogs()
    {
        FileInfo[] logs =
        [
            .. new DirectoryInfo(_folders.Logs).GetFiles("*.log").OrderByDescending(file => file.LastWriteTimeUtc),
        ];
        for (int i = 0; i < logs.Length; i++)
        {
            if (i >= KeptLogs)
            {
                logs[i].Delete();
            }
            else if (logs[i].Length > MostLogBytes)
            {
                // Writers append, so they go on at the new end.
                using FileStream file = logs[i].Open(FileMode.Open, FileAccess.Write, FileShare.ReadWrite);
                file.SetLength(0);
            }
        }
    }

    /// <summary>Takes away what a worker that has ended leaves behind.</summary>
    public void CleanUp(string name, uint? user)
    {
        Groups.Remove(name);
        File.Delete(SocketOf(name));
        string output = Path.Combine(_folders.Output, name);
        if (Directory.Exists(output))
        {
            Directory.Delete(output, recursive: true);
        }
        string log = LogOf(name);
        if (File.Exists(log) && new FileInfo(log).Length == 0)
        {
            File.Delete(log);
        }
        if (user is { } own)
        {
            Users.Return(own);
        }
    }

    /// <summary>Starts the compile service; it looks itself whether another one is at work.</summary>
    /// <returns>Its process id.</returns>
    /// <exception cref="IOException">It could not be started.</exception>
    public int StartCompiler()
    {
        string compiler = Path.Combine(Path.GetDirectoryName(_worker)!, "weir-compiler");
        if (Users.MayChange)
        {
            AgentFolders.Give(Path.GetDirectoryName(_folders.Compiler)!, Users.Compiler);
            AgentFolders.Give(_folders.Cache, Users.Compiler);
        }
        int log = OpenLog("compiler");
        try
        {
            List<string> arguments =
            [
                .. Enclose(Users.MayChange ? Users.Compiler : null, []),
                compiler,
                "--socket",
                _folders.Compiler,
                "--parent-pid",
                $"{Environment.ProcessId}",
                "--shared",
                Users.MayChange ? "1" : "0",
            ];
            return SpawnedProcess.Start(
                _worker,
                [.. arguments.Select(NativeText.FromUtf8)],
                Surroundings(null, Path.GetDirectoryName(_folders.Compiler)!),
                [],
                log
            );
        }
        finally
        {
            Close(log);
        }
    }

    private List<string> Enclose(uint? user, IReadOnlyList<string> groups)
    {
        List<string> words = [_worker, "--enclose", "--new-privileges", "no", "--files", $"{_config.WorkerFiles}"];
        if (user is { } own)
        {
            // Counted by user, so only a user of one's own can be limited so.
            words.AddRange(["--user", $"{own}:{own}", "--processes", $"{_config.WorkerProcesses}"]);
        }
        if (_isRoot)
        {
            words.AddRange(["--network", "none"]);
        }
        foreach (string group in groups)
        {
            words.AddRange(["--cgroup", group]);
        }
        words.Add("--");
        return words;
    }

    // Nothing of the agent's own surroundings but what finding libraries and the driver needs.
    private List<string> Surroundings(DeviceState? device, string home)
    {
        List<string> lines =
        [
            "PATH=/usr/local/bin:/usr/bin:/bin",
            // The runtime's TLS does not do without one.
            $"HOME={NativeText.FromUtf8(home)}",
            $"XDG_CACHE_HOME={NativeText.FromUtf8(_folders.Cache)}",
            $"WEIR_COMPILER_SOCKET={NativeText.FromUtf8(_folders.Compiler)}",
        ];
        foreach (string name in (string[])["LD_LIBRARY_PATH", "WEIR_CUDA_DRIVER"])
        {
            if (NativeText.Variable(name) is { Length: > 0 } value)
            {
                lines.Add($"{name}={value}");
            }
        }
        if (device?.Kind == "cuda")
        {
            lines.Add($"CUDA_VISIBLE_DEVICES={device.Uuid}");
        }
        return lines;
    }

    private string LogOf(string name) => Path.Combine(_folders.Logs, name + ".log");

    private int OpenLog(string name)
    {
        byte* path = NativeText.Allocate(NativeText.FromUtf8(LogOf(name)));
        int file = Libc.open(path, Libc.O_WRONLY | Libc.O_CREAT | Libc.O_APPEND | Libc.O_CLOEXEC, 0x180);
        System.Runtime.InteropServices.NativeMemory.Free(path);
        return file;
    }

    private static void Close(int descriptor)
    {
        if (descriptor >= 0)
        {
            _ = Libc.close(descriptor);
        }
    }
}
