using System.Globalization;
using Google.Protobuf;
using Weir.Agent.Configuration;
using Weir.Agent.Workers;
using Weir.Posix;
using Weir.Protocol.Agents;

namespace Weir.Agent.Workloads;

/// <summary>
/// Programs that this node runs for workloads. Each has a folder with what was asked for, its output and how it ended, so that
/// nothing is lost with an agent. All methods are called under the node's lock.
/// </summary>
internal sealed class WorkloadBook(Node node)
{
    private const int OutputPartBytes = 64 << 10;
    private const int MostPartsAtOnce = 16;
    private static readonly TimeSpan s_tailInterval = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan s_keep = TimeSpan.FromDays(7);

    private readonly Dictionary<(string Workload, uint Attempt), WorkloadRun> _runs = [];
    private Timer? _tail;

    /// <summary>Takes up what runs, and what has ended and was not heard of yet.</summary>
    public void Load()
    {
        foreach (string folder in Directory.EnumerateDirectories(node.Folders.Workloads))
        {
            try
            {
                Take(folder);
            }
            catch (Exception failure)
                when (failure
                        is IOException
                            or UnauthorizedAccessException
                            or InvalidProtocolBufferException
                            or InvalidJsonException
                            or FormatException
                )
            {
                Log.Error($"{folder} is no workload: {failure.Message}");
            }
        }
    }

    /// <summary>What runs, and ends that the controller has not acknowledged.</summary>
    public IEnumerable<WorkloadReport> Report() => _runs.Values.Select(run => run.ToMessage()).ToArray();

    /// <summary>A controller listens from the beginning: output goes out again from what it has acknowledged.</summary>
    public void Rewind()
    {
        foreach (WorkloadRun run in _runs.Values)
        {
            run.SentBytes = run.AcknowledgedBytes;
            run.IsLastSent = false;
        }
        TailWhileNeeded();
    }

    /// <summary>These shall run; others are ended.</summary>
    public void Reconcile(IEnumerable<WorkloadKey> keys)
    {
        HashSet<(string, uint)> wanted = [.. keys.Select(key => (key.Workload, key.Attempt))];
        foreach (WorkloadRun run in _runs.Values.ToArray())
        {
            if (wanted.Contains((run.Start.Workload, run.Start.Attempt)))
            {
                continue;
            }
            if (run.End is null)
            {
                End(run, 0, "the controller does not know it any more");
            }
            else
            {
                Forget(run);
            }
        }
    }

    /// <summary>Starts a program; one that runs already is left alone. How it went is reported.</summary>
    public void Begin(WorkloadStart start)
    {
        if (_runs.TryGetValue((start.Workload, start.Attempt), out WorkloadRun? known))
        {
            Tell(known);
            return;
        }
        string name = $"{start.Workload}.{start.Attempt}";
        var run = new WorkloadRun
        {
            Start = start,
            Folder = Path.Combine(node.Folders.Workloads, name),
            Group = "p-" + name,
            StartedMs = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds(),
        };
        if (
            start.Workload.Length is 0 or > 100
            || start.Workload.Any(c => !char.IsAsciiLetterOrDigit(c) && c is not ('-' or '_'))
        )
        {
            run.End = Ended(run, "cannot start: its name is none", -1, 0);
            node.Tell(new AgentMessage { Workload = run.End });
            return;
        }
        _runs.Add((start.Workload, start.Attempt), run);
        try
        {
            Launch(run);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            run.End = Ended(run, $"cannot start: {failure.Message}", -1, 0);
            node.Start.Groups.Remove(run.Group);
        }
        Tell(run);
        TailWhileNeeded();
    }

    /// <summary>Ends a program: SIGTERM, and SIGKILL after the grace time.</summary>
    public void Stop(WorkloadStop stop)
    {
        if (_runs.TryGetValue((stop.Workload, stop.Attempt), out WorkloadRun? run) && run.End is null)
        {
            End(run, (int)stop.GraceMs, stop.Reason.Length > 0 ? stop.Reason : "cancelled");
        }
    }

    /// <summary>The controller keeps all output before an offset; with the last of it the workload is done with.</summary>
    public void Acknowledge(OutputAcknowledged acknowledged)
    {
        if (!_runs.TryGetValue((acknowledged.Workload, acknowledged.Attempt), out WorkloadRun? run))
        {
            return;
        }
        run.AcknowledgedBytes = Math.Max(run.AcknowledgedBytes, (long)acknowledged.Offset);
        if (run.End is not null && run.IsLastSent && run.AcknowledgedBytes >= run.OutputBytes)
        {
            Forget(run);
        }
    }

