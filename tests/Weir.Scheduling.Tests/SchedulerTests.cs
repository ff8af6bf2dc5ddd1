using Weir.Scheduling.Cluster;
using Weir.Scheduling.Deciding;
using Weir.Scheduling.Fairness;
using Weir.Scheduling.Placement;

namespace Weir.Scheduling.Tests;

public class SchedulerTests
{
    [Fact]
    public void A_gang_starts_whole_or_not_at_all_and_gives_up_in_time()
    {
        PoolState pool = Simple.Pool(2, 2, new ProjectConfig("p"));
        var scheduler = new Scheduler(pool, new SchedulingPolicy());
        scheduler.Decide([Simple.Claim(1, "p", 1)], 0);
        ClaimConfig gang = Simple.Claim(2, "p", 2) with { Tasks = 2, TimeoutSeconds = 60 };
        Assert.Empty(scheduler.Decide([gang], 1));
        Assert.Equal(1, pool.Cluster.PlacementCount);
        Decision refused = Assert.Single(scheduler.Decide(62));
        Assert.IsType<RefuseDecision>(refused);
        pool.End(1);
        StartDecision start = Assert.IsType<StartDecision>(Assert.Single(scheduler.Decide([gang with { Id = 3 }], 63)));
        Assert.Equal(2, start.Places.Count);
    }

    [Fact]
    public void The_cheapest_to_park_is_parked()
    {
        PoolState pool = Simple.Pool(1, 3, new ProjectConfig("p"));
        var scheduler = new Scheduler(pool, new SchedulingPolicy());
        long[] bytes = [300, 100, 200];
        scheduler.Decide([.. bytes.Select((b, i) => Simple.Claim(i + 1, "p", 1) with { ParkBytes = b })], 0);
        IReadOnlyList<Decision> decisions = scheduler.Decide([Simple.Claim(9, "p", 1) with { Priority = 5 }], 1);
        Assert.Equal(2, Assert.IsType<ParkDecision>(decisions[0]).Claim);
        Assert.Equal(9, Assert.IsType<StartDecision>(decisions[1]).Claim);
        Assert.Equal(ClaimPhase.Parked, pool.Claims[2].Phase);
        pool.End(9);
        StartDecision back = Assert.IsType<StartDecision>(Assert.Single(scheduler.Decide(2)));
        Assert.True(back is { Claim: 2, Resumed: true });
    }

    [Fact]
    public void Who_may_not_be_parked_or_has_just_begun_is_left_alone()
    {
        PoolState pool = Simple.Pool(1, 2, new ProjectConfig("p") { Quota = Resources.Devices(2) });
        var scheduler = new Scheduler(pool, new SchedulingPolicy());
        scheduler.Decide(
            [
                Simple.Claim(1, "p", 1) with
                {
                    Preemptible = false,
                },
                Simple.Claim(2, "p", 1) with
                {
                    MinRunSeconds = 100,
                },
            ],
            0
        );
        Assert.Empty(scheduler.Decide([Simple.Claim(3, "p", 1) with { Priority = 5 }], 10));
        Assert.Equal(2, Assert.IsType<ParkDecision>(scheduler.Decide(140)[0]).Claim);
    }

    [Fact]
    public void Shares_follow_weights_down_the_tree()
    {
        PoolState pool = Simple.Pool(
            10,
            10,
            new ProjectConfig("a") { Weight = 3 },
            new ProjectConfig("b") { Weight = 1 },
            new ProjectConfig("a1", "a"),
            new ProjectConfig("a2", "a") { Weight = 2 }
        );
        var scheduler = new Scheduler(pool, new SchedulingPolicy { Placement = "bestfit" });
        string[] leaves = ["a1", "a2", "b"];
        scheduler.Decide([.. Enumerable.Range(0, 300).Select(i => Simple.Claim(i, leaves[i % 3], 1))], 0);
        Assert.InRange(pool.Projects.Used(pool.Projects.Find("b")).DeviceMilli, 24_000, 26_000);
        Assert.InRange(pool.Projects.Used(pool.Projects.Find("a1")).DeviceMilli, 24_000, 26_000);
        Assert.InRange(pool.Projects.Used(pool.Projects.Find("a2")).DeviceMilli, 49_000, 51_000);
    }

