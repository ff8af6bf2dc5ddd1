using Weir.Agent.Tests.Support;
using Weir.Posix;
using Weir.Protocol.Agents;
using Weir.Worker.Tests.Support;

namespace Weir.Agent.Tests;

/// <summary>Sessions that leave their device and come back, on one node: real agent, real workers.</summary>
public class SessionMoveTests
{
    [Fact]
    public async Task A_parked_session_takes_no_memory_and_its_next_call_waits_for_room()
    {
        using var run = AgentRun.Start();
        using OperatorClient op = run.Operator();
        using var served = new Served(run, op);
        SessionAnswer parked = Ask(op, served, SessionAction.SessionPark);
        Assert.Equal("", parked.Refusal);
        Assert.True(parked.Bytes >= Served.Bytes, $"{parked}");
        // Told before the answer.
        Assert.Contains(op.Heard, message => message.Session?.State == SessionState.SessionParked);
        AgentRun.Becomes(() => op.Usage().Devices.Single().MemoryBytes == 0, "its memory is off the device");

        Task<bool> call = Task.Run(served.IsWhole, TestContext.Current.CancellationToken);
        _ = State(op, SessionState.SessionWaiting);
        LeaseWant want = op.Next(message => message.Want is not null).Want;
        Assert.Equal(("l-1", 1ul), (want.Lease, want.Epoch));
        Assert.False(call.IsCompleted);
        op.Send(Room());
        Assert.True(await call.WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken));
        _ = State(op, SessionState.SessionOpen);
    }

    [Fact]
    public void A_session_without_calls_is_parked_by_itself_and_can_be_brought_back()
    {
        using var run = AgentRun.Start();
        using OperatorClient op = run.Operator();
        using var served = new Served(run, op, idleMs: 200);
        _ = State(op, SessionState.SessionParked);
        op.Send(Command(served, SessionAction.SessionResume, 3));
        _ = op.Next(message => message.Want is not null);
        op.Send(Room());
        Assert.Equal("", op.Next(message => message.SessionAnswer?.Request == 3).SessionAnswer.Refusal);
        Assert.True(served.IsWhole());
    }

    [Fact]
    public void Another_worker_takes_a_session_over_and_the_first_one_ends()
    {
        using var run = AgentRun.Start();
        using OperatorClient op = run.Operator();
        using var served = new Served(run, op);
        int before = served.Client.WorkerId;
        Assert.Equal("", Ask(op, served, SessionAction.SessionMigrate).Refusal);
        ProcessTable.AssertEnd(before);
        Assert.True(served.IsWhole());
        Assert.DoesNotContain(op.Heard, message => message.Session?.State == SessionState.SessionEnded);
        // It is the agent's as any other: its end is told, once.
        served.Client.Dispose();
        Assert.Equal("client ended", State(op, SessionState.SessionEnded).Reason);
    }

    [Fact]
    public void A_session_whose_worker_was_killed_goes_on_from_its_image()
    {
        using var run = AgentRun.Start();
        using OperatorClient op = run.Operator();
        using var served = new Served(run, op);
        Assert.Contains("it is not lost", Ask(op, served, SessionAction.SessionRestore).Refusal);
        Assert.Contains("is none", Ask(op, served, SessionAction.SessionSnapshot, "../x").Refusal);
        Assert.Equal("", Ask(op, served, SessionAction.SessionSnapshot, "train-1").Refusal);
        _ = Libc.kill(served.Client.WorkerId, Libc.SIGKILL);
        _ = State(op, SessionState.SessionParked);
        Assert.Contains("restore", Ask(op, served, SessionAction.SessionPark).Refusal);
        Assert.Equal("", Ask(op, served, SessionAction.SessionRestore, "train-1").Refusal);
        Assert.True(served.IsWhole());
    }

    [Fact]
    public async Task A_parked_session_survives_the_agent_and_wants_its_device_from_the_next_one()
    {
        using var run = AgentRun.Start();
        using var served = new Served(run, run.Operator());
        using (OperatorClient op = run.Operator())
        {
            Assert.Equal("", Ask(op, served, SessionAction.SessionPark).Refusal);
        }
        run.Kill();
        // The call is made while there is nobody who could be asked for the device.
        Task<bool> call = Task.Run(served.IsWhole, TestContext.Current.CancellationToken);
        run.Restart();
        using OperatorClient next = run.Operator();
        SessionReport known = Assert.Single(next.Next(message => message.Report is not null).Report.Sessions);
        Assert.NotEqual(SessionState.SessionOpen, known.State);
        _ = next.Next(message => message.Want is not null);
        next.Send(Room());
        Assert.True(await call.WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken));
    }

    private static SessionReport State(OperatorClient op, SessionState state) =>
        op.Next(message => message.Session?.State == state).Session;

    private static SessionAnswer Ask(OperatorClient op, Served served, SessionAction action, string image = "")
    {
        ulong request = (ulong)op.Heard.Count + 100;
        op.Send(Command(served, action, request, image));
        return op.Next(message => message.SessionAnswer?.Request == request).SessionAnswer;
    }

    private static ControllerMessage Command(Served served, SessionAction action, ulong request, string image = "") =>
        new()
        {
            Session = new SessionCommand
            {
                Request = request,
                Session = served.Session,
                Action = action,
                Reason = "a test",
                Image = image,
            },
        };

    private static ControllerMessage Room() =>
        new()
        {
            Room = new LeaseRoom { Lease = "l-1", Epoch = 1 },
        };
}
