using Weir.Cli.Pool;
using Weir.Controller.Tests.Support;
using Weir.Protocol.Agents;
using Weir.Protocol.Rest;

namespace Weir.Controller.Tests;

/// <summary>The scheduling library deciding in a live pool: places, order, shares, stops for others, rollback.</summary>
public class SchedulingTests
{
    private const long GiB = 1L << 30;

    [Fact]
    public async Task A_small_slice_fills_a_device_that_is_begun_whatever_the_node()
    {
        await using var pool = await TestPool.StartAsync();
        await pool.NodeAsync("n1", devices: 2);
        await pool.NodeAsync("n2", devices: 1);
        var first = await pool.ClaimAsync(new ClaimRequest { Compute = 50, Node = "n1" });
        var second = await pool.ClaimAsync(new ClaimRequest { Compute = 50 });
        Assert.Equal(first.Lease.Devices[0].Uuid, second.Lease.Devices[0].Uuid);
        Assert.Equal(4 * GiB, second.Lease.Devices[0].Memory);
    }

    [Fact]
    public async Task Several_slices_are_on_devices_of_their_own_on_few_nodes_or_there_are_none()
    {
        await using var pool = await TestPool.StartAsync();
        await pool.NodeAsync("n1", devices: 1);
        await pool.NodeAsync("n2", devices: 3);
        await pool.NodeAsync("n3", devices: 2);
        var three = await pool.ClaimAsync(new ClaimRequest { Count = 3, Compute = 50 });
        Assert.Equal(["n2", "n2", "n2"], three.Lease.Devices.Select(slice => slice.Node));
        Assert.Equal([0, 1, 2], three.Lease.Devices.Select(slice => slice.Ordinal));
        var five = await pool.ClaimAsync(new ClaimRequest { Count = 5, Compute = 50 });
        Assert.Equal(5, five.Lease.Devices.Select(slice => slice.Uuid).Distinct().Count());
        Assert.Equal("no-room", (await LeaseTests.Refused(pool, new ClaimRequest { Count = 4, Compute = 60 })).Code);
        Assert.Equal(2, (await pool.LeasesAsync()).Length);
    }

    [Fact]
    public async Task Memory_without_a_figure_is_a_part_of_each_devices_own()
    {
        await using var pool = await TestPool.StartAsync();
        await pool.NodeAsync("n1", devices: 1, memory: 8 * GiB);
        await pool.NodeAsync("n2", devices: 1, memory: 24 * GiB, model: "Model B");
        var both = await pool.ClaimAsync(new ClaimRequest { Count = 2, Compute = 25 });
        Assert.Equal([2 * GiB, 6 * GiB], both.Lease.Devices.Select(slice => slice.Memory).Order());
        // What is asked for in bytes counts against the same memory.
        var rest = await pool.ClaimAsync(new ClaimRequest { Compute = 10, MemoryBytes = 18 * GiB });
        Assert.Equal("n2", rest.Lease.Devices[0].Node);
        var full = await LeaseTests.Refused(pool, new ClaimRequest { Compute = 10, MemoryBytes = 7 * GiB });
        Assert.Equal("no-room", full.Code);
    }

    [Fact]
    public async Task Odd_over_commit_fills_exactly()
    {
        await using var pool = await TestPool.StartAsync();
        await pool.NodeAsync("n1");
        await Put(pool, new PoolView { ComputeLimit = 130, MemoryLimit = 300 });
        await pool.ClaimAsync(new ClaimRequest());
        await pool.ClaimAsync(new ClaimRequest { Compute = 30 });
        Assert.Equal("no-room", (await LeaseTests.Refused(pool, new ClaimRequest { Compute = 1 })).Code);
    }

    [Fact]
    public async Task A_limit_lowered_below_what_is_granted_leaves_the_leases_and_grants_no_more()
    {
        await using var pool = await TestPool.StartAsync();
        await pool.NodeAsync("n1");
        await Put(pool, new PoolView { ComputeLimit = 200, MemoryLimit = 200 });
        var first = await pool.ClaimAsync(new ClaimRequest());
        await pool.ClaimAsync(new ClaimRequest());
        await Put(pool, new PoolView());
        await pool.EndAsync(first.Lease.Id);
        Assert.Equal("no-room", (await LeaseTests.Refused(pool, new ClaimRequest { Compute = 10 })).Code);
        Assert.Single(await pool.LeasesAsync());
    }

    [Fact]
    public async Task The_policy_is_the_pools()
    {
        await using var pool = await TestPool.StartAsync();
        await pool.NodeAsync("n1", devices: 1);
        await pool.NodeAsync("n2", devices: 1);
        await Put(pool, new PoolView { Policy = "worstfit" });
        var first = await pool.ClaimAsync(new ClaimRequest { Compute = 20 });
        var second = await pool.ClaimAsync(new ClaimRequest { Compute = 20 });
        Assert.NotEqual(first.Lease.Devices[0].Node, second.Lease.Devices[0].Node);
        var unknown = await Assert.ThrowsAsync<PoolException>(() => Put(pool, new PoolView { Policy = "bestfot" }));
        Assert.Contains("did you mean 'bestfit'?", unknown.Message);
    }