    [Fact]
    public void By_day_one_project_owns_the_cards_and_by_night_the_other()
    {
        const int Hour = 3600;
        PoolState pool = Simple.Pool(1, 4, new ProjectConfig("inference"), new ProjectConfig("training"));
        var policy = new SchedulingPolicy
        {
            Calendar =
            [
                new CalendarRule("inference", 8 * Hour, 20 * Hour) { Quota = Resources.Devices(4) },
                new CalendarRule("training", 20 * Hour, 8 * Hour) { Quota = Resources.Devices(4) },
            ],
        };
        var scheduler = new Scheduler(pool, policy);
        ClaimConfig[] claims =
        [
            .. Enumerable.Range(0, 8).Select(i => Simple.Claim(i, i < 4 ? "inference" : "training", 1)),
        ];
        scheduler.Decide(claims, 2 * Hour);
        Assert.Equal(4000, pool.Projects.Used(pool.Projects.Find("training")).DeviceMilli);
        Assert.Equal(4, scheduler.Decide(8 * Hour).OfType<ParkDecision>().Count());
        Assert.Equal(4000, pool.Projects.Used(pool.Projects.Find("inference")).DeviceMilli);
        scheduler.Decide(20 * Hour);
        Assert.Equal(4000, pool.Projects.Used(pool.Projects.Find("training")).DeviceMilli);
    }

    [Theory]
    [InlineData(22, 6, 23, true)]
    [InlineData(22, 6, 5, true)]
    [InlineData(22, 6, 6, false)]
    [InlineData(22, 6, 21, false)]
    [InlineData(8, 20, 8, true)]
    [InlineData(8, 20, 20, false)]
    public void Calendars_know_nights(int from, int to, int at, bool holds) =>
        Assert.Equal(holds, new CalendarRule("p", from * 3600, to * 3600).HoldsAt(7 * 86_400 + at * 3600));

    [Fact]
    public void Pools_lend_in_both_directions_and_take_back()
    {
        NodeConfig[] nodes =
        [
            new("mine", 8000, 8000, 1, "A") { Pool = "mine" },
            new("public", 8000, 8000, 1, "A") { Pool = "public" },
        ];
        PoolState Fresh() => new(new ClusterState(nodes, new NameTable()), new ProjectTree([new ProjectConfig("p")]));
        ClaimConfig In(long id, string pool) => Simple.Claim(id, "p", 1) with { Pool = pool };

        PoolState pool = Fresh();
        var scheduler = new Scheduler(pool, new SchedulingPolicy());
        Assert.Equal(2, scheduler.Decide([In(1, "public"), In(2, "public")], 0).OfType<StartDecision>().Count());
        // The guest on the node of 'mine' is parked when that pool's own claim comes.
        IReadOnlyList<Decision> taken = scheduler.Decide([In(3, "mine")], 1);
        Assert.Equal(2, Assert.IsType<ParkDecision>(taken[0]).Claim);

        PoolState closed = Fresh();
        var strict = new Scheduler(closed, new SchedulingPolicy { PoolsThatDoNotLend = ["mine"] });
        Assert.Single(strict.Decide([In(1, "public"), In(2, "public")], 0));
    }

    [Fact]
    public void Several_devices_come_from_one_group()
    {
        var node = new NodeConfig("n", 64_000, 64_000, 8, "A") { LinkGroup = 4, NumaGroup = 4 };
        var cluster = new ClusterState([node], new NameTable());
        var pool = new PoolState(cluster, new ProjectTree([new ProjectConfig("p")]));
        var scheduler = new Scheduler(pool, new SchedulingPolicy { Placement = "topology" });
        scheduler.Decide([Simple.Claim(1, "p", 1)], 0);
        ulong four = Assert.IsType<StartDecision>(scheduler.Decide([Simple.Claim(2, "p", 4)], 1)[0]).Places[0].Devices;
        Assert.Equal(0xF0UL, four);
        Assert.Equal(0, TopologyPolicy.Distance(node, four));
        Assert.Equal(11, TopologyPolicy.Distance(node, 0b1_0001));
    }

