using Weir.Agent.Tests.Support;
using Weir.Posix;
using Weir.Protocol.Agents;
using Weir.Remote.Control;
using Weir.Worker.Tests.Support;

namespace Weir.Agent.Tests;

/// <summary>
/// A session's way from one agent to another, stopped at each step while something is killed: real agents and workers; the controller and the program's
/// broker are the test, so that it knows how far they are.
/// </summary>
public class DepartureTests
{
    private const string Secret = "shown by the one, known to the other";

    [Fact]
    public void The_other_node_takes_a_session_and_is_not_believed_when_it_dies_before_the_relay_goes_over()
    {
        using var two = new TwoNodes();
        MoveSession move = two.Depart(1);
        Assert.Equal(two.Served.Session, move.Session);
        Assert.Equal(2, move.Epoch);
        // The one worker of the other node that is not waiting for a session.
        two.KillTakers();
        two.Served.Holder.Tell(new MoveReady(move.Session, "the other worker has gone"));
        Assert.False(two.Served.Holder.Next<MoveDecided>().Moves);
        Assert.Contains("has gone", two.Answer(1).Refusal);
        Assert.True(two.Served.IsWhole());
        // Nothing of it is left: it can be tried again.
        MoveSession again = two.Depart(2);
        two.Served.Holder.Tell(new MoveReady(again.Session, "not today"));
        Assert.Contains("not today", two.Answer(2).Refusal);
        Assert.True(two.Served.IsWhole());
    }

    [Fact]
    public void A_node_that_expects_nothing_refuses_and_nothing_has_changed()
    {
        using var two = new TwoNodes();
        two.Send(1, secret: "something else");
        Assert.Contains("no session of lease l-1 is expected", two.Answer(1).Refusal);
        two.There.Kill();
        two.Send(2);
        Assert.Contains("cannot be reached", two.Answer(2).Refusal);
        Assert.True(two.Served.IsWhole());
        two.There.Restart();
    }

    [Fact]
    public void The_other_agent_dies_while_its_worker_waits_and_the_session_goes_on_here()
    {
        using var two = new TwoNodes();
        MoveSession move = two.Depart(1);
        two.There.Kill();
        two.Served.Holder.Tell(new MoveReady(move.Session, "the other node is out of reach"));
        Assert.Contains("out of reach", two.Answer(1).Refusal);
        Assert.True(two.Served.IsWhole());
        two.There.Restart();
    }

    [Fact]
    public void An_agent_that_dies_undecided_leaves_a_worker_that_the_next_one_has_go_on()
    {
        using var two = new TwoNodes();
        MoveSession move = two.Depart(1);
        two.Here.Kill();
        two.Here.Restart();
        using TestHolder next = TestHolder.Hold(two.Here, two.Served.Lease, move.Session);
        // The relay was ready when the agent died.
        next.Tell(new MoveReady(move.Session, null));
        Assert.False(next.Next<MoveDecided>().Moves);
        Assert.True(two.Served.IsWhole());
        using OperatorClient op = two.Here.Operator();
        SessionReport report = Assert.Single(op.Next(message => message.Report is not null).Report.Sessions);
        Assert.False(report.Leaving);
    }

    [Fact]
    public void What_was_decided_stands_when_the_agent_dies()
    {
        using var two = new TwoNodes();
        MoveSession move = two.Depart(1);
        int worker = two.Served.Client.WorkerId;
        two.Served.Holder.Tell(new MoveReady(move.Session, null));
        Assert.True(two.Served.Holder.Next<MoveDecided>().Moves);
        two.Here.Kill();
        two.Here.Restart();
        using (OperatorClient op = two.Here.Operator())
        {
            SessionReport report = Assert.Single(op.Next(message => message.Report is not null).Report.Sessions);
            Assert.True(report.Leaving);
        }
        using TestHolder next = TestHolder.Hold(two.Here, two.Served.Lease, move.Session);
        // It had not heard the decision, and hears the same one.
        next.Tell(new MoveReady(move.Session, null));
        Assert.True(next.Next<MoveDecided>().Moves);
        next.Tell(new SessionMoved(move.Session));
        Assert.Contains("moved", next.Next<SessionEnded>().Reason);
        ProcessTable.AssertEnd(worker);
    }