    [Fact]
    public async Task Projects_with_equal_weights_get_equal_parts_whoever_came_first()
    {
        await using var pool = await TestPool.StartAsync();
        await pool.NodeAsync("n1", devices: 4);
        await Project(pool, new ProjectView { Name = "a" });
        await Project(pool, new ProjectView { Name = "b" });
        var all = await pool.ClaimAsync(new ClaimRequest { Count = 4, Project = "a" });
        List<string> waiting = [];
        foreach (string project in (string[])["a", "a", "a", "a", "b", "b", "b", "b"])
        {
            waiting.Add((await pool.SubmitAsync(Job(project))).Id);
        }
        await pool.EndAsync(all.Lease.Id);
        var running = await RunningAsync(pool, 4);
        Assert.Equal(2, running.Count(one => one.Project == "a"));
        Assert.Equal(2, running.Count(one => one.Project == "b"));
        var queue = await Queue(pool);
        Assert.Equal(4, queue.Waiting.Count);
        Assert.Equal([1, 2, 3, 4], queue.Waiting.Select(one => one.Position));
        Assert.Equal(200, queue.Projects.Single(one => one.Project == "a").Used);
    }

    [Fact]
    public async Task Priority_goes_before_age_within_a_project()
    {
        await using var pool = await TestPool.StartAsync();
        var agent = await pool.NodeAsync("n1");
        var first = await pool.ClaimAsync(new ClaimRequest());
        var old = await pool.SubmitAsync(Job("default"));
        var urgent = await pool.SubmitAsync(
            Job("default") with
            {
                Claim = new ClaimRequest { Project = "default", Priority = 5 },
            }
        );
        Assert.Equal([urgent.Id, old.Id], (await Queue(pool)).Waiting.Select(one => one.Id));
        await pool.EndAsync(first.Lease.Id);
        await agent.ExpectAsync(message => message.WorkloadStart?.Workload == urgent.Id);
        Assert.Equal("queued", (await pool.WorkloadAsync(old.Id)).State);
    }

    [Fact]
    public async Task Owed_quota_is_taken_back_from_a_workload_that_may_be_restarted()
    {
        await using var pool = await TestPool.StartAsync();
        var agent = await pool.NodeAsync("n1", devices: 2);
        await Project(
            pool,
            new ProjectView
            {
                Name = "lab",
                ComputeQuota = 100,
                Weight = 1,
            }
        );
        await Project(pool, new ProjectView { Name = "guest" });
        var keeps = await pool.SubmitAsync(Job("guest"));
        var gives = await pool.SubmitAsync(Job("guest") with { Requeue = true });
        await RunningAsync(pool, 2);
        var start = (await agent.ExpectAsync(message => message.WorkloadStart?.Workload == gives.Id)).WorkloadStart;

        var owed = await pool.ClaimAsync(new ClaimRequest { Project = "lab" });
        await agent.ExpectAsync(message => message.WorkloadStop?.Workload == gives.Id);
        Assert.Equal("running", StateOf(await pool.WorkloadAsync(keeps.Id)));
        // Its process ends; it waits again, its tries do not count, and it starts when there is room.
        await EndedAsync(agent, start, signal: 15);
        await LeaseTests.Until(async () => (await pool.WorkloadAsync(gives.Id)).State == "queued");
        var told = await Explain(pool, gives.Id);
        Assert.Contains(told.Events, one => one.Kind == "park" && one.Detail.Contains("'lab' asks for its quota"));
        await pool.EndAsync(owed.Lease.Id);
        await agent.ExpectAsync(message => message.WorkloadStart is { Attempt: 2 } again && again.Workload == gives.Id);
        Assert.Empty(agent.Overruns);
    }

    [Fact]
    public async Task A_calendar_gives_a_quota_at_its_hours()
    {
        await using var pool = await TestPool.StartAsync();
        var agent = await pool.NodeAsync("n1");
        await Project(pool, new ProjectView { Name = "day" });
        await Project(pool, new ProjectView { Name = "night" });
        var guest = await pool.SubmitAsync(Job("night") with { Requeue = true });
        await agent.ExpectAsync(message => message.WorkloadStart?.Workload == guest.Id);
        // Neither owns anything, so nobody is stopped for the other.
        Assert.Equal("no-room", (await LeaseTests.Refused(pool, new ClaimRequest { Project = "day" })).Code);
        await pool.Client.PutAsync(
            "v1/calendars/always",
            new CalendarView
            {
                Project = "day",
                From = "00:00",
                To = "00:00",
                ComputeQuota = 100,
            },
            RestJson.Default.CalendarView
        );
        await pool.ClaimAsync(new ClaimRequest { Project = "day" });
        await agent.ExpectAsync(message => message.WorkloadStop?.Workload == guest.Id);
    }

