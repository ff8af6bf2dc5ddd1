using Weir.Agent.Workers;
using Weir.Protocol.Agents;

namespace Weir.Agent.Workloads;

/// <summary>
/// The command line of a workload's process: keeper, then enclosure, then the launcher with the lease's ticket, then the program,
/// each as far as it is asked for.
/// </summary>
internal static class WorkloadCommand
{
    private const int KeeperFiles = 65536;

    /// <summary>Builds it.</summary>
    /// <param name="run">The workload.</param>
    /// <param name="worker">Path of weir-worker.</param>
    /// <param name="groups">Folders of its control group.</param>
    /// <param name="ticket">File with the lease's ticket, or null.</param>
    /// <param name="agentSocket">Where holders on this node connect.</param>
    /// <exception cref="IOException">It cannot run here; says why and what to do.</exception>
    public static List<string> Build(
        WorkloadRun run,
        string worker,
        IReadOnlyList<string> groups,
        string? ticket,
        string agentSocket
    )
    {
        WorkloadStart start = run.Start;
        if (start.Command.Count == 0 && start.Image.Length == 0)
        {
            throw new IOException("it names no program");
        }
        List<string> words = [worker, "--keep", run.OutcomeFile];
        if (start.TimeLimitMs > 0)
        {
            words.AddRange(["--seconds", $"{(start.TimeLimitMs + 999) / 1000}"]);
        }
        words.AddRange(["--", worker, "--enclose", "--files", $"{KeeperFiles}"]);
        foreach (string group in groups)
        {
            words.AddRange(["--cgroup", group]);
        }
        if (groups.Count == 0 && start.HostMemoryBytes > 0)
        {
            words.AddRange(["--data", $"{start.HostMemoryBytes}"]);
        }
        if (start.User.Length > 0 && start.User != Environment.UserName)
        {
            if (!Environment.IsPrivilegedProcess)
            {
                throw new IOException(
                    $"this node's agent runs as {Environment.UserName} and cannot run programs of user {start.User}; run it as root"
                );
            }
            words.AddRange(["--user", start.User]);
        }
        bool isContained = start.Image.Length > 0;
        foreach (Mount mount in isContained ? [] : start.Mounts)
        {
            if (mount.Kind is not ("host" or "nfs") || !mount.Target.StartsWith('/'))
            {
                throw new IOException(
                    $"mount {mount.Source} at {mount.Target}: a mount is of kind host or nfs and has an absolute target"
                );
            }
            words.AddRange([
                "--mount",
                $"{mount.Kind}\n{mount.Source}\n{mount.Target}\n{(mount.ReadOnly ? "ro" : "rw")}",
            ]);
        }
        if (start.Directory.Length > 0 && !isContained)
        {
            words.AddRange(["--directory", start.Directory]);
        }
        words.Add("--");
        if (isContained)
        {
            words.AddRange(ContainerCommand.Build(start, worker, ticket, agentSocket));
            return words;
        }
        if (ticket is not null)
        {
            words.AddRange([worker, "--launch", "--lease", ticket, "--"]);
        }
        words.AddRange(start.Command);
        return words;
    }

    /// <summary>The program's environment: what was asked for over a plain one.</summary>
    public static List<string> Surroundings(WorkloadStart start)
    {
        Dictionary<string, string> variables = new()
        {
            ["PATH"] = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            ["LANG"] = "C.UTF-8",
            ["WEIR_WORKLOAD"] = start.Workload,
            ["WEIR_ATTEMPT"] = $"{start.Attempt}",
        };
        foreach ((string name, string value) in start.Environment)
        {
            variables[name] = value;
        }
        return [.. variables.Select(pair => $"{pair.Key}={pair.Value}")];
    }

    /// <summary>What the control group of a workload allows.</summary>
    public static GroupLimits Limits(WorkloadStart start) =>
        new((long)start.HostMemoryBytes, Processes: 0, start.ProcessorsMilli);
}
