namespace Weir.Protocol.Rest;

/// <summary>A batch workload: body of POST /v1/workloads.</summary>
public sealed record WorkloadRequest
{
    /// <summary>For people; null: the program's name.</summary>
    public string? Name { get; set; }

    /// <summary>Program and arguments.</summary>
    public IReadOnlyList<string> Command { get; set; } = [];

    /// <summary>System user that it runs as; null: the submitter. Only an operator may name another.</summary>
    public string? RunAs { get; set; }

    /// <summary>Working directory; null: the user's home.</summary>
    public string? Directory { get; set; }

    /// <summary>Environment beside the agent's usual one.</summary>
    public IReadOnlyDictionary<string, string>? Environment { get; set; }

    /// <summary>Thousandths of a processor; null: the template's.</summary>
    public int? ProcessorsMilli { get; set; }

    /// <summary>Host memory in bytes; null: the template's.</summary>
    public long? HostMemoryBytes { get; set; }

    /// <summary>Mounts.</summary>
    public IReadOnlyList<MountView>? Mounts { get; set; }

    /// <summary>Container image; null: none.</summary>
    public string? Image { get; set; }

    /// <summary>Node that the process runs on; null: the node of its first device, else any.</summary>
    public string? RunOn { get; set; }

    /// <summary>The process is stopped after so long; null: no limit.</summary>
    public long? TimeLimitMs { get; set; }

    /// <summary>How many times it is tried again after a failure.</summary>
    public int Retries { get; set; }

    /// <summary>It may be stopped for others and is queued again then; it also lets it use more than its project's quota.</summary>
    public bool Requeue { get; set; }

    /// <summary>Copies, each with WEIR_ARRAY_INDEX from 0; 0: not an array.</summary>
    public int Array { get; set; }

    /// <summary>Workloads that must have ended with success before.</summary>
    public IReadOnlyList<string>? After { get; set; }

    /// <summary>Devices; null: none.</summary>
    public ClaimRequest? Claim { get; set; }

    /// <summary>Project, when there is no claim that names it.</summary>
    public string? Project { get; set; }
}

/// <summary>A mount of a workload.</summary>
/// <param name="Kind">"host" or "nfs".</param>
/// <param name="Source">A path of the node, or "server:/path".</param>
/// <param name="Target">Where it appears.</param>
/// <param name="ReadOnly">Whether it can only be read.</param>
public sealed record MountView(string Kind, string Source, string Target, bool ReadOnly);

/// <summary>A workload as people see it.</summary>
/// <param name="Id">"w-…", an element of an array "w-….3".</param>
/// <param name="Name">For people.</param>
/// <param name="State">"waiting" (for others), "queued", "starting", "running", "succeeded", "failed", "cancelled".</param>
/// <param name="Project">Its project.</param>
/// <param name="User">Who submitted it.</param>
/// <param name="Command">Program and arguments.</param>
/// <param name="Node">Where it runs or ran.</param>
/// <param name="Lease">The lease of its current or last attempt.</param>
/// <param name="Attempt">Number of the try, from 1; 0: not tried yet.</param>
/// <param name="ExitCode">Of the last attempt.</param>
/// <param name="Reason">Why it waits, or why it ended.</param>
/// <param name="SubmittedAt">Unix time, milliseconds.</param>
/// <param name="StartedAt">Unix time, milliseconds.</param>
/// <param name="EndedAt">Unix time, milliseconds.</param>
/// <param name="OutputBytes">Output kept of the last attempt.</param>
public sealed record WorkloadView(
    string Id,
    string Name,
    string State,
    string Project,
    string User,
    IReadOnlyList<string> Command,
    string? Node,
    string? Lease,
    int Attempt,
    int? ExitCode,
    string? Reason,
    long SubmittedAt,
    long? StartedAt,
    long? EndedAt,
    long OutputBytes
);

/// <summary>Answer of POST /v1/workloads: one element, or all of an array.</summary>
public sealed record SubmitView(string Id, IReadOnlyList<WorkloadView> Workloads);
