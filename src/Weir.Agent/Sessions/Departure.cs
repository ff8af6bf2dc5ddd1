using System.Diagnostics;
using Weir.Agent.Channels;
using Weir.Agent.Workers;
using Weir.Protocol.Agents;
using Weir.Remote.Control;
using Weir.Remote.Leases;
using Weir.Remote.Workers;
using SessionAnswer = Weir.Protocol.Agents.SessionAnswer;

namespace Weir.Agent.Sessions;

/// <summary>
/// One session's way to another node, from here: its memory is copied while the program goes on, then it stands, its worker waits, the rest is
/// copied, a worker over there takes it, and the program's relay changes over. Until the relay says so the session is this node's, and whatever
/// fails, its worker goes on. On a thread of its own.
/// </summary>
/// <param name="node">This node.</param>
/// <param name="session">The session.</param>
/// <param name="request">The controller's number of what it asked; 0: an agent before this one was asked, and decided already.</param>
/// <param name="target">Where it goes; null with <paramref name="request"/> 0.</param>
internal sealed class Departure(Node node, ClientSession session, ulong request, MoveTarget? target)
{
    // Passes over the memory while the program goes on; it stops sooner when little is left, or when it does not get less.
    private const int MostPasses = 6;
    private const long LittleBytes = 16 << 20;
    private const double WorthAnother = 0.7;
    private static readonly TimeSpan s_workerPatience = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan s_relayPatience = TimeSpan.FromSeconds(40);
    private static readonly TimeSpan s_endPatience = TimeSpan.FromSeconds(5);

    private readonly string _folder = session.Image ?? node.Sessions.ImageOf(session);
    private readonly bool _wasParked = session.Condition != SessionCondition.Attached;
    private readonly List<long> _passes = [];
    private (byte Kind, StateReport Report)? _said;
    private ControlMessage? _heard;
    private bool _isHeld;
    private bool _isAnnounced;
    private bool _holderHasGone;
    private bool _workerHasGone;
    private string? _lastWord;

    /// <summary>Begins.</summary>
    public void Start() => new Thread(Run) { IsBackground = true, Name = "departure" }.Start();

    /// <summary>The agent before this one decided that it goes: waits for what became of it.</summary>
    public void Await() => new Thread(AwaitOutcome) { IsBackground = true, Name = "departure" }.Start();

    /// <summary>The session's worker has said something. Under the node's lock.</summary>
    public void Said(byte kind, StateReport report)
    {
        _said = (kind, report);
        Monitor.PulseAll(node.Gate);
    }

    /// <summary>The program's holder has said something. Under the node's lock.</summary>
    public void Heard(ControlMessage message)
    {
        _heard = message;
        Monitor.PulseAll(node.Gate);
    }

    /// <summary>A holder's channel has closed. Under the node's lock.</summary>
    public void HolderGone(HolderChannel holder)
    {
        _holderHasGone |= holder == session.Channel;
        Monitor.PulseAll(node.Gate);
    }

    /// <summary>The session's worker has ended. Under the node's lock.</summary>
    /// <param name="lastWord">What it said of the session's end; null: it was killed.</param>
    public void WorkerGone(string? lastWord)
    {
        _workerHasGone = true;
        _lastWord = lastWord;
        Monitor.PulseAll(node.Gate);
    }

