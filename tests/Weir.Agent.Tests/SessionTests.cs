using Weir.Agent.Tests.Support;
using Weir.Api;
using Weir.Protocol.Agents;
using Weir.Remote.Control;
using Weir.Wire;
using Weir.Worker.Tests.Support;

namespace Weir.Agent.Tests;

/// <summary>Leases, holders and sessions on one node: real agent, real workers.</summary>
public class SessionTests
{
    [Fact]
    public void A_holder_opens_sessions_and_their_ends_are_told()
    {
        using var run = AgentRun.Start();
        using OperatorClient op = run.Operator();
        TestLease lease = op.Grant("l-1", 1, op.Devices());
        using TestHolder holder = TestHolder.Hold(run, lease);
        using (WireClient client = holder.Attach())
        {
            var context = new DeviceContext(client);
            SessionReport open = op.Next(message => message.Session is not null).Session;
            Assert.Equal((holder.LastSession, "l-1"), (open.Session, open.Lease));
            Assert.Equal(Protocol.Agents.SessionState.SessionOpen, open.State);
        }
        SessionReport end = op.Next(message =>
            message.Session?.State == Protocol.Agents.SessionState.SessionEnded
        ).Session;
        Assert.Equal("client ended", end.Reason);
        Assert.Null(Assert.IsType<SessionEnded>(holder.Receive()).Reason);
    }

    [Fact]
    public void The_program_sees_its_slice_as_the_devices_memory_and_sessions_share_it()
    {
        const ulong Quota = 256 << 20;
        using var run = AgentRun.Start();
        using OperatorClient op = run.Operator();
        TestLease lease = op.Grant("l-1", 1, op.Devices(), Quota);
        using TestHolder holder = TestHolder.Hold(run, lease);
        using WireClient one = holder.Attach();
        using WireClient two = holder.Attach();
        var first = new DeviceContext(one);
        var second = new DeviceContext(two);
        Assert.Equal((Quota, Quota), first.MemGetInfo());
        Assert.Equal(CuResult.Success, first.Alloc(200 << 20, out ulong address));
        Assert.Equal((Quota - (200 << 20), Quota), second.MemGetInfo());
        Assert.Equal(CuResult.OutOfMemory, second.Alloc(100 << 20, out _));
        Assert.Equal(CuResult.Success, second.Alloc(50 << 20, out _));
        Assert.Equal(CuResult.Success, first.Free(address));
        Assert.Equal(CuResult.Success, second.Alloc(200 << 20, out _));
        Heartbeat usage = op.Usage();
        Assert.Equal((ulong)250 << 20, usage.Devices.Single().MemoryBytes);
    }

    [Fact]
    public void Memory_of_a_killed_worker_is_given_back()
    {
        const ulong Quota = 256 << 20;
        using var run = AgentRun.Start();
        using OperatorClient op = run.Operator();
        TestLease lease = op.Grant("l-1", 1, op.Devices(), Quota);
        using TestHolder holder = TestHolder.Hold(run, lease);
        using WireClient one = holder.Attach();
        using WireClient two = holder.Attach();
        var first = new DeviceContext(one);
        var second = new DeviceContext(two);
        Assert.Equal(CuResult.Success, first.Alloc(250 << 20, out _));
        Assert.Equal(CuResult.OutOfMemory, second.Alloc(100 << 20, out _));
        _ = Posix.Libc.kill(one.WorkerId, Posix.Libc.SIGKILL);
        SessionReport end = op.Next(message =>
            message.Session?.State == Protocol.Agents.SessionState.SessionEnded
        ).Session;
        Assert.Equal("worker crashed: ended by signal 9", end.Reason);
        Assert.Equal(CuResult.Success, second.Alloc(250 << 20, out _));
    }

    [Fact]
    public void What_a_neighbour_left_in_memory_cannot_be_read()
    {
        const int Bytes = 64 << 20;
        using var run = AgentRun.Start();
        using OperatorClient op = run.Operator();
        TestLease lease = op.Grant("l-1", 1, op.Devices());
        using TestHolder holder = TestHolder.Hold(run, lease);
        using (WireClient client = holder.Attach())
        {
            var context = new DeviceContext(client);
            Assert.Equal(CuResult.Success, context.Alloc(Bytes, out ulong address));
            Assert.Equal(CuResult.Success, context.Fill(address, 0x5EC4_E755, Bytes / 4));
        }
        using WireClient next = holder.Attach();
        var reader = new DeviceContext(next);
        Assert.Equal(CuResult.Success, reader.Alloc(Bytes, out ulong fresh));
        for (int at = 0; at < Bytes; at += DeviceContext.ReadBytes)
        {
            Assert.False(reader.Read(fresh + (ulong)at).ContainsAnyExcept((byte)0), "memory of a neighbour");
        }
    }

    [Fact]
    public void Wrong_secrets_epochs_and_devices_are_refused()
    {
        using var run = AgentRun.Start();
        using OperatorClient op = run.Operator();
        IReadOnlyList<Device> devices = op.Devices();
        TestLease lease = op.Grant("l-1", 2, devices);
        (TestHolder forged, ControlMessage? answer) = TestHolder.Claim(run, lease, "guessed");
        Assert.Contains("secret", Assert.IsType<Refused>(answer).Reason);
        forged.Dispose();
        (TestHolder old, answer) = TestHolder.Claim(run, lease with { Epoch = 1 });
        Assert.Contains("epoch", Assert.IsType<Refused>(answer).Reason);
        old.Dispose();
        using TestHolder holder = TestHolder.Hold(run, lease);
        Assert.Contains("no number 1", Assert.IsType<Refused>(holder.Ask(1)).Reason);
        _ = op.Grant("l-2", 1, [new Device { Uuid = "GPU-of-another-node", MemoryBytes = 2 }]);
        Assert.Contains("has no device", op.Next(message => message.GrantRefused is not null).GrantRefused.Reason);
        _ = op.Grant("l-3", 1, devices, (ulong)AgentRun.DeviceBytes * 2);
        Assert.Contains("cannot be cut", op.Next(message => message.GrantRefused is not null).GrantRefused.Reason);
        _ = op.Grant("../l", 1, devices);
        Assert.Contains("name", op.Next(message => message.GrantRefused is not null).GrantRefused.Reason);
    }