    [Fact]
    public async Task A_pool_lends_its_devices_until_its_own_claims_ask_for_them()
    {
        await using var pool = await TestPool.StartAsync();
        await pool.NodeAsync("n1");
        var lab = await pool.NodeAsync("n2");
        await lab.DisconnectAsync();
        lab.Inventory.Devices[0].Pool = "lab";
        await pool.Client.PutAsync("v1/pools/lab", new PoolView { Lends = true }, RestJson.Default.PoolView);
        await lab.ConnectAsync();
        await pool.ClaimAsync(new ClaimRequest());
        var waits = await pool.SubmitAsync(Job("default") with { Requeue = true });
        Assert.Equal("queued", (await pool.WorkloadAsync(waits.Id)).State);
        await Put(pool, new PoolView { Overflows = true });
        await lab.ExpectAsync(message => message.WorkloadStart?.Workload == waits.Id);
        await pool.ClaimAsync(new ClaimRequest { Pool = "lab" });
        await lab.ExpectAsync(message => message.WorkloadStop?.Workload == waits.Id);
        Assert.Empty(lab.Overruns);
    }

    [Fact]
    public async Task A_wide_claim_is_not_passed_for_ever()
    {
        await using var pool = await TestPool.StartAsync();
        await pool.NodeAsync("n1", devices: 2);
        await Put(pool, new PoolView { ReserveAfterMs = 0 });
        var one = await pool.ClaimAsync(new ClaimRequest());
        var wide = pool.ClaimAsync(new ClaimRequest { Count = 2, WaitMs = 3_600_000 });
        await LeaseTests.Until(async () => (await Queue(pool)).Waiting.Count == 1);
        // The free device is kept for the wide claim from now on.
        await LeaseTests.Until(async () =>
            (await Assert.ThrowsAsync<PoolException>(() => ClaimOrEndAsync(pool))).Code == "no-room"
        );
        await pool.EndAsync(one.Lease.Id);
        Assert.Equal(2, (await wide).Lease.Devices.Count);
    }

    [Fact]
    public async Task A_start_that_fails_on_the_way_is_rolled_back_and_tried_again()
    {
        await using var pool = await TestPool.StartAsync();
        var agent = await pool.NodeAsync("n1", devices: 2);
        // Eight processors: the second workload's devices are free, and its process has no room.
        var first = await pool.SubmitAsync(Job("default") with { ProcessorsMilli = 6000 });
        var second = await pool.SubmitAsync(Job("default") with { ProcessorsMilli = 6000 });
        var start = (await agent.ExpectAsync(message => message.WorkloadStart?.Workload == first.Id)).WorkloadStart;
        await LeaseTests.Until(async () =>
            (await Explain(pool, second.Id)).Needs.Any(need => need.Contains("no node has room for the process"))
        );
        // What was rolled back is free for others.
        var claim = await pool.ClaimAsync(new ClaimRequest());
        await pool.EndAsync(claim.Lease.Id);
        await EndedAsync(agent, start);
        await agent.ExpectAsync(message => message.WorkloadStart?.Workload == second.Id);
        Assert.Contains((await Explain(pool, second.Id)).Events, one => one.Kind == "undo");
        Assert.Empty(agent.Overruns);
    }

    [Fact]
    public async Task An_explanation_names_filters_scores_needs_and_decisions()
    {
        await using var pool = await TestPool.StartAsync();
        await pool.NodeAsync("n1", devices: 1);
        await pool.NodeAsync("n2", devices: 1, model: "Model B");
        var lease = await pool.ClaimAsync(new ClaimRequest { Model = "Model B", LifeMs = 3_600_000 });
        var job = await pool.SubmitAsync(
            Job("default") with
            {
                Claim = new ClaimRequest { Project = "default", Model = "Model B" },
            }
        );
        var told = await Explain(pool, job.Id);
        Assert.Equal("waits", told.State);
        Assert.Equal(2, told.Removed.Sum(filter => filter.Nodes));
        Assert.NotEmpty(told.Needs);
        // The lease ends within the hour: that is when room is expected.
        Assert.InRange(told.Earliest!.Value, lease.Lease.GrantedAt, lease.Lease.ExpiresAt!.Value + 1000);
        await pool.EndAsync(lease.Lease.Id);
        await RunningAsync(pool, 1);
        var runs = await Explain(pool, job.Id);
        Assert.Equal("runs", runs.State);
        Assert.Contains("n2", runs.Summary);
        Assert.Contains(runs.Events, one => one.Kind == "start");
        Assert.Equal("ended", (await Explain(pool, lease.Lease.Id)).State);
        var after = await pool.SubmitAsync(Job("default") with { After = [job.Id] });
        var dependent = await Explain(pool, after.Id);
        Assert.Equal("waits", dependent.State);
        Assert.StartsWith("waiting", dependent.Summary);
        await Assert.ThrowsAsync<PoolException>(() => Explain(pool, "w-unknown"));
    }