    private void Run()
    {
        DepartureChannel? there = null;
        try
        {
            lock (node.Gate)
            {
                if (session.Channel is null)
                {
                    throw new MoveException(
                        "the broker beside its program is not there, or the node's agent was started again since the session began"
                    );
                }
            }
            there = DepartureChannel.Open(target!, session.Record, session.Lease.Name, Host());
            lock (node.Gate)
            {
                _isAnnounced = true;
                session.Channel?.Tell(new MoveComing(session.Record.Session, (long)target!.Epoch, Shard()));
            }
            CopyWhileItRuns(there);
            StateReport state = Ask(WorkerMessage.HandOver, "the worker has not handed it over");
            // It has stood for as long as its worker says, and does still.
            long since = Stopwatch.GetTimestamp();
            _isHeld = true;
            _passes.Add(there.Send(_folder));
            SessionOffer offer = there.Take();
            Announce(offer, state);
            AwaitReady();
            if (!Decide(there))
            {
                AwaitOutcome();
                return;
            }
            Finish(TimeSpan.FromMilliseconds(state.PauseMilliseconds) + Stopwatch.GetElapsedTime(since), state);
        }
        catch (Exception failure) when (failure is MoveException or IOException or UnauthorizedAccessException)
        {
            RollBack(failure.Message);
            // A worker over there that waits for the relay waits in vain.
            _ = there?.HasBegun();
        }
        finally
        {
            there?.Dispose();
        }
    }

    // For the node over there: where the client is.
    private string Host() => session.Record.ClientHost.Length > 0 ? session.Record.ClientHost : node.Config.Node;

    private void CopyWhileItRuns(DepartureChannel there)
    {
        long before = long.MaxValue;
        for (int pass = 0; pass < MostPasses && !_wasParked; pass++)
        {
            _ = Ask(WorkerMessage.Copy, "the worker has not copied its memory");
            long sent = there.Send(_folder);
            _passes.Add(sent);
            if (sent <= LittleBytes || sent > before * WorthAnother)
            {
                return;
            }
            before = sent;
        }
    }

    private StateReport Ask(byte kind, string problem)
    {
        lock (node.Gate)
        {
            _said = null;
            var order = new StateOrder(_folder, LeavesNode: true);
            if (!WorkerFarm.Tell(session.Worker, kind, SessionMover.Encode(order)))
            {
                throw new MoveException("its worker has just ended");
            }
            if (!Await(() => _said is not null, s_workerPatience))
            {
                throw new MoveException(_workerHasGone ? Gone : problem);
            }
            (byte answer, StateReport report) = _said!.Value;
            return answer != WorkerMessage.Refused
                ? report
                : throw new MoveException(report.Reason ?? "its worker refused");
        }
    }

    private ShardTicket Shard()
    {
        Share share = target!.Share;
        return new ShardTicket(
            target.Node,
            target.Address,
            target.Fingerprint,
            null,
            [new DeviceTicket(share.Uuid, (int)share.Ordinal, (int)share.Compute, (long)share.MemoryBytes)]
        );
    }

    private void Announce(SessionOffer offer, StateReport state)
    {
        var move = new MoveSession(session.Record.Session, (long)target!.Epoch, Shard(), offer, state);
        lock (node.Gate)
        {
            _heard = null;
            // Duplicates: the session may end, and with it its own, before they are sent.
            session.Channel?.Tell(move, session.Record.IsRemote ? [] : session.Duplicates());
        }
    }

    private void AwaitReady()
    {
        lock (node.Gate)
        {
            if (!Await(() => _heard is not null, s_relayPatience))
            {
                throw new MoveException(
                    _holderHasGone ? "the broker beside its program has gone"
                    : _workerHasGone ? Gone
                    : "the relay beside its program did not get ready"
                );
            }
            if (_heard is MoveReady { Reason: { } reason })
            {
                throw new MoveException(reason);
            }
        }
    }

    // From here on an agent that comes after this one must not have the worker go on by itself. False: nobody knows what came of it.
    private bool Decide(DepartureChannel there)
    {
        lock (node.Gate)
        {
            SetLeaving(true);
            _heard = null;
            session.Channel?.Tell(new MoveDecided(session.Record.Session, true));
            _ = Await(() => _heard is not null, s_relayPatience);
            if (_heard is SessionMoved)
            {
                return true;
            }
            if (_heard is MoveReady { Reason: { } reason })
            {
                SetLeaving(false);
                throw new MoveException(reason);
            }
        }
        // The holder has gone, or is silent. The worker over there has begun, or it is ended now and never will.
        bool? hasBegun = there.HasBegun();
        lock (node.Gate)
        {
            if (hasBegun == false)
            {
                SetLeaving(false);
                throw new MoveException("the relay beside its program has gone");
            }
            return hasBegun == true;
        }
    }