    [Fact]
    public void Gangs_stay_in_one_rack_when_they_must()
    {
        NodeConfig[] nodes =
        [
            .. Enumerable.Range(0, 4).Select(i => new NodeConfig($"n{i}", 8000, 8000, 2, "A") { Rack = $"r{i / 2}" }),
        ];
        var pool = new PoolState(new ClusterState(nodes, new NameTable()), new ProjectTree([new ProjectConfig("p")]));
        var scheduler = new Scheduler(pool, new SchedulingPolicy { Placement = "firstfit" });
        scheduler.Decide([Simple.Claim(1, "p", 2)], 0);
        ClaimConfig gang = Simple.Claim(2, "p", 2) with { Tasks = 2, Closeness = Closeness.RequireRack };
        StartDecision start = Assert.IsType<StartDecision>(scheduler.Decide([gang], 1)[0]);
        Assert.All(start.Places, place => Assert.Equal("r1", nodes[place.Node].Rack));
        Assert.IsType<RefuseDecision>(scheduler.Decide([gang with { Id = 3, Tasks = 3 }], 2)[0]);
    }

    [Fact]
    public void Moving_makes_room_and_rebalancing_empties_nodes()
    {
        PoolState pool = Simple.Pool(2, 2, new ProjectConfig("p"));
        var scheduler = new Scheduler(pool, new SchedulingPolicy { Placement = "worstfit", MaxMoves = 2 });
        scheduler.Decide([Simple.Claim(1, "p", 1), Simple.Claim(2, "p", 1)], 0);
        Assert.Equal(1, pool.Cluster.Tasks(0));
        IReadOnlyList<Decision> decisions = scheduler.Decide([Simple.Claim(3, "p", 2)], 1);
        Assert.IsType<MoveDecision>(decisions[0]);
        Assert.IsType<StartDecision>(decisions[1]);
        pool.End(3);

        var packed = new Scheduler(pool, new SchedulingPolicy { Placement = "bestfit" });
        pool.End(2);
        packed.Decide([Simple.Claim(4, "p", 1), Simple.Claim(5, "p", 1)], 2);
        pool.End(1);
        pool.End(4);
        string before = string.Join(';', pool.Cluster.DevicesFree(0).ToArray());
        Assert.Equal(packed.PlanRebalance(5).Count, packed.PlanRebalance(5).Count);
        Assert.Equal(before, string.Join(';', pool.Cluster.DevicesFree(0).ToArray()));
        Assert.Null(ClusterAudit.Find(pool.Cluster));
    }

    [Fact]
    public void A_failed_start_and_a_failed_move_are_taken_back()
    {
        PoolState pool = Simple.Pool(2, 1, new ProjectConfig("p"));
        var scheduler = new Scheduler(pool, new SchedulingPolicy());
        scheduler.Decide([Simple.Claim(1, "p", 1)], 0);
        Assert.True(pool.StartFailed(1, 1));
        Assert.Equal(0, pool.Cluster.UsedMilli);
        Assert.Single(scheduler.Decide(2));
        Assert.Equal([1L], pool.CloseNode(0, 3));
        Assert.Single(scheduler.Decide(4));
        Assert.Equal(1, pool.Cluster.PlacementAt(pool.Claims[1].Slots[0]).Node);
    }

    [Fact]
    public void Books_made_anew_take_over_what_runs()
    {
        PoolState old = Simple.Pool(2, 2, new ProjectConfig("p"));
        ClaimConfig claim = Simple.Claim(1, "p", 1) with { ParkBytes = 5 };
        var places = ((StartDecision)new Scheduler(old, new SchedulingPolicy()).Decide([claim], 0)[0]).Places;
        PoolState pool = Simple.Pool(2, 2, new ProjectConfig("p"));
        pool.Adopt(claim, places, 0, 0);
        Assert.Throws<InvalidOperationException>(() => pool.Adopt(claim with { Id = 2 }, places, 0, 0));
        Assert.Throws<ArgumentException>(() => pool.Adopt(claim with { Id = 2, Tasks = 2 }, places, 0, 0));
        Assert.Equal(1000, pool.Projects.Used(0).DeviceMilli);
        Assert.Equal(0, pool.Projects.Waiting(0).DeviceMilli);
        var scheduler = new Scheduler(pool, new SchedulingPolicy());
        Assert.Contains("runs on", scheduler.Explain(1, 1).Summary);
        ClaimConfig[] urgent =
        [
            .. Enumerable.Range(10, 4).Select(id => Simple.Claim(id, "p", 1) with { Priority = 9 }),
        ];
        Assert.Single(scheduler.Decide(urgent, 1).OfType<ParkDecision>());
        pool.End(10);
        Assert.True(Assert.IsType<StartDecision>(Assert.Single(scheduler.Decide(2))).Resumed);
    }

