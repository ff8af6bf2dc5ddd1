using Weir.Protocol.Agents;

namespace Weir.Agent.Workloads;

/// <summary>One try of a workload whose program runs, or ran, on this node. Guarded by the node's lock.</summary>
internal sealed class WorkloadRun
{
    /// <summary>What was asked for.</summary>
    public required WorkloadStart Start { get; init; }

    /// <summary>Its folder: output, outcome, ticket.</summary>
    public required string Folder { get; init; }

    /// <summary>Name of its control group.</summary>
    public required string Group { get; init; }

    /// <summary>Unix time in milliseconds.</summary>
    public required long StartedMs { get; init; }

    /// <summary>The keeper's process; 0 when it never ran.</summary>
    public int Keeper { get; set; }

    /// <summary>When that process began, so that its number is not mistaken later.</summary>
    public long KeeperStart { get; set; }

    /// <summary>Why it is being ended; null while it is not.</summary>
    public string? StopReason { get; set; }

    /// <summary>Set when it has ended.</summary>
    public WorkloadReport? End { get; set; }

    /// <summary>Bytes of output that were sent, and that the controller has.</summary>
    public long SentBytes { get; set; }

    /// <inheritdoc cref="SentBytes"/>
    public long AcknowledgedBytes { get; set; }

    /// <summary>The message that nothing follows was sent.</summary>
    public bool IsLastSent { get; set; }

    /// <summary>Where standard output and error go.</summary>
    public string OutputFile => Path.Combine(Folder, "output");

    /// <summary>Where the keeper writes how it ended.</summary>
    public string OutcomeFile => Path.Combine(Folder, "outcome");

    /// <summary>Where the agent writes what was asked for.</summary>
    public string StartFile => Path.Combine(Folder, "start.json");

    /// <summary>Bytes of output now.</summary>
    public long OutputBytes => File.Exists(OutputFile) ? new FileInfo(OutputFile).Length : 0;

    /// <summary>As the controller is told of it.</summary>
    public WorkloadReport ToMessage() =>
        End
        ?? new WorkloadReport
        {
            Workload = Start.Workload,
            Attempt = Start.Attempt,
            State = WorkloadState.WorkloadRunning,
            Process = (uint)Keeper,
            StartedMs = StartedMs,
            OutputBytes = (ulong)OutputBytes,
        };
}