    [Fact]
    public void A_relay_that_could_not_go_over_after_the_decision_brings_the_session_back()
    {
        using var two = new TwoNodes();
        MoveSession move = two.Depart(1);
        two.Served.Holder.Tell(new MoveReady(move.Session, null));
        Assert.True(two.Served.Holder.Next<MoveDecided>().Moves);
        two.Served.Holder.Tell(new MoveReady(move.Session, "the other worker has gone"));
        Assert.Contains("has gone", two.Answer(1).Refusal);
        Assert.True(two.Served.IsWhole());
    }

    [Fact]
    public void A_broker_that_dies_after_the_decision_leaves_it_to_the_other_node()
    {
        using var two = new TwoNodes();
        MoveSession move = two.Depart(1);
        two.Served.Holder.Tell(new MoveReady(move.Session, null));
        Assert.True(two.Served.Holder.Next<MoveDecided>().Moves);
        two.Served.Holder.Dispose();
        // The relay never came: the worker over there is ended, and the session is here.
        Assert.Contains("relay", two.Answer(1).Refusal);
        Assert.True(two.Served.IsWhole());
        two.Served.Holder = TestHolder.Hold(two.Here, two.Served.Lease, move.Session);
    }

    [Fact]
    public void A_parked_session_is_parked_again_when_it_could_not_go()
    {
        using var two = new TwoNodes();
        two.Op.Send(two.Command(1, SessionAction.SessionPark));
        Assert.Equal("", two.Answer(1).Refusal);
        MoveSession move = two.Depart(2);
        two.Served.Holder.Tell(new MoveReady(move.Session, "not today"));
        Assert.Contains("not today", two.Answer(2).Refusal);
        two.Op.Send(two.Command(3, SessionAction.SessionResume));
        _ = two.Op.Next(message => message.Want is not null);
        two.Op.Send(
            new ControllerMessage
            {
                Room = new LeaseRoom { Lease = "l-1", Epoch = 1 },
            }
        );
        Assert.Equal("", two.Answer(3).Refusal);
        Assert.True(two.Served.IsWhole());
    }

    /// <summary>Two agents; a session with a client on the first, and its lease on the second too, as the controller would have it.</summary>
    private sealed class TwoNodes : IDisposable
    {
        private readonly MoveTarget _target;

        public TwoNodes()
        {
            Here = AgentRun.Start();
            There = AgentRun.Start();
            Op = Here.Operator();
            Served = new Served(Here, Op);
            using OperatorClient there = There.Operator();
            Hello hello = there.Next(message => message.Hello is not null).Hello;
            TestLease lease = there.Grant(
                "l-1",
                2,
                there.Devices(),
                64 << 20,
                secret: Served.Lease.Secret,
                arrival: Secret
            );
            _target = new MoveTarget
            {
                Node = "other",
                Address = hello.Address,
                Fingerprint = hello.Fingerprint,
                Epoch = 2,
                Secret = Secret,
                Share = lease.Grant.Shares[0],
            };
        }

        public AgentRun Here { get; }

        public AgentRun There { get; }

        public OperatorClient Op { get; }

        public Served Served { get; }

        public ControllerMessage Command(ulong request, SessionAction action) =>
            new()
            {
                Session = new SessionCommand
                {
                    Request = request,
                    Session = Served.Session,
                    Action = action,
                    Reason = "a test",
                },
            };

        public void Send(ulong request, string? secret = null)
        {
            ControllerMessage command = Command(request, SessionAction.SessionMigrate);
            command.Session.Target = _target.Clone();
            command.Session.Target.Secret = secret ?? Secret;
            Op.Send(command);
        }

        /// <summary>Sends the session off; what its broker hears when a worker over there has it.</summary>
        public MoveSession Depart(ulong request)
        {
            Send(request);
            return Served.Holder.Next<MoveSession>();
        }

        public SessionAnswer Answer(ulong request) =>
            Op.Next(message => message.SessionAnswer?.Request == request).SessionAnswer;

        /// <summary>SIGKILL to all workers of the other node, one of which waits for the client's relay.</summary>
        public void KillTakers()
        {
            foreach (int worker in There.Workers())
            {
                _ = Libc.kill(worker, Libc.SIGKILL);
            }
        }

        public void Dispose()
        {
            Served.Dispose();
            Op.Dispose();
            Here.Dispose();
            There.Dispose();
        }
    }
}
