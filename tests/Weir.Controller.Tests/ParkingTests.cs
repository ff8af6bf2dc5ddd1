using Weir.Cli.Pool;
using Weir.Controller.Tests.Support;
using Weir.Protocol.Agents;
using Weir.Protocol.Rest;
using SessionState = Weir.Protocol.Agents.SessionState;

namespace Weir.Controller.Tests;

/// <summary>Leases whose sessions are parked: their slices are the pool's, until a session wants them back.</summary>
public class ParkingTests
{
    [Fact]
    public async Task Slices_of_a_parked_lease_are_lent_and_come_back_when_there_is_room()
    {
        using var folder = new TestFolder();
        FakeAgent agent;
        LeaseView first;
        LeaseView second;
        await using (var pool = await TestPool.StartAsync(folder))
        {
            agent = await pool.NodeAsync("n1");
            first = (await pool.ClaimAsync(new ClaimRequest { IdleReleaseMs = 30_000 })).Lease;
            var told = (await agent.ExpectAsync(message => message.Grant?.Lease == first.Id)).Grant;
            Assert.Equal((30_000u, false), (told.IdleReleaseMs, told.Released));
            await agent.HolderAsync(first.Id, HolderState.HolderPresent);
            await SayAsync(agent, first, "s-1", SessionState.SessionOpen);
            await SayAsync(agent, first, "s-2", SessionState.SessionParked);
            // One of two works still.
            await StateAsync(pool, first, "held");
            Assert.Equal("no-room", (await LeaseTests.Refused(pool, new ClaimRequest { Compute = 1 })).Code);
            await SayAsync(agent, first, "s-1", SessionState.SessionParked);
            await StateAsync(pool, first, "parked");
            Assert.Equal(0, (await pool.DevicesAsync())[0].ComputeGranted);
            Assert.Equal(["parked", "parked"], (await SessionsAsync(pool)).Select(session => session.State));

            second = (await pool.ClaimAsync(new ClaimRequest())).Lease;
            await SayAsync(agent, first, "s-1", SessionState.SessionWaiting);
            await WantAsync(agent, first);
            await StateAsync(pool, first, "waiting");
            Assert.Equal(100, (await pool.DevicesAsync())[0].ComputeGranted);
        }
        // A controller that comes later knows whose the slices are, and hears again who wants them.
        await using var next = await TestPool.StartAsync(folder);
        Assert.Equal(100, (await next.DevicesAsync())[0].ComputeGranted);
        await agent.ConnectAsync(next.Host.Identity.Address);
        Assert.True(agent.Leases[first.Id].Released);
        await agent.HolderAsync(first.Id, HolderState.HolderPresent);
        await SayAsync(agent, first, "s-1", SessionState.SessionWaiting);
        await WantAsync(agent, first);
        await StateAsync(next, first, "waiting");
        Assert.DoesNotContain(agent.Received, message => message.Room is not null);
        await next.EndAsync(second.Id);
        await agent.ExpectAsync(message => message.Room?.Lease == first.Id);
        await StateAsync(next, first, "held");
        Assert.Equal(100, (await next.DevicesAsync())[0].ComputeGranted);
        // Who asks without having been released is answered at once.
        await WantAsync(agent, first);
        await LeaseTests.Until(() => Task.FromResult(agent.Received.Count(message => message.Room is not null) == 2));
        await next.EndAsync(first.Id);
        Assert.Equal(0, (await next.DevicesAsync())[0].ComputeGranted);
        await agent.DisposeAsync();
    }