    private void Take(string folder)
    {
        string startFile = Path.Combine(folder, "start.json");
        if (!File.Exists(startFile) || DateTime.UtcNow - File.GetLastWriteTimeUtc(folder) > s_keep)
        {
            Directory.Delete(folder, recursive: true);
            return;
        }
        WorkloadStart start = WorkloadStart.Parser.ParseJson(File.ReadAllText(startFile));
        string[] process = File.Exists(Path.Combine(folder, "process"))
            ? File.ReadAllText(Path.Combine(folder, "process")).Split(' ')
            : ["0", "0"];
        var run = new WorkloadRun
        {
            Start = start,
            Folder = folder,
            Group = "p-" + Path.GetFileName(folder),
            StartedMs = new DateTimeOffset(File.GetLastWriteTimeUtc(startFile)).ToUnixTimeMilliseconds(),
            Keeper = int.Parse(process[0], CultureInfo.InvariantCulture),
            KeeperStart = long.Parse(process[1], CultureInfo.InvariantCulture),
        };
        _runs.Add((start.Workload, start.Attempt), run);
        if (run.Keeper > 0 && run.KeeperStart != 0 && ProcessFacts.StartOf(run.Keeper) == run.KeeperStart)
        {
            Watch(run);
            Log.Info($"workload {start.Workload} goes on");
        }
        else
        {
            Finish(run);
        }
    }

    private unsafe void Launch(WorkloadRun run)
    {
        _ = Directory.CreateDirectory(run.Folder);
        File.SetUnixFileMode(run.Folder, (UnixFileMode)0x1c9); // 0711: the program's user reads its ticket
        string? ticket = null;
        if (run.Start.Ticket.Length > 0)
        {
            ticket = Path.Combine(run.Folder, "ticket.json");
            WholeFile.Write(ticket, System.Text.Encoding.UTF8.GetBytes(run.Start.Ticket));
            if (run.Start.User.Length > 0 && Environment.IsPrivilegedProcess)
            {
                AgentFolders.Give(ticket, UserOf(run.Start.User));
            }
        }
        IReadOnlyList<string> groups = node.Start.Groups.Create(run.Group, WorkloadCommand.Limits(run.Start));
        List<string> words = WorkloadCommand.Build(run, node.Start.Program, groups, ticket, node.Folders.Socket);
        WholeFile.Write(run.StartFile, System.Text.Encoding.UTF8.GetBytes(JsonFormatter.Default.Format(run.Start)));
        byte* path = NativeText.Allocate(NativeText.FromUtf8(run.OutputFile));
        int output = Libc.open(path, Libc.O_WRONLY | Libc.O_CREAT | Libc.O_APPEND | Libc.O_CLOEXEC, 0x180);
        System.Runtime.InteropServices.NativeMemory.Free(path);
        if (output < 0)
        {
            throw new IOException($"{run.OutputFile} cannot be written: errno {Libc.Errno}");
        }
        try
        {
            run.Keeper = SpawnedProcess.Start(
                node.Start.Program,
                [.. words.Select(NativeText.FromUtf8)],
                [.. WorkloadCommand.Surroundings(run.Start).Select(NativeText.FromUtf8)],
                [],
                output
            );
        }
        finally
        {
            _ = Libc.close(output);
        }
        run.KeeperStart = ProcessFacts.StartOf(run.Keeper);
        WholeFile.Write(
            Path.Combine(run.Folder, "process"),
            System.Text.Encoding.ASCII.GetBytes($"{run.Keeper} {run.KeeperStart}")
        );
        Watch(run);
    }

    private static unsafe uint UserOf(string name)
    {
        byte* native = NativeText.Allocate(NativeText.FromUtf8(name));
        PasswordEntry* entry = Libc.getpwnam(native);
        System.Runtime.InteropServices.NativeMemory.Free(native);
        return entry == null ? throw new IOException($"there is no user {name} on this node") : entry->Uid;
    }

    private void Watch(WorkloadRun run)
    {
        int pidfd = Libc.PidfdOpen(run.Keeper);
        if (pidfd < 0)
        {
            Finish(run);
            return;
        }
        long watch = 0;
        watch = node.Watcher.Watch(
            pidfd,
            () =>
            {
                lock (node.Gate)
                {
                    node.Watcher.Forget(watch, pidfd);
                    _ = Libc.close(pidfd);
                    _ = SpawnedProcess.TryReap(run.Keeper);
                    Finish(run);
                }
            }
        );
    }

