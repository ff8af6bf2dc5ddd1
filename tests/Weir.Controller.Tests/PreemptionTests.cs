using Weir.Controller.Tests.Support;
using Weir.Protocol.Agents;
using Weir.Protocol.Rest;
using SessionState = Weir.Protocol.Agents.SessionState;

namespace Weir.Controller.Tests;

/// <summary>Room for others by parking what runs: whom it costs least, who comes back when, and what becomes of it when it cannot be.</summary>
public class PreemptionTests
{
    private const long MiB = 1L << 20;

    [Fact]
    public async Task A_higher_priority_parks_who_has_least_on_its_device_and_it_comes_back()
    {
        await using var pool = await TestPool.StartAsync();
        var agent = await pool.NodeAsync("n1", devices: 2);
        var dear = await RunAsync(pool, agent, "s-dear", 700 * MiB);
        var cheap = await RunAsync(pool, agent, "s-cheap", 3 * MiB);
        await PricedAsync(pool, dear, 700 * MiB);
        await PricedAsync(pool, cheap, 3 * MiB);

        var urgent = pool.ClaimAsync(new ClaimRequest { Priority = 5, WaitMs = 3_600_000 });
        var order = (await agent.ExpectAsync(message => message.Yield is not null)).Yield;
        Assert.Equal(cheap.Id, order.Lease);
        Assert.Contains("priority 5", order.Reason);
        // The slice is its own until it has left it.
        Assert.False(urgent.IsCompleted);
        Assert.Equal(200, (await pool.DevicesAsync()).Sum(device => device.ComputeGranted));
        Assert.Equal("parked", (await SchedulingTests.Explain(pool, cheap.Id)).State);
        await SessionAsync(agent, cheap, "s-cheap", SessionState.SessionParked);
        // Its program goes on calling, so it wants its slice before the agent has said that all is off.
        await SessionAsync(agent, cheap, "s-cheap", SessionState.SessionWaiting);
        await WantAsync(agent, cheap);
        await agent.YieldedAsync(order);
        var granted = (await urgent).Lease;
        Assert.Equal(cheap.Devices[0].Uuid, granted.Devices[0].Uuid);

        var waiting = Assert.Single((await SchedulingTests.Queue(pool)).Waiting);
        Assert.Equal((cheap.Id, true), (waiting.Id, waiting.Parked));
        await pool.EndAsync(granted.Id);
        await agent.ExpectAsync(message => message.Room?.Lease == cheap.Id);
        // What was decided is written after what it tells of.
        ExplanationView? told = null;
        await LeaseTests.Until(async () =>
            (told = await SchedulingTests.Explain(pool, cheap.Id)).Events.Any(one => one.Kind == "resume")
        );
        Assert.Equal("runs", told!.State);
        Assert.Equal(["park", "wait", "resume"], told.Events.Select(one => one.Kind).Where(kind => kind != "start"));
        Assert.DoesNotContain(agent.Received, message => message.Yield?.Lease == dear.Id);
        Assert.Empty(agent.Overruns);
    }

    [Fact]
    public async Task What_cannot_be_parked_stays_and_the_decision_is_taken_back()
    {
        await using var pool = await TestPool.StartAsync();
        var agent = await pool.NodeAsync("n1");
        var first = await RunAsync(pool, agent, "s-1", MiB);
        await PricedAsync(pool, first, MiB);
        var urgent = pool.ClaimAsync(new ClaimRequest { Priority = 5, WaitMs = 3_600_000 });
        var order = (await agent.ExpectAsync(message => message.Yield is not null)).Yield;
        await agent.YieldedAsync(order, "session s-1: its program is on another node");
        await LeaseTests.Until(async () =>
            (await SchedulingTests.Explain(pool, first.Id)).Events.Any(one => one.Kind == "stay")
        );
        Assert.Equal("runs", (await SchedulingTests.Explain(pool, first.Id)).State);
        Assert.False(urgent.IsCompleted);
        string id = Assert.Single((await SchedulingTests.Queue(pool)).Waiting).Id;
        var undone = (await SchedulingTests.Explain(pool, id)).Events.Single(one => one.Kind == "undo");
        Assert.Contains("could not be parked: node n1: session s-1", undone.Detail);
        // It is not asked again at once, and its end serves who waits.
        await pool.EndAsync(first.Id);
        Assert.Equal(first.Devices[0].Uuid, (await urgent).Lease.Devices[0].Uuid);
        Assert.Single(agent.Received, message => message.Yield is not null);
        Assert.Empty(agent.Overruns);
    }

