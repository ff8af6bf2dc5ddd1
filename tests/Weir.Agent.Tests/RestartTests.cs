using Weir.Agent.Tests.Support;
using Weir.Api;
using Weir.Protocol.Agents;
using Weir.Remote.Control;
using Weir.Worker.Tests.Support;

namespace Weir.Agent.Tests;

/// <summary>An agent that is killed and started again: sessions go on, and the next agent knows them.</summary>
public class RestartTests
{
    [Fact]
    public void A_session_goes_on_without_the_agent_and_the_next_one_takes_it_up()
    {
        using var run = AgentRun.Start();
        OperatorClient op = run.Operator();
        TestLease lease = op.Grant("l-1", 1, op.Devices());
        TestHolder holder = TestHolder.Hold(run, lease);
        using WireClient client = holder.Attach();
        string session = holder.LastSession;
        var context = new DeviceContext(client);
        Assert.Equal(CuResult.Success, context.Alloc(100 << 20, out _));

        run.Kill();
        Assert.Null(holder.Receive());
        Assert.Equal(CuResult.Success, context.Synchronize());
        // Idle workers have nobody left.
        AgentRun.Becomes(() => run.Workers().SequenceEqual([client.WorkerId]), "only the worker with a client is left");

        run.Restart();
        op.Dispose();
        op = run.Operator();
        Report report = op.Next(message => message.Report is not null).Report;
        Assert.Equal(session, Assert.Single(report.Sessions).Session);
        Assert.Equal("l-1", Assert.Single(report.Leases).Lease);
        Assert.Equal((ulong)100 << 20, op.Usage().Sessions.Single().MemoryBytes);
        Assert.Equal(CuResult.Success, context.Alloc(10 << 20, out _));

        // The holder comes back, opens another session, and hears of the end of the first.
        holder.Dispose();
        holder = TestHolder.Hold(run, lease);
        using (WireClient second = holder.Attach())
        {
            Assert.Equal(CuResult.Success, new DeviceContext(second).Synchronize());
            client.Dispose();
            Assert.Equal(session, Assert.IsType<SessionEnded>(holder.Receive()).Session);
        }
        ProcessTable.AssertEnd(client.WorkerId);
        holder.Dispose();
        op.Dispose();
    }

    [Fact]
    public void A_session_can_be_fenced_by_an_agent_that_did_not_start_it()
    {
        using var run = AgentRun.Start();
        OperatorClient op = run.Operator();
        TestLease lease = op.Grant("l-1", 1, op.Devices());
        using TestHolder holder = TestHolder.Hold(run, lease);
        using WireClient client = holder.Attach();
        var context = new DeviceContext(client);
        run.Kill();
        run.Restart();
        op.Dispose();
        op = run.Operator();
        op.Send(new ControllerMessage { Leases = new LeaseSet() });
        SessionReport end = op.Next(message =>
            message.Session?.State == Protocol.Agents.SessionState.SessionEnded
        ).Session;
        Assert.Contains("the controller does not know it any more", end.Reason);
        Assert.Null(context.Synchronize());
        ProcessTable.AssertEnd(client.WorkerId);
        op.Dispose();
    }

    [Fact]
    public void What_ended_while_no_agent_was_there_is_told_to_holders_that_come_back()
    {
        using var run = AgentRun.Start();
        TestLease lease;
        using (OperatorClient op = run.Operator())
        {
            lease = op.Grant("l-1", 1, op.Devices());
            TestHolder holder = TestHolder.Hold(run, lease);
            WireClient client = holder.Attach();
            string session = holder.LastSession;
            _ = new DeviceContext(client);
            run.Kill();
            client.Dispose();
            ProcessTable.AssertEnd(client.WorkerId);
            run.Restart();
            holder.Dispose();
            holder = TestHolder.Hold(run, lease, session);
            Assert.Equal(session, Assert.IsType<SessionEnded>(holder.Receive()).Session);
            holder.Dispose();
        }
        using OperatorClient next = run.Operator();
        Assert.Empty(next.Next(message => message.Report is not null).Report.Sessions);
        Assert.Equal(0ul, next.Usage().Devices.Single().MemoryBytes);
    }

    [Fact]
    public void Two_agents_cannot_share_folders()
    {
        using var run = AgentRun.Start();
        Assert.Contains("cannot start", run.StartSecond());
    }

    [Fact]
    public void A_device_that_fails_ends_its_sessions_and_comes_back_after_its_self_test()
    {
        using var run = AgentRun.StartFailing();
        using OperatorClient op = run.Operator();
        IReadOnlyList<Device> devices = op.Devices();
        using TestHolder holder = TestHolder.Hold(run, op.Grant("l-1", 1, [devices[0]]));
        using TestHolder neighbour = TestHolder.Hold(run, op.Grant("l-2", 1, [devices[1]]));
        using WireClient client = holder.Attach();
        using WireClient other = neighbour.Attach();
        var context = new DeviceContext(client);
        var spared = new DeviceContext(other);
        File.WriteAllText(run.FaultOfFirst, "row remapping failed");
        DeviceHealth health = op.Next(message => message.Health is not null).Health;
        Assert.Equal(
            (devices[0].Uuid, false, "rehearsed: row remapping failed"),
            (health.Uuid, health.Healthy, health.Reason)
        );
        SessionReport end = op.Next(message =>
            message.Session?.State == Protocol.Agents.SessionState.SessionEnded
        ).Session;
        Assert.Equal("device fault: rehearsed: row remapping failed", end.Reason);
        Assert.Null(context.Synchronize());
        Assert.Equal(CuResult.Success, spared.Synchronize());
        // The end of the session, perhaps, then the refusal.
        Assert.Contains("fault", Assert.IsType<Refused>(holder.Ask()).Reason);
        _ = op.Grant("l-3", 1, [devices[0]]);
        Assert.Contains("fault", op.Next(message => message.GrantRefused is not null).GrantRefused.Reason);

        var test = new ControllerMessage
        {
            Device = new DeviceCommand { Uuid = devices[0].Uuid, Action = DeviceAction.DeviceSelfTest },
        };
        op.Send(test);
        Assert.False(op.Next(message => message.Health is not null).Health.Healthy);
        File.Delete(run.FaultOfFirst);
        op.Send(test);
        Assert.True(op.Next(message => message.Health is not null).Health.Healthy);
        using WireClient again = holder.Attach();
        Assert.Equal(CuResult.Success, new DeviceContext(again).Synchronize());
    }
}
