using Weir.Agent.Leases;
using Weir.Protocol.Agents;

namespace Weir.Agent.Sessions;

/// <summary>
/// Leases that are asked to leave their devices for others: all of their sessions are parked and none comes back before the controller
/// says so, or, when one of them cannot be parked, all go on. The controller is answered once, and always. Called under the node's lock.
/// </summary>
internal sealed class LeaseYields(Node node)
{
    // Resting takes a worker 20 s at most, and a session that has been promised waits 30 s for its client; then the disk counts.
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60);

    private readonly Dictionary<LeaseState, Timer> _asked = [];

    /// <summary>The controller asks.</summary>
    public void Yield(LeaseYield order)
    {
        if (node.Leases.Find(order.Lease) is not { } lease || lease.Epoch != order.Epoch)
        {
            Answer(order.Lease, order.Epoch, "this node does not know the lease");
            return;
        }
        if (_asked.ContainsKey(lease))
        {
            return;
        }
        Log.Info($"lease {lease.Name}: its slices are for others ({order.Reason})");
        lease.IsReleased = true;
        _asked.Add(lease, new Timer(_ => OutOfTime(lease), null, s_patience, Timeout.InfiniteTimeSpan));
        foreach (ClientSession session in lease.Sessions.ToArray())
        {
            Ask(session);
        }
        Look(lease);
    }

    /// <summary>A session opened, ended, or is elsewhere than it was.</summary>
    public void Changed(ClientSession session)
    {
        if (_asked.ContainsKey(session.Lease))
        {
            Ask(session);
            Look(session.Lease);
        }
    }

    /// <summary>A session could not be parked: the whole lease goes on. False when that was not the lease's yielding.</summary>
    public bool Failed(ClientSession session, string reason)
    {
        if (!_asked.ContainsKey(session.Lease))
        {
            return false;
        }
        GoOn(session.Lease, $"session {session.Record.Session}: {reason}");
        return true;
    }

    /// <summary>The controller says anew what of the lease is so, or it is over: nobody waits for the answer.</summary>
    public void Forget(LeaseState lease)
    {
        if (_asked.Remove(lease, out Timer? timer))
        {
            timer.Dispose();
        }
    }

    private void Ask(ClientSession session)
    {
        if (session is not { IsOpen: true, Condition: SessionCondition.Attached, Errand: null, EndReason: null })
        {
            // What is under way with it, or its coming back, ends first; then it is asked.
            return;
        }
        var command = new SessionCommand
        {
            Session = session.Record.Session,
            Action = SessionAction.SessionPark,
            Reason = "its lease yields",
        };
        if (SessionCommandRules.Refusal(session, command) is not { } reason)
        {
            node.Mover.Obey(command);
        }
        else if (!session.IsHandedOver || session.Segment >= 0)
        {
            Failed(session, reason);
        }
        // Otherwise its worker has not sent what a session is moved by, which it does a moment after it has begun.
    }

    /// <summary>A session has ended, or something else is so that may have been waited for.</summary>
    public void Look(LeaseState lease)
    {
        if (
            _asked.ContainsKey(lease)
            && lease.Sessions.All(session =>
                session is { Condition: not SessionCondition.Attached, IsComingBack: false, Errand: null }
            )
        )
        {
            Forget(lease);
            Answer(lease.Name, lease.Epoch, "");
        }
    }

    private void GoOn(LeaseState lease, string reason)
    {
        Forget(lease);
        Answer(lease.Name, lease.Epoch, reason);
        node.Mover.Reconciled(lease, isReleased: false);
        // Who waits for a worker of this lease may have one.
        Monitor.PulseAll(node.Gate);
    }

    private void OutOfTime(LeaseState lease)
    {
        lock (node.Gate)
        {
            if (_asked.ContainsKey(lease))
            {
                GoOn(lease, $"it was not off its devices within {s_patience.TotalSeconds:0} s");
            }
        }
    }

    private void Answer(string lease, ulong epoch, string refusal) =>
        node.Tell(
            new AgentMessage
            {
                Yielded = new LeaseYielded
                {
                    Lease = lease,
                    Epoch = epoch,
                    Refusal = refusal,
                },
            }
        );
}
