using Weir.Controller.Metering;
using Weir.Controller.Sessions;
using Weir.Controller.State;
using Weir.Controller.Store;
using Weir.Protocol.Agents;
using SessionState = Weir.Controller.State.SessionState;

namespace Weir.Controller.Nodes;

/// <summary>Which sessions there are, and what they use. Called under the gate.</summary>
internal sealed class SessionBook(
    ClusterState state,
    CommitQueue commits,
    ControllerClock clock,
    LeaseRooms rooms,
    UsageMeter meter
)
{
    /// <summary>A session opened or ended on the node.</summary>
    public void Take(NodeState node, SessionReport report)
    {
        bool known = state.Sessions.TryGetValue(Key(node, report.Session), out var session);
        if (known && session!.Node != node.Name)
        {
            return;
        }
        if (!known)
        {
            // Of a lease that ended meanwhile: what it used is history all the same, in nobody's name but the lease's.
            state.Leases.TryGetValue(report.Lease, out var lease);
            if (lease is not null && !lease.IsOn(node.Name))
            {
                return;
            }
            session = new SessionState
            {
                Id = Key(node, report.Session),
                Lease = report.Lease,
                Epoch = report.Epoch,
                Node = node.Name,
                Project = lease?.Project ?? "",
                User = lease?.User ?? "",
                StartedAt = report.StartedMs,
                BusyAt = clock.Now,
            };
        }
        session!.Program = report.ClientProgram;
        session.Process = report.ClientProcess;
        session.Host = report.ClientHost;
        session.Devices = [.. report.Devices];
        session.Condition = report.State switch
        {
            Weir.Protocol.Agents.SessionState.SessionParked => "parked",
            Weir.Protocol.Agents.SessionState.SessionWaiting => "waiting",
            _ => "attached",
        };
        bool hasEnded = report.State == Weir.Protocol.Agents.SessionState.SessionEnded;
        foreach (var usage in report.Usage)
        {
            Use(session, usage);
            meter.Report(session, usage, clock.Now, hasEnded);
        }
        if (hasEnded && report.Usage.Count == 0)
        {
            meter.Ended(session, clock.Now);
        }
        if (report.State == Weir.Protocol.Agents.SessionState.SessionEnded)
        {
            End(session, report.EndedMs > 0 ? report.EndedMs : clock.Now, report.Reason);
        }
        else if (!known)
        {
            state.AddSession(session);
            commits.Post(new StoreWrite(Writes.Session(session)));
        }
        rooms.SessionsChanged(session.Lease);
    }

    /// <summary>Sessions that the node no longer has ended while nobody watched.</summary>
    public void Reconcile(NodeState node, IEnumerable<SessionReport> reports)
    {
        HashSet<string> there = [];
        foreach (var report in reports)
        {
            there.Add(Key(node, report.Session));
            Take(node, report);
        }
        foreach (var session in state.Sessions.Values.Where(session => session.Node == node.Name).ToArray())
        {
            if (!there.Contains(session.Id))
            {
                meter.Ended(session, clock.Now);
                End(session, clock.Now, "ended while the controller or the agent was away");
            }
        }
    }

    /// <summary>What is used now.</summary>
    public void Beat(NodeState node, Heartbeat heartbeat)
    {
        meter.Heard(node.Name, clock.Now);
        foreach (var usage in heartbeat.Devices)
        {
            if (state.Devices.TryGetValue(usage.Uuid, out var device) && device.Node == node.Name)
            {
                device.MemoryUsed = Math.Min((long)usage.MemoryBytes, device.Memory);
                device.ComputeUsed = Share(usage.BusyNs, device.BusyNs, NodeService.HeartbeatMs) / device.Units;
                device.BusyNs = usage.BusyNs;
            }
        }
        foreach (var usage in heartbeat.Sessions)
        {
            if (state.Sessions.TryGetValue(Key(node, usage.Session), out var session))
            {
                Use(session, usage);
                meter.Report(session, usage, clock.Now, hasEnded: false);
            }
        }
    }

    private static string Key(NodeState node, string session) => $"{node.Name}/{session}";

    private static double Share(ulong busyNs, ulong before, long overMs) =>
        busyNs <= before || overMs <= 0 ? 0 : (busyNs - before) / (overMs * 10_000.0);

    private void Use(SessionState session, SessionUsage usage)
    {
        long now = clock.Now;
        int units = state.Devices.GetValueOrDefault(usage.Device)?.Units ?? 1;
        session.ComputeUsed = Share(usage.BusyNs, session.BusyNs, now - session.BusyAt) / units;
        session.BusyNs = usage.BusyNs;
        session.BusyAt = now;
        session.Memory = (long)usage.MemoryBytes;
        session.Launches = (long)usage.Launches;
    }

    private void End(SessionState session, long at, string reason)
    {
        session.EndedAt = at;
        session.Reason = reason;
        state.RemoveSession(session);
        commits.Post(new StoreWrite(Writes.Session(session)));
    }
}