    private void Finish(WorkloadRun run)
    {
        // A keeper that was killed leaves its program behind.
        foreach (int member in node.Start.Groups.Members(run.Group))
        {
            _ = Libc.kill(member, Libc.SIGKILL);
        }
        string[] outcome = File.Exists(run.OutcomeFile) ? File.ReadAllText(run.OutcomeFile).Split(' ') : [];
        long endedMs =
            outcome.Length > 2 && long.TryParse(outcome[^1], CultureInfo.InvariantCulture, out long at)
                ? at
                : DateTimeOffset.UtcNow.ToUnixTimeMilliseconds();
        bool outOfMemory = node.Start.Groups.RanOutOfMemory(run.Group);
        run.End = outcome switch
        {
            ["exit", var code, ..] => Ended(
                run,
                outOfMemory ? "memory limit" : "exited",
                int.Parse(code, CultureInfo.InvariantCulture),
                0
            ),
            ["signal", var signal, ..] => Ended(
                run,
                outOfMemory ? "memory limit" : "signal",
                -1,
                int.Parse(signal, CultureInfo.InvariantCulture)
            ),
            ["time", ..] => Ended(run, "time limit", -1, Libc.SIGKILL),
            _ => Ended(run, "node restarted", -1, 0),
        };
        run.End.Reason = run.StopReason ?? run.End.Reason;
        run.End.EndedMs = endedMs;
        node.Start.Groups.Remove(run.Group);
        File.Delete(Path.Combine(run.Folder, "ticket.json"));
        Tell(run);
        TailWhileNeeded();
    }

    private static WorkloadReport Ended(WorkloadRun run, string reason, int exitCode, int signal) =>
        new()
        {
            Workload = run.Start.Workload,
            Attempt = run.Start.Attempt,
            State = WorkloadState.WorkloadEnded,
            Process = (uint)run.Keeper,
            ExitCode = exitCode,
            Signal = signal,
            Reason = reason,
            StartedMs = run.StartedMs,
            EndedMs = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds(),
            OutputBytes = (ulong)run.OutputBytes,
        };

    private void End(WorkloadRun run, int graceMs, string reason)
    {
        run.StopReason ??= reason;
        if (graceMs > 0)
        {
            Signal(run, Libc.SIGTERM);
            Timer? timer = null;
            timer = new Timer(
                _ =>
                {
                    lock (node.Gate)
                    {
                        if (run.End is null)
                        {
                            Signal(run, Libc.SIGKILL);
                        }
                    }
                    timer!.Dispose();
                },
                null,
                graceMs,
                Timeout.Infinite
            );
        }
        else
        {
            Signal(run, Libc.SIGKILL);
        }
    }

    // Its processes, but not the keeper, which then says how it ended and takes the rest along.
    private void Signal(WorkloadRun run, int signal)
    {
        IReadOnlyList<int> members = node.Start.Groups.Members(run.Group);
        IEnumerable<int> targets = members.Count > 0 ? members : ProcessFacts.ChildrenOf(run.Keeper);
        foreach (int target in targets)
        {
            _ = Libc.kill(target, signal);
        }
    }

    private void Forget(WorkloadRun run)
    {
        _ = _runs.Remove((run.Start.Workload, run.Start.Attempt));
        if (Directory.Exists(run.Folder))
        {
            Directory.Delete(run.Folder, recursive: true);
        }
    }

    private void Tell(WorkloadRun run) => node.Tell(new AgentMessage { Workload = run.ToMessage() });

    // Looks at the output while there may be more of it; nothing runs while there is no workload.
    private void TailWhileNeeded() =>
        _tail ??= _runs.Values.Any(run => !run.IsLastSent)
            ? new Timer(_ => Tail(), null, TimeSpan.Zero, s_tailInterval)
            : null;

    private void Tail()
    {
        lock (node.Gate)
        {
            foreach (WorkloadRun run in _runs.Values)
            {
                SendOutput(run);
                if (run.End is null && run.StopReason is null && run.OutputBytes > node.Config.WorkloadOutputBytes)
                {
                    End(run, 0, $"output limit: more than {node.Config.WorkloadOutputBytes} bytes");
                }
            }
            if (_runs.Values.All(run => run.IsLastSent))
            {
                _tail?.Dispose();
                _tail = null;
            }
        }
    }

    private void SendOutput(WorkloadRun run)
    {
        if (run.IsLastSent || !node.HasListener)
        {
            return;
        }
        using FileStream? file = File.Exists(run.OutputFile)
            ? new FileStream(run.OutputFile, FileMode.Open, FileAccess.Read, FileShare.ReadWrite)
            : null;
        byte[] part = new byte[OutputPartBytes];
        for (int i = 0; i < MostPartsAtOnce; i++)
        {
            int got = 0;
            if (file is not null)
            {
                file.Position = run.SentBytes;
                got = file.Read(part);
            }
            bool isLast = got == 0 && run.End is not null;
            if (got == 0 && !isLast)
            {
                return;
            }
            node.Tell(
                new AgentMessage
                {
                    Output = new WorkloadOutput
                    {
                        Workload = run.Start.Workload,
                        Attempt = run.Start.Attempt,
                        Offset = (ulong)run.SentBytes,
                        Data = ByteString.CopyFrom(part, 0, got),
                        Last = isLast,
                    },
                }
            );
            run.SentBytes += got;
            run.IsLastSent = isLast;
            if (isLast)
            {
                return;
            }
        }
    }
}