    [Fact]
    public async Task An_agent_that_goes_away_in_the_middle_leaves_everything_as_it_was()
    {
        await using var pool = await TestPool.StartAsync();
        var agent = await pool.NodeAsync("n1");
        var first = await RunAsync(pool, agent, "s-1", MiB);
        await PricedAsync(pool, first, MiB);
        var urgent = pool.ClaimAsync(new ClaimRequest { Priority = 5, WaitMs = 3_600_000 });
        await agent.ExpectAsync(message => message.Yield is not null);
        await agent.DisconnectAsync();
        await LeaseTests.Until(async () =>
            (await SchedulingTests.Explain(pool, first.Id)).Events.Any(one =>
                one.Kind == "stay" && one.Detail.Contains("went away")
            )
        );
        await agent.ConnectAsync();
        Assert.False(agent.Leases[first.Id].Released);
        Assert.Equal(100, (await pool.DevicesAsync())[0].ComputeGranted);
        await pool.EndAsync(first.Id);
        await urgent;
        Assert.Empty(agent.Overruns);
    }

    [Fact]
    public async Task A_workload_that_cannot_be_parked_is_restarted_when_it_allows_it()
    {
        await using var pool = await TestPool.StartAsync();
        var agent = await pool.NodeAsync("n1");
        var job = await pool.SubmitAsync(SchedulingTests.Job("default") with { Requeue = true });
        await agent.ExpectAsync(message => message.WorkloadStart?.Workload == job.Id);
        var lease = Assert.Single(await pool.LeasesAsync());
        await SessionAsync(agent, lease, "s-1", SessionState.SessionOpen);
        await PricedAsync(pool, lease, 0);
        var urgent = pool.ClaimAsync(new ClaimRequest { Priority = 5, WaitMs = 3_600_000 });
        var order = (await agent.ExpectAsync(message => message.Yield is not null)).Yield;
        await agent.YieldedAsync(order, "its streams do not come to rest");
        await agent.ExpectAsync(message => message.WorkloadStop?.Workload == job.Id);
        await urgent;
        Assert.Empty(agent.Overruns);
    }

    [Fact]
    public async Task A_parked_lease_waits_for_its_projects_share_behind_who_has_less()
    {
        await using var pool = await TestPool.StartAsync();
        var agent = await pool.NodeAsync("n1", devices: 2);
        await SchedulingTests.Project(pool, new ProjectView { Name = "a" });
        await SchedulingTests.Project(pool, new ProjectView { Name = "b" });
        var parked = await RunAsync(pool, agent, "s-1", MiB, "a");
        await SessionAsync(agent, parked, "s-1", SessionState.SessionParked);
        agent.Off[parked.Id] = true;
        await LeaseTests.Until(async () => (await LeaseAsync(pool, parked)).State == "parked");
        var more = await pool.ClaimAsync(new ClaimRequest { Project = "a" });
        var all = await pool.ClaimAsync(new ClaimRequest { Project = "b" });
        var waits = pool.ClaimAsync(new ClaimRequest { Project = "b", WaitMs = 3_600_000 });
        await LeaseTests.Until(async () => (await SchedulingTests.Queue(pool)).Waiting.Count == 1);
        await SessionAsync(agent, parked, "s-1", SessionState.SessionWaiting);
        await WantAsync(agent, parked);
        await LeaseTests.Until(async () => (await SchedulingTests.Queue(pool)).Waiting.Count == 2);
        // "a" has one of two, "b" none: the free device is for "b", although the parked lease was there before it.
        await pool.EndAsync(all.Lease.Id);
        await waits;
        Assert.Equal("waiting", (await LeaseAsync(pool, parked)).State);
        await pool.EndAsync(more.Lease.Id);
        await pool.EndAsync((await waits).Lease.Id);
        await agent.ExpectAsync(message => message.Room?.Lease == parked.Id);
        Assert.Empty(agent.Overruns);
    }

    // A lease with one session that has so much on its device.
    private static async Task<LeaseView> RunAsync(
        TestPool pool,
        FakeAgent agent,
        string session,
        long bytes,
        string? project = null
    )
    {
        var lease = (await pool.ClaimAsync(new ClaimRequest { Project = project })).Lease;
        await agent.ExpectAsync(message => message.Grant?.Lease == lease.Id);
        await agent.HolderAsync(lease.Id, HolderState.HolderPresent);
        await SessionAsync(agent, lease, session, SessionState.SessionOpen);
        await agent.SayAsync(
            new AgentMessage
            {
                Heartbeat = new Heartbeat
                {
                    Sessions =
                    {
                        new SessionUsage
                        {
                            Session = session,
                            Device = lease.Devices[0].Uuid,
                            MemoryBytes = (ulong)bytes,
                        },
                    },
                },
            }
        );
        return lease;
    }

    // The library knows that it may be parked, and at what cost.
    private static Task PricedAsync(TestPool pool, LeaseView lease, long bytes) =>
        LeaseTests.Until(() =>
        {
            lock (pool.Host.State.Gate)
            {
                var books = pool.Host.Books;
                return Task.FromResult(
                    books.OfLease(lease.Id) is { } entry
                        && books.Pool.Claims[entry.Number] is { MayPark: true } claim
                        && claim.ParkBytes == bytes
                );
            }
        });

    private static async Task<LeaseView> LeaseAsync(TestPool pool, LeaseView lease) =>
        (await pool.LeasesAsync()).Single(one => one.Id == lease.Id);

    private static Task SessionAsync(FakeAgent agent, LeaseView lease, string session, SessionState state) =>
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
}
