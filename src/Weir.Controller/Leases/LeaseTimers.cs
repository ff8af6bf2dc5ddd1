using Microsoft.Extensions.Logging;
using Weir.Controller.Access;
using Weir.Controller.Nodes;
using Weir.Controller.Queue;
using Weir.Controller.State;
using Weir.Controller.Store;

namespace Weir.Controller.Leases;

/// <summary>What happens because time passes.</summary>
internal sealed class LeaseTimers(
    ClusterState state,
    LeaseService leases,
    QueueService queue,
    CommitQueue commits,
    AuditLog audit,
    ControllerClock clock,
    ILogger log
)
{
    private const long LongestAway = 600_000;
    private const long JumpWorthTelling = 60_000;
    private const long RememberClockEvery = 10_000;

    private readonly long _started = clock.Now;
    private long _jump;
    private long _remembered;

    /// <summary>Looks at everything once. Called several times a second.</summary>
    public void Tick()
    {
        lock (state.Gate)
        {
            long now = clock.Now;
            foreach (var node in state.Nodes.Values.ToArray())
            {
                NodeService.Watch(node, now);
            }
            foreach (var lease in state.Leases.Values.ToArray())
            {
                if (lease.Durable && Over(lease, now) is { } reason)
                {
                    leases.End(lease, reason);
                }
            }
            queue.Tick();
            WatchClock(now);
        }
    }

    private string? Over(LeaseState lease, long now)
    {
        if (lease.ExpiresAt <= now)
        {
            return "its life time ended";
        }
        bool all = true;
        foreach (string name in lease.Nodes)
        {
            if (!state.Nodes.TryGetValue(name, out var node))
            {
                return $"node {name} was removed";
            }
            if (node.Link is null)
            {
                all = false;
                if (now - Math.Max(node.LastSeen, _started) > LongestAway)
                {
                    return $"node {name} was away for too long";
                }
            }
            else if (node.Mode == "draining" && node.DrainDeadline <= now && !lease.Released)
            {
                return $"node {name} is drained";
            }
        }
        bool neverCame = lease is { WasHeld: false, Workload: null } && lease.AwaitedUntil < now;
        return all && neverCame ? "no holder came in time" : null;
    }

    private void WatchClock(long now)
    {
        if (Math.Abs(clock.Jump - _jump) > JumpWorthTelling)
        {
            _jump = clock.Jump;
            log.LogWarning(
                "the machine's clock was set by {Seconds} s; leases and tokens go on by the time that really passed",
                _jump / 1000
            );
            audit.Add(Caller.Controller, "clock.set", "controller", $"{_jump} ms");
        }
        if (now - _remembered > RememberClockEvery)
        {
            _remembered = now;
            commits.Post(
                new StoreWrite(Writes.Meta("clock", now.ToString(System.Globalization.CultureInfo.InvariantCulture)))
            );
        }
    }
}