    private void Finish(TimeSpan pause, StateReport state)
    {
        Log.Info($"session {session.Record.Session} is at node {target!.Node} now");
        lock (node.Gate)
        {
            Leave($"moved to node {target.Node}", pause, state);
        }
    }

    private void Leave(string reason, TimeSpan pause, StateReport state)
    {
        session.Errand = null;
        Worker worker = session.Worker;
        // Its end is not the session's any more.
        (worker.Session, worker.IsSpent, worker.IsAttached) = (null, true, false);
        if (!WorkerFarm.Tell(worker, WorkerMessage.Leave, []))
        {
            WorkerFarm.Kill(worker);
        }
        session.EndReason = reason;
        node.Sessions.Ended(session, "");
        var answer = new SessionAnswer
        {
            Request = request,
            PauseMs = (uint)Math.Ceiling(pause.TotalMilliseconds),
            Bytes = (ulong)state.Bytes,
            WrittenBytes = (ulong)_passes.Sum(),
        };
        answer.PassBytes.AddRange(_passes.Select(bytes => (ulong)bytes));
        node.Tell(new AgentMessage { SessionAnswer = answer });
    }

    private string Gone => _lastWord is null ? "its worker has died" : "the session has ended";

    private void RollBack(string reason)
    {
        Log.Error($"session {session.Record.Session} stays here: {reason}");
        lock (node.Gate)
        {
            if (_isAnnounced)
            {
                session.Channel?.Tell(new MoveDecided(session.Record.Session, false));
            }
            session.Errand = null;
            if (_isHeld && !_workerHasGone)
            {
                node.Mover.GoOn(session, _wasParked);
            }
            node.Tell(
                new AgentMessage
                {
                    SessionAnswer = new SessionAnswer { Request = request, Refusal = reason },
                }
            );
            if (_workerHasGone)
            {
                node.Mover.WorkerLost(session, _lastWord);
            }
            node.Yields.Changed(session);
        }
    }

    private void AwaitOutcome()
    {
        lock (node.Gate)
        {
            long until = Environment.TickCount64 + (long)(session.Lease.Grace + s_endPatience).TotalMilliseconds;
            while (session.EndReason is null)
            {
                int left = (int)(until - Environment.TickCount64);
                switch (_heard)
                {
                    case SessionMoved:
                        Leave("moved to another node", TimeSpan.Zero, new StateReport());
                        return;
                    case MoveReady { Reason: not null }:
                        SetLeaving(false);
                        session.Errand = null;
                        node.Mover.GoOn(session, _wasParked);
                        return;
                    case MoveReady:
                        // It had not heard the decision, which stands.
                        _heard = null;
                        foreach (HolderChannel holder in session.Lease.Holders)
                        {
                            holder.Tell(new MoveDecided(session.Record.Session, true));
                        }
                        break;
                }
                if (left <= 0)
                {
                    node.Sessions.End(
                        session,
                        "it was on its way to another node when the agent and the program's broker both ended"
                    );
                    return;
                }
                _ = Monitor.Wait(node.Gate, left);
            }
        }
    }

    private void SetLeaving(bool isLeaving)
    {
        session.Record = session.Record with { IsLeaving = isLeaving };
        node.Sessions.Keep(session);
        node.Tell(new AgentMessage { Session = session.ToMessage() });
    }

    // Under the lock, which is given up meanwhile.
    private bool Await(Func<bool> condition, TimeSpan limit)
    {
        long until = Environment.TickCount64 + (long)limit.TotalMilliseconds;
        while (!condition())
        {
            if (session.EndReason is { } ending)
            {
                throw new MoveException($"the session is ending: {ending}");
            }
            int left = (int)(until - Environment.TickCount64);
            if (left <= 0 || _holderHasGone || _workerHasGone)
            {
                return false;
            }
            _ = Monitor.Wait(node.Gate, left);
        }
        return true;
    }
}