    [Fact]
    public async Task A_plan_says_whom_to_move_to_make_room_for_what()
    {
        await using var pool = await TestPool.StartAsync();
        await pool.NodeAsync("n1", devices: 2);
        await pool.NodeAsync("n2", devices: 2);
        await Put(pool, new PoolView { Policy = "worstfit" });
        await pool.ClaimAsync(new ClaimRequest());
        var moved = await pool.ClaimAsync(new ClaimRequest());
        var wide = await pool.SubmitAsync(
            Job("default") with
            {
                Claim = new ClaimRequest
                {
                    Project = "default",
                    Count = 2,
                    Node = "n2",
                },
            }
        );
        var plan = await pool.Client.GetAsync("v1/rebalance", RestJson.Default.RebalanceView);
        var room = Assert.Single(plan.Rooms);
        Assert.Equal(wide.Id, room.For);
        var move = Assert.Single(room.Moves);
        Assert.Equal((moved.Lease.Id, "n2", "n1"), (move.Lease, move.From, move.To));
        Assert.Equal("queued", (await pool.WorkloadAsync(wide.Id)).State);
        // Planning twice says the same: nothing was changed by it.
        var again = await pool.Client.GetAsync("v1/rebalance", RestJson.Default.RebalanceView);
        Assert.Equal(move.Lease, again.Rooms[0].Moves[0].Lease);
    }

    [Fact]
    public async Task The_past_has_claims_grants_ends_and_what_got_nothing()
    {
        await using var pool = await TestPool.StartAsync();
        await pool.NodeAsync("n1");
        var lease = await pool.ClaimAsync(new ClaimRequest { Compute = 60 });
        await LeaseTests.Refused(pool, new ClaimRequest { Compute = 70 });
        await pool.EndAsync(lease.Lease.Id);
        await LeaseTests.Until(async () =>
        {
            var past = await pool.Client.GetAsync("v1/history", RestJson.Default.HistoryView);
            return past.Claims is [{ Compute: 60, Granted: not null, Ended: not null }, { Compute: 70, Granted: null }]
                && past.Nodes is [{ Node: "n1", Devices: 1 }];
        });
    }

    internal static Task<ProjectView> Project(TestPool pool, ProjectView project) =>
        pool.Client.PutAsync(
            $"v1/projects/{project.Name}",
            project with
            {
                Members = ["*"],
            },
            RestJson.Default.ProjectView
        );

    internal static WorkloadRequest Job(string project) =>
        new()
        {
            Command = ["/bin/true"],
            Claim = new ClaimRequest { Project = project },
        };

    internal static Task<QueueView> Queue(TestPool pool) =>
        pool.Client.GetAsync("v1/queue", RestJson.Default.QueueView);

    internal static Task<ExplanationView> Explain(TestPool pool, string id) =>
        pool.Client.GetAsync($"v1/explain/{id}", RestJson.Default.ExplanationView);

    private static Task<PoolView> Put(TestPool pool, PoolView view) =>
        pool.Client.PutAsync("v1/pools/default", view, RestJson.Default.PoolView);

    private static string StateOf(WorkloadView view) => view.State == "starting" ? "running" : view.State;

    // A probe that got the device gives it back before it is asked again.
    private static async Task ClaimOrEndAsync(TestPool pool)
    {
        var grant = await pool.ClaimAsync(new ClaimRequest());
        await pool.EndAsync(grant.Lease.Id);
        throw new PoolException("it was granted", "granted");
    }

    private static async Task<List<WorkloadView>> RunningAsync(TestPool pool, int count)
    {
        List<WorkloadView> running = [];
        await LeaseTests.Until(async () =>
        {
            var all = await pool.Client.GetAsync("v1/workloads", RestJson.Default.WorkloadViewArray);
            running = [.. all.Where(one => StateOf(one) == "running")];
            return running.Count == count;
        });
        return running;
    }

    private static Task EndedAsync(FakeAgent agent, WorkloadStart start, int signal = 0) =>
        agent.SayAsync(
            new AgentMessage
            {
                Workload = new WorkloadReport
                {
                    Workload = start.Workload,
                    Attempt = start.Attempt,
                    State = Weir.Protocol.Agents.WorkloadState.WorkloadEnded,
                    Signal = signal,
                },
            }
        );
}
