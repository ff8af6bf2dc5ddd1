using Weir.Protocol.Rest;

namespace Weir.Controller.State;

/// <summary>A batch workload, or one element of an array. Guarded by <see cref="ClusterState.Gate"/>.</summary>
internal sealed class WorkloadState
{
    public required string Id { get; init; }

    /// <summary>"waiting", "queued", "starting", "running", "succeeded", "failed", "cancelled".</summary>
    public string State { get; set; } = "queued";
    public required string Project { get; init; }
    public required string User { get; init; }

    /// <summary>As submitted, with the template's defaults filled in.</summary>
    public required WorkloadRequest Request { get; init; }
    public int? ArrayIndex { get; init; }
    public string? Node { get; set; }
    public string? Lease { get; set; }
    public int Attempt { get; set; }
    public int? ExitCode { get; set; }
    public string? Reason { get; set; }
    public long SubmittedAt { get; init; }
    public long? StartedAt { get; set; }
    public long? EndedAt { get; set; }
    public long OutputBytes { get; set; }

    /// <summary>How often it was stopped for others.</summary>
    public int Stops { get; set; }

    /// <summary>The try that was stopped for others last; 0: none.</summary>
    public int StoppedAttempt { get; set; }

    /// <summary>Someone asked to cancel it while it was starting or running.</summary>
    public bool Cancelling { get; set; }

    public bool Ended => State is "succeeded" or "failed" or "cancelled";

    public bool OnNode => State is "starting" or "running";
}