    [Fact]
    public void A_revoked_lease_fences_its_sessions_whatever_the_holder_believes()
    {
        using var run = AgentRun.Start();
        using OperatorClient op = run.Operator();
        TestLease lease = op.Grant("l-1", 1, op.Devices());
        using TestHolder holder = TestHolder.Hold(run, lease);
        using WireClient client = holder.Attach();
        var context = new DeviceContext(client);
        op.Send(
            new ControllerMessage
            {
                Revoke = new LeaseRevoke
                {
                    Lease = "l-1",
                    Epoch = 1,
                    Reason = "quota of the project",
                },
            }
        );
        SessionReport end = op.Next(message =>
            message.Session?.State == Protocol.Agents.SessionState.SessionEnded
        ).Session;
        Assert.Equal("lease ended: quota of the project", end.Reason);
        Assert.Null(context.Synchronize());
        ProcessTable.AssertEnd(client.WorkerId);
        Assert.Contains("quota of the project", Assert.IsType<LeaseEnded>(holder.Receive()).Reason);
        Assert.Null(holder.Receive());
    }

    [Fact]
    public void A_newer_epoch_fences_the_older_one()
    {
        using var run = AgentRun.Start();
        using OperatorClient op = run.Operator();
        IReadOnlyList<Device> devices = op.Devices();
        using TestHolder holder = TestHolder.Hold(run, op.Grant("l-1", 1, devices));
        using WireClient client = holder.Attach();
        var context = new DeviceContext(client);
        TestLease newer = op.Grant("l-1", 2, devices);
        using TestHolder next = TestHolder.Hold(run, newer);
        ProcessTable.AssertEnd(client.WorkerId);
        Assert.Null(context.Synchronize());
        using WireClient served = next.Attach();
        var works = new DeviceContext(served);
        Assert.Equal(CuResult.Success, works.Synchronize());
    }

    [Fact]
    public void A_lease_that_nobody_holds_is_given_back_after_the_grace_time()
    {
        using var run = AgentRun.Start();
        using OperatorClient op = run.Operator();
        TestLease lease = op.Grant("l-1", 1, op.Devices(), graceMs: 300);
        TestHolder holder = TestHolder.Hold(run, lease);
        Assert.Equal(HolderState.HolderPresent, op.Next(message => message.Holder is not null).Holder.State);
        WireClient client = holder.Attach();
        holder.Dispose();
        // Its client is served still, so it is not alone.
        Thread.Sleep(700);
        Assert.DoesNotContain(op.Heard, message => message.Holder?.State == HolderState.HolderLost);
        client.Dispose();
        Assert.Equal(HolderState.HolderLost, op.Next(message => message.Holder is not null).Holder.State);
    }

    [Fact]
    public void A_lease_that_is_given_up_goes_back_when_its_last_session_has_ended()
    {
        using var run = AgentRun.Start();
        using OperatorClient op = run.Operator();
        TestHolder holder = TestHolder.Hold(run, op.Grant("l-1", 1, op.Devices(), graceMs: 600_000));
        using (WireClient client = holder.Attach())
        {
            _ = new DeviceContext(client);
            holder.Release();
            holder.Dispose();
            Assert.DoesNotContain(op.Heard, message => message.Holder?.State == HolderState.HolderLost);
        }
        Assert.Equal(
            HolderState.HolderLost,
            op.Next(message => message.Holder?.State == HolderState.HolderLost).Holder.State
        );
    }

    [Fact]
    public void The_controllers_list_of_leases_counts()
    {
        using var run = AgentRun.Start();
        using OperatorClient op = run.Operator();
        IReadOnlyList<Device> devices = op.Devices();
        TestLease kept = op.Grant("l-kept", 1, devices, 64 << 20);
        TestLease gone = op.Grant("l-gone", 1, devices, 64 << 20);
        using TestHolder keeper = TestHolder.Hold(run, kept);
        using TestHolder loser = TestHolder.Hold(run, gone);
        using WireClient stays = keeper.Attach();
        using WireClient ends = loser.Attach();
        op.Send(new ControllerMessage { Leases = new LeaseSet { Leases = { kept.Grant } } });
        ProcessTable.AssertEnd(ends.WorkerId);
        var context = new DeviceContext(stays);
        Assert.Equal(CuResult.Success, context.Synchronize());
    }

    [Fact]
    public void Two_devices_of_a_lease_have_a_worker_each()
    {
        using var run = AgentRun.Start(2);
        using OperatorClient op = run.Operator();
        TestLease lease = op.Grant("l-1", 1, op.Devices());
        (TestHolder holder, ControlMessage? answer) = TestHolder.Claim(run, lease);
        byte[] snapshot = Assert.IsType<LeaseHeld>(answer).Snapshot;
        Assert.True(Wire.Welcome.IsSnapshot(snapshot));
        Assert.Equal(2u, System.Runtime.InteropServices.MemoryMarshal.Read<SnapshotHeader>(snapshot).DeviceCount);
        using WireClient one = holder.Attach(0);
        using WireClient two = holder.Attach(1);
        Assert.NotEqual(one.WorkerId, two.WorkerId);
        holder.Dispose();
    }
}