    [Fact]
    public async Task A_parked_lease_that_ends_gives_nothing_back_twice()
    {
        await using var pool = await TestPool.StartAsync();
        var agent = await pool.NodeAsync("n1");
        var lease = (await pool.ClaimAsync(new ClaimRequest { Compute = 60 })).Lease;
        await agent.ExpectAsync(message => message.Grant?.Lease == lease.Id);
        await agent.HolderAsync(lease.Id, HolderState.HolderPresent);
        await SayAsync(agent, lease, "s-1", SessionState.SessionParked);
        await StateAsync(pool, lease, "parked");
        await pool.ClaimAsync(new ClaimRequest { Compute = 50 });
        await pool.EndAsync(lease.Id);
        Assert.Equal(50, (await pool.DevicesAsync())[0].ComputeGranted);
        Assert.Equal("no-room", (await LeaseTests.Refused(pool, new ClaimRequest { Compute = 51 })).Code);
    }

    [Fact]
    public async Task Draining_a_node_parks_what_runs_there_and_commands_are_answered_by_the_agent()
    {
        await using var pool = await TestPool.StartAsync();
        var agent = await pool.NodeAsync("n1");
        var lease = (await pool.ClaimAsync(new ClaimRequest())).Lease;
        await agent.ExpectAsync(message => message.Grant?.Lease == lease.Id);
        await agent.HolderAsync(lease.Id, HolderState.HolderPresent);
        await SayAsync(agent, lease, "s-1", SessionState.SessionOpen);
        await LeaseTests.Until(async () => (await SessionsAsync(pool)).Length == 1);

        var asked = pool.Client.PostAsync("v1/sessions/n1/s-1/snapshot?image=one", RestJson.Default.SessionMoveView);
        var command = (await agent.ExpectAsync(message => message.Session is not null)).Session;
        Assert.Equal(("s-1", SessionAction.SessionSnapshot, "one"), (command.Session, command.Action, command.Image));
        await agent.SayAsync(
            new AgentMessage
            {
                SessionAnswer = new SessionAnswer { Request = command.Request, Refusal = "no disk" },
            }
        );
        var refused = await Assert.ThrowsAsync<PoolException>(() => asked);
        Assert.Equal(("refused", true), (refused.Code, refused.Message.Contains("no disk")));
        var unknown = await Assert.ThrowsAsync<PoolException>(() =>
            pool.Client.PostAsync("v1/sessions/n1/s-9/park", RestJson.Default.SessionMoveView)
        );
        Assert.Contains("weir ps", unknown.Message);

        await pool.Client.PostAsync(
            "v1/nodes/n1/drain",
            new DrainRequest(null),
            RestJson.Default.DrainRequest,
            RestJson.Default.NodeView
        );
        await agent.ExpectAsync(message => message.Session?.Action == SessionAction.SessionPark);
        await SayAsync(agent, lease, "s-1", SessionState.SessionParked);
        await LeaseTests.Until(async () =>
            (await pool.Client.GetAsync("v1/nodes", RestJson.Default.NodeViewArray))[0].State == "drained"
        );
        // Its next call waits until the node is used again.
        await WantAsync(agent, lease);
        await StateAsync(pool, lease, "waiting");
        await pool.Client.PostAsync("v1/nodes/n1/uncordon", RestJson.Default.NodeView);
        await agent.ExpectAsync(message => message.Room?.Lease == lease.Id);
    }

    private static Task SayAsync(FakeAgent agent, LeaseView lease, string session, SessionState state) =>
        agent.SayAsync(
            new AgentMessage
            {
                Session = new SessionReport
                {
                    Session = session,
                    Lease = lease.Id,
                    Epoch = lease.Epoch,
                    State = state,
                    ClientProgram = "/bin/train",
                },
            }
        );

    private static Task WantAsync(FakeAgent agent, LeaseView lease) =>
        agent.SayAsync(
            new AgentMessage
            {
                Want = new LeaseWant { Lease = lease.Id, Epoch = lease.Epoch },
            }
        );

    private static Task StateAsync(TestPool pool, LeaseView lease, string state) =>
        LeaseTests.Until(async () => (await pool.LeasesAsync()).Single(one => one.Id == lease.Id).State == state);

    private static Task<SessionView[]> SessionsAsync(TestPool pool) =>
        pool.Client.GetAsync("v1/sessions", RestJson.Default.SessionViewArray);
}
