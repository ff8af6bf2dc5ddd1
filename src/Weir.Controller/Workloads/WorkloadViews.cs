using Weir.Controller.State;
using Weir.Protocol.Rest;

namespace Weir.Controller.Workloads;

/// <summary>Workloads as people see them.</summary>
internal static class WorkloadViews
{
    public static WorkloadView Of(WorkloadState workload) =>
        new(
            workload.Id,
            workload.Request.Name ?? "",
            workload.State,
            workload.Project,
            workload.User,
            workload.Request.Command,
            workload.Node,
            workload.Lease,
            workload.Attempt,
            workload.ExitCode,
            workload.Reason,
            workload.SubmittedAt,
            workload.StartedAt,
            workload.EndedAt,
            workload.OutputBytes
        );
}
