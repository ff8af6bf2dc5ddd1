using Weir.Controller.Access;
using Weir.Controller.Leases;
using Weir.Controller.Nodes;
using Weir.Controller.State;
using Weir.Controller.Store;
using Weir.Protocol.Agents;
using Weir.Protocol.Rest;
using WorkloadState = Weir.Controller.State.WorkloadState;

namespace Weir.Controller.Workloads;

/// <summary>Takes in batch workloads, starts them when there is room, and keeps how they ended.</summary>
internal sealed class WorkloadService(
    ClusterState state,
    CommitQueue commits,
    ControllerClock clock,
    AuditLog audit,
    LeaseService leases,
    OutputStore outputs
)
{
    private const uint StopGraceMs = 10_000;

    /// <summary>Why the pool could never give a claim what it asks for. Called under the gate.</summary>
    public Func<ResolvedClaim, bool, ControlException?> WhyNever { get; set; } = (_, _) => null;

    /// <summary>Queues a workload, or all elements of an array.</summary>
    /// <param name="caller">Who submits.</param>
    /// <param name="request">What.</param>
    /// <param name="ended">Looks up workloads that are not in memory any more.</param>
    public async Task<SubmitView> SubmitAsync(
        Caller caller,
        WorkloadRequest request,
        Func<string, WorkloadState?> ended
    )
    {
        List<WorkloadState> added = [];
        string id = Identifiers.New("w");
        lock (state.Gate)
        {
            var whole = WorkloadRules.Check(state, caller, request);
            ClaimRules.Project(state, caller, whole.Project!);
            if (whole.Claim is { } claim)
            {
                whole = whole with { Claim = claim with { Project = whole.Project } };
                var resolved = ClaimRules.Resolve(state, caller, whole.Claim);
                if (WhyNever(resolved, whole.Requeue) is { } never)
                {
                    throw never;
                }
            }
            string? blocked = Dependencies.Check(state, caller, whole.After, ended);
            for (int i = 0; i < Math.Max(1, whole.Array); i++)
            {
                var workload = new WorkloadState
                {
                    Id = whole.Array > 0 ? $"{id}.{i}" : id,
                    State = blocked is null ? "queued" : "waiting",
                    Reason = blocked,
                    Project = whole.Project!,
                    User = caller.User,
                    Request = whole,
                    ArrayIndex = whole.Array > 0 ? i : null,
                    SubmittedAt = clock.Now,
                };
                state.Workloads.Add(workload.Id, workload);
                added.Add(workload);
                commits.Post(new StoreWrite(Writes.Workload(workload)));
            }
            audit.Add(caller, "workload.submit", id, string.Join(' ', whole.Command));
        }
        await commits.FlushAsync();
        lock (state.Gate)
        {
            leases.RoomChanged();
            return new SubmitView(id, [.. added.Select(WorkloadViews.Of)]);
        }
    }

    /// <summary>Cancels a workload, or all elements of an array.</summary>
    public async Task<List<WorkloadView>> CancelAsync(Caller caller, string id)
    {
        List<WorkloadState> found;
        lock (state.Gate)
        {
            found = Find(caller, id);
            audit.Add(caller, "workload.cancel", id);
            foreach (var workload in found)
            {
                if (workload.OnNode)
                {
                    workload.Cancelling = true;
                    Stop(workload, $"cancelled by {caller.User}");
                }
                else if (!workload.Ended)
                {
                    Finish(workload, "cancelled", $"cancelled by {caller.User}");
                }
            }
        }
        await commits.FlushAsync();
        lock (state.Gate)
        {
            return [.. found.Select(WorkloadViews.Of)];
        }
    }

    /// <summary>The workload, or the elements of the array, that the caller may touch. Called under the gate.</summary>
    public List<WorkloadState> Find(Caller caller, string id)
    {
        List<WorkloadState> found =
        [
            .. state.Workloads.Values.Where(workload =>
                (workload.Id == id || workload.Id.StartsWith(id + ".", StringComparison.Ordinal))
                && caller.MayTouch(state, workload.User, workload.Project)
            ),
        ];
        return found.Count > 0
            ? found
            : throw ControlException.Unknown(
                "unknown-workload",
                $"there is no workload {id} of yours: `weir ps --all` lists them"
            );
    }

    /// <summary>Starts a queued workload on these slices; throws status 409 when no node has room for its process. Called under the gate.</summary>
    public void Start(WorkloadState workload, ResolvedClaim? claim, IReadOnlyList<SliceView>? slices) =>
        Start(workload, RunNodes.Choose(state, workload.Request, slices?[0].Node), claim, slices);

    /// <summary>Stops its process; it is queued again when that has ended, and the try does not count. Called under the gate.</summary>
    public void StopForOthers(WorkloadState workload, string reason)
    {
        workload.StoppedAttempt = workload.Attempt;
        workload.Stops++;
        workload.Reason = reason;
        commits.Post(new StoreWrite(Writes.Workload(workload)));
        Stop(workload, reason);
    }

    /// <summary>The agent says how a workload does. Called under the gate.</summary>
    public void Take(NodeState node, WorkloadReport report)
    {
        if (
            !state.Workloads.TryGetValue(report.Workload, out var workload)
            || workload.Node != node.Name
            || workload.Attempt != report.Attempt
            || !workload.OnNode
        )
        {
            return;
        }
        workload.StartedAt = report.StartedMs > 0 ? report.StartedMs : workload.StartedAt;
        if (report.State == Weir.Protocol.Agents.WorkloadState.WorkloadRunning)
        {
            if (workload.State != "running")
            {
                workload.State = "running";
                workload.Reason = null;
                workload.StartedAt ??= clock.Now;
                commits.Post(new StoreWrite(Writes.Workload(workload)));
            }
            return;
        }
        workload.ExitCode = report.Signal != 0 ? 128 + report.Signal : report.ExitCode;
        string reason =
            report.Signal != 0 && report.Reason is "" or "signal" ? $"signal {report.Signal}" : report.Reason;
        AttemptEnded(workload, report is { ExitCode: 0, Signal: 0 } && reason is "" or "exited", reason);
    }

    /// <summary>Output of a workload: kept, then acknowledged.</summary>
    public void TakeOutput(NodeState node, AgentLink link, WorkloadOutput output)
    {
        lock (state.Gate)
        {
            if (
                !state.Workloads.TryGetValue(output.Workload, out var workload)
                || workload.Node != node.Name
                || workload.Attempt != output.Attempt
            )
            {
                return;
            }
        }
        long kept = outputs.Append(output.Workload, (int)output.Attempt, (long)output.Offset, output.Data.Span);
        lock (state.Gate)
        {
            if (state.Workloads.TryGetValue(output.Workload, out var workload) && workload.Attempt == output.Attempt)
            {
                workload.OutputBytes = kept;
                if (output.Last)
                {
                    commits.Post(new StoreWrite(Writes.Workload(workload)));
                }
            }
        }
        link.Send(
            new ControllerMessage
            {
                OutputAcknowledged = new OutputAcknowledged
                {
                    Workload = output.Workload,
                    Attempt = output.Attempt,
                    Offset = (ulong)kept,
                },
            }
        );
    }

    /// <summary>What the returned agent has, against what it should have. Called under the gate.</summary>
    public void Reconcile(NodeState node, AgentLink link, IEnumerable<WorkloadReport> reports, LeaseSet set)
    {
        HashSet<(string, uint)> there = [];
        foreach (var report in reports)
        {
            there.Add((report.Workload, report.Attempt));
            Take(node, report);
        }
        foreach (var workload in state.Workloads.Values.Where(one => one.OnNode && one.Node == node.Name).ToArray())
        {
            if (!there.Contains((workload.Id, (uint)workload.Attempt)))
            {
                if (workload.State == "starting" && !workload.Cancelling)
                {
                    // It never arrived, so that try does not count.
                    EndLease(workload, "the workload did not start");
                    workload.Attempt--;
                    Requeue(workload, $"node {node.Name} did not get it");
                }
                else
                {
                    AttemptEnded(workload, false, $"node {node.Name} lost it");
                }
                continue;
            }
            set.Workloads.Add(new WorkloadKey { Workload = workload.Id, Attempt = (uint)workload.Attempt });
            if (workload.Cancelling)
            {
                Stop(workload, "cancelled");
            }
        }
    }

    /// <summary>After a start of the controller: leases of workloads that did not come to run are over. Called under the gate.</summary>
    public void EndStrayLeases()
    {
        foreach (var lease in state.Leases.Values.Where(lease => lease.Workload is not null).ToArray())
        {
            if (
                !(
                    state.Workloads.TryGetValue(lease.Workload!, out var workload)
                    && workload.OnNode
                    && workload.Lease == lease.Id
                )
            )
            {
                leases.End(lease, "its workload does not run");
            }
        }
    }

    private void Start(WorkloadState workload, string node, ResolvedClaim? claim, IReadOnlyList<SliceView>? slices)
    {
        void Begin(string? lease)
        {
            workload.State = "starting";
            workload.Node = node;
            workload.Lease = lease;
            workload.Attempt++;
            workload.Reason = null;
            workload.ExitCode = null;
            workload.EndedAt = null;
            workload.StartedAt = null;
            workload.OutputBytes = 0;
        }
        if (claim is null)
        {
            Begin(null);
            commits.Post(new StoreWrite(Writes.Workload(workload), () => Locked(() => Send(workload, null))));
            return;
        }
        _ = leases
            .Grant(
                claim with
                {
                    Boot = state.Nodes[node].Boot,
                },
                slices!,
                new GrantCompanion(
                    lease =>
                    {
                        Begin(lease.Id);
                        return Writes.Workload(workload);
                    },
                    grant => Send(workload, grant),
                    () =>
                    {
                        workload.Attempt--;
                        workload.State = "queued";
                        workload.Reason = "the store could not be written";
                    }
                )
            )
            .ContinueWith(grant => grant.Exception, TaskScheduler.Default);
    }

    private void Send(WorkloadState workload, GrantView? grant)
    {
        // An agent that is away now reports later that it does not have it.
        if (
            workload.State != "starting"
            || !state.Nodes.TryGetValue(workload.Node!, out var node)
            || node is not { Reconciled: true, Link: { } link }
        )
        {
            return;
        }
        if (grant is not null && !state.Leases.ContainsKey(grant.Lease.Id))
        {
            // Taken back while the grant was being written: nothing was started.
            AttemptEnded(workload, false, "its lease ended before it started");
            return;
        }
        var request = workload.Request;
        var start = new WorkloadStart
        {
            Workload = workload.Id,
            Attempt = (uint)workload.Attempt,
            User = request.RunAs ?? "",
            Directory = request.Directory ?? "",
            ProcessorsMilli = (uint)(request.ProcessorsMilli ?? 0),
            HostMemoryBytes = (ulong)(request.HostMemoryBytes ?? 0),
            Image = request.Image ?? "",
            TimeLimitMs = (ulong)(request.TimeLimitMs ?? 0),
            Ticket = grant?.Ticket.ToJson() ?? "",
            Project = workload.Project,
        };
        start.Command.AddRange(request.Command);
        foreach (var (name, value) in request.Environment ?? new Dictionary<string, string>())
        {
            start.Environment[name] = value;
        }
        start.Environment["WEIR_WORKLOAD"] = workload.Id;
        start.Environment["WEIR_ATTEMPT"] = $"{workload.Attempt}";
        if (workload.ArrayIndex is { } index)
        {
            start.Environment["WEIR_ARRAY_INDEX"] = $"{index}";
            start.Environment["WEIR_ARRAY_SIZE"] = $"{request.Array}";
        }
        foreach (var mount in request.Mounts ?? [])
        {
            start.Mounts.Add(
                new Mount
                {
                    Kind = mount.Kind,
                    Source = mount.Source,
                    Target = mount.Target,
                    ReadOnly = mount.ReadOnly,
                }
            );
        }
        link.Send(new ControllerMessage { WorkloadStart = start });
        if (workload.Cancelling)
        {
            Stop(workload, "cancelled");
        }
    }

    private void Stop(WorkloadState workload, string reason)
    {
        if (state.Nodes.TryGetValue(workload.Node ?? "", out var node) && node.Link is { } link)
        {
            link.Send(
                new ControllerMessage
                {
                    WorkloadStop = new WorkloadStop
                    {
                        Workload = workload.Id,
                        Attempt = (uint)workload.Attempt,
                        GraceMs = StopGraceMs,
                        Reason = reason,
                    },
                }
            );
        }
    }

    private void AttemptEnded(WorkloadState workload, bool success, string reason)
    {
        EndLease(workload, "its workload ended");
        if (workload.Cancelling)
        {
            Finish(workload, "cancelled", "cancelled");
        }
        else if (success)
        {
            Finish(workload, "succeeded", "exited");
        }
        else if (workload.StoppedAttempt == workload.Attempt)
        {
            Requeue(workload, workload.Reason ?? "it was stopped for others");
        }
        else if (workload.Attempt - workload.Stops <= workload.Request.Retries)
        {
            Requeue(workload, $"try {workload.Attempt} ended: {reason}");
        }
        else
        {
            Finish(workload, "failed", reason);
        }
    }

    private void EndLease(WorkloadState workload, string reason)
    {
        if (workload.Lease is { } id && state.Leases.TryGetValue(id, out var lease))
        {
            leases.End(lease, reason);
        }
    }

    private void Requeue(WorkloadState workload, string reason)
    {
        workload.State = "queued";
        workload.Reason = reason;
        commits.Post(new StoreWrite(Writes.Workload(workload)));
        leases.RoomChanged();
    }

    private void Finish(WorkloadState workload, string ended, string reason)
    {
        workload.State = ended;
        workload.Reason = reason;
        workload.EndedAt = clock.Now;
        commits.Post(new StoreWrite(Writes.Workload(workload)));
        foreach (var waiting in state.Workloads.Values.Where(one => one.State == "waiting").ToArray())
        {
            switch (Dependencies.Look(state, waiting))
            {
                case Dependencies.Met:
                    Requeue(waiting, "");
                    break;
                case Dependencies.Broken:
                    Finish(waiting, "cancelled", "a workload that it depends on did not succeed");
                    break;
            }
        }
        leases.RoomChanged();
    }

    private void Locked(Action action)
    {
        lock (state.Gate)
        {
            action();
        }
    }
}