    [Fact]
    public void What_keeps_a_claim_waiting_is_told()
    {
        PoolState pool = Simple.Pool(2, 2, new ProjectConfig("p") { Limit = Resources.Devices(3) });
        var scheduler = new Scheduler(pool, new SchedulingPolicy());
        scheduler.Decide([Simple.Claim(1, "p", 2) with { PredictedSeconds = 50 }], 0);
        scheduler.Decide([Simple.Claim(2, "p", 2)], 1);
        Explanation limit = scheduler.Explain(2, 1);
        Assert.Contains("limit", limit.Summary);
        Assert.Contains("1 devices", limit.Needs[0]);
        Assert.Contains("runs on n", scheduler.Explain(1, 1).Summary);
        scheduler.Decide([Simple.Claim(3, "p", 1)], 2);
        Explanation full = scheduler.Explain(2, 2);
        Assert.Equal(2, full.Removed.Sum(filter => filter.Nodes));
        Assert.Equal(50, full.Earliest);
        Assert.Throws<ArgumentException>(() => scheduler.Explain(77, 2));
    }

    [Fact]
    public void Claims_that_can_never_start_are_refused_with_the_reason()
    {
        PoolState pool = Simple.Pool(2, 2, new ProjectConfig("p") { Quota = Resources.Devices(1) });
        var scheduler = new Scheduler(pool, new SchedulingPolicy());
        string Reason(ClaimConfig claim) =>
            Assert.IsType<RefuseDecision>(Assert.Single(scheduler.Decide([claim], 0))).Reason;
        Assert.Contains("large enough", Reason(Simple.Claim(1, "p", 3)));
        Assert.Contains("only preemptible", Reason(Simple.Claim(2, "p", 2) with { Preemptible = false }));
        Assert.Contains("did you mean 'p'", Reason(Simple.Claim(3, "q", 1)));
        Assert.Contains("tasks", Reason(Simple.Claim(4, "p", 1) with { Tasks = 0 }));
        Assert.Contains("negative", Reason(Simple.Claim(5, "p", 1) with { ParkBytes = -1 }));
        Assert.Empty(pool.Claims);
    }

    [Theory]
    [InlineData("a>b,b>a", "ancestors")]
    [InlineData("a>nowhere", "there is no project")]
    [InlineData("a,a", "unique")]
    public void Trees_that_are_none_are_refused(string text, string reason)
    {
        ProjectConfig[] projects =
        [
            .. text.Split(',')
                .Select(part => part.Split('>'))
                .Select(parts => new ProjectConfig(parts[0], parts.Length > 1 ? parts[1] : "")),
        ];
        Assert.Contains(reason, Assert.Throws<ArgumentException>(() => new ProjectTree(projects)).Message);
    }

    [Fact]
    public void Quotas_that_cannot_hold_together_are_refused()
    {
        ProjectConfig parent = new("a") { Quota = Resources.Devices(4) };
        ProjectConfig child = new("b", "a") { Quota = Resources.Devices(5) };
        Assert.Contains("add up", Assert.Throws<ArgumentException>(() => new ProjectTree([parent, child])).Message);
        ProjectConfig beyond = new("c") { Quota = Resources.Devices(4), Limit = Resources.Devices(3) };
        Assert.Contains("limit", Assert.Throws<ArgumentException>(() => new ProjectTree([beyond])).Message);
        ProjectConfig negative = new("d") { Weight = -1 };
        Assert.Contains("weight", Assert.Throws<ArgumentException>(() => new ProjectTree([negative])).Message);
    }
}
