using System.Numerics;
using Weir.Scheduling.Cluster;
using Weir.Scheduling.Deciding;
using Weir.Scheduling.Fairness;

namespace Weir.Scheduling.Tests;

/// <summary>What a live pool needs besides published traces: slices with memory, chosen devices, several nodes, holds.</summary>
public class SliceTests
{
    [Fact]
    public void A_part_of_memory_is_each_devices_own()
    {
        var state = new ClusterState(
            [
                new NodeConfig("small", 0, 0, 1, "A") { DeviceMemoryMib = 8192 },
                new NodeConfig("large", 0, 0, 1, "B") { DeviceMemoryMib = 24_576, DeviceMemoryPromisedMib = 49_152 },
            ],
            new NameTable()
        );
        var quarter = new TaskShape(0, 0, 1, 250) { DeviceMemoryMilli = 250 };
        state.Place(0, quarter, 1);
        state.Place(1, quarter, 1);
        Assert.Equal(6144, state.DeviceMemoryFree(0)[0]);
        Assert.Equal(43_008, state.DeviceMemoryFree(1)[0]);
        Assert.True(state.Fits(0, new TaskShape(0, 0, 1, 100, 6144)));
        Assert.False(state.Fits(0, new TaskShape(0, 0, 1, 100, 6145)));
        // However much is promised, no task is larger than the device.
        Assert.False(state.Fits(1, new TaskShape(0, 0, 1, 100, 24_577)));
        Assert.Null(ClusterAudit.Find(state));
    }

    [Fact]
    public void A_device_that_takes_nothing_new_keeps_what_it_has()
    {
        PoolState pool = Simple.Pool(1, 2, new ProjectConfig("p"));
        var scheduler = new Scheduler(pool, new SchedulingPolicy { Placement = "bestfit" });
        scheduler.Decide([Simple.Claim(1, "p", 1)], 0);
        pool.SetUsable(0, 0);
        Assert.Empty(scheduler.Decide([Simple.Claim(2, "p", 1)], 1));
        Assert.Equal(ClaimPhase.Running, pool.Claims[1].Phase);
        pool.SetUsable(0, 0b10);
        StartDecision start = Assert.IsType<StartDecision>(Assert.Single(scheduler.Decide(2)));
        Assert.Equal(0b10UL, start.Places[0].Devices);
        Assert.Null(ClusterAudit.Find(pool.Cluster));
    }

    [Fact]
    public void A_claim_takes_only_devices_of_its_set()
    {
        PoolState pool = Simple.Pool(3, 4, new ProjectConfig("p"));
        int set = pool.Cluster.Allow(new Dictionary<int, ulong> { [1] = 0b0100 });
        var scheduler = new Scheduler(pool, new SchedulingPolicy());
        ClaimConfig claim = Simple.Claim(1, "p", 1);
        claim = claim with { Shape = claim.Shape with { Allowed = set } };
        StartDecision start = Assert.IsType<StartDecision>(Assert.Single(scheduler.Decide([claim], 0)));
        Assert.Equal((1, 0b0100UL), (start.Places[0].Node, start.Places[0].Devices));
        // Two of one device can never be.
        ClaimConfig two = claim with
        {
            Id = 2,
            Shape = claim.Shape with { Devices = 2 },
        };
        Assert.IsType<RefuseDecision>(Assert.Single(scheduler.Decide([two], 1)));
    }

    [Fact]
    public void Devices_of_one_claim_are_on_few_nodes_each_of_its_own_or_nowhere()
    {
        PoolState pool = Simple.Pool(3, 2, new ProjectConfig("p"));
        var scheduler = new Scheduler(pool, new SchedulingPolicy());
        ClaimConfig Split(long id, int devices, int milli) =>
            new(id, "p", new TaskShape(0, 0, devices, milli)) { MaySplit = true };
        StartDecision start = Assert.IsType<StartDecision>(Assert.Single(scheduler.Decide([Split(1, 3, 600)], 0)));
        Assert.Equal([2, 1], start.Places.Select(place => BitOperations.PopCount(place.Devices)));
        Assert.Empty(scheduler.Decide([Split(2, 4, 600)], 1));
        Assert.Equal(
            3,
            pool.Cluster.DevicesFree(0)
                .ToArray()
                .Concat(pool.Cluster.DevicesFree(1).ToArray())
                .Concat(pool.Cluster.DevicesFree(2).ToArray())
                .Count(free => free == 1000)
        );
        Assert.IsType<RefuseDecision>(Assert.Single(scheduler.Decide([Split(3, 7, 100)], 2)));
        pool.End(1);
        Assert.IsType<StartDecision>(Assert.Single(scheduler.Decide(3)));
    }

    [Fact]
    public void A_held_claim_waits_with_its_reason_and_others_pass()
    {
        PoolState pool = Simple.Pool(1, 1, new ProjectConfig("p"));
        var scheduler = new Scheduler(pool, new SchedulingPolicy { ReserveAfterSeconds = 0 });
        pool.Submit(Simple.Claim(1, "p", 1), 0);
        pool.Hold(1, "no node has room for its process");
        StartDecision other = Assert.IsType<StartDecision>(
            Assert.Single(scheduler.Decide([Simple.Claim(2, "p", 1)], 1))
        );
        Assert.Equal(2, other.Claim);
        Assert.Contains("no node has room for its process", scheduler.Explain(1, 1).Needs);
        pool.End(2);
        Assert.Empty(scheduler.Decide(2));
        pool.Hold(1, null);
        Assert.Equal(1, Assert.IsType<StartDecision>(Assert.Single(scheduler.Decide(3))).Claim);
    }

    [Fact]
    public void Without_a_quota_also_what_cannot_be_parked_borrows_and_with_one_it_does_not()
    {
        PoolState pool = Simple.Pool(
            1,
            4,
            new ProjectConfig("open") { BorrowsFreely = true },
            new ProjectConfig("own") { Quota = Resources.Devices(1) }
        );
        var scheduler = new Scheduler(pool, new SchedulingPolicy());
        ClaimConfig Firm(long id, string project) => Simple.Claim(id, project, 1) with { Preemptible = false };
        Assert.Equal(2, scheduler.Decide([Firm(1, "open"), Firm(2, "own")], 0).Count);
        Assert.Empty(scheduler.Decide([Firm(3, "own")], 1));
        Assert.IsType<StartDecision>(Assert.Single(scheduler.Decide([Simple.Claim(4, "own", 1)], 2)));
    }

    [Fact]
    public void What_a_claim_counts_for_may_be_other_than_its_shape()
    {
        PoolState pool = Simple.Pool(1, 4, new ProjectConfig("p") { Limit = Resources.Devices(2) });
        var scheduler = new Scheduler(pool, new SchedulingPolicy());
        // On a pool that promises twice what it has, half of the library's device is a whole one for the project.
        ClaimConfig Whole(long id) => new(id, "p", new TaskShape(0, 0, 1, 500)) { Charge = new Resources(1000, 0, 0) };
        Assert.Equal(2, scheduler.Decide([Whole(1), Whole(2), Whole(3)], 0).Count);
        Assert.Contains("limit", Assert.Single(scheduler.Explain(3, 0).Needs));
    }

    [Fact]
    public void Each_pool_is_placed_by_its_own_policy()
    {
        NodeConfig[] nodes =
        [
            .. Enumerable
                .Range(0, 4)
                .Select(i => new NodeConfig($"n{i}", 0, 0, 2, "A") { Pool = i < 2 ? "tight" : "wide" }),
        ];
        var pool = new PoolState(new ClusterState(nodes, new NameTable()), new ProjectTree([new ProjectConfig("p")]));
        var policy = new SchedulingPolicy
        {
            Placement = "bestfit",
            PlacementByPool = new Dictionary<string, string> { ["wide"] = "worstfit" },
        };
        var scheduler = new Scheduler(pool, policy);
        int[] Nodes(string name) =>
            [
                .. scheduler
                    .Decide(
                        [
                            .. Enumerable
                                .Range(0, 2)
                                .Select(i =>
                                    Simple.Claim(i + name.Length * 10, "p", 1) with
                                    {
                                        Pool = name,
                                        Overflow = false,
                                    }
                                ),
                        ],
                        1
                    )
                    .Cast<StartDecision>()
                    .Select(start => start.Places[0].Node),
            ];
        Assert.Single(Nodes("tight").Distinct());
        Assert.Equal(2, Nodes("wide").Distinct().Count());
        var wrong = policy with { PlacementByPool = new Dictionary<string, string> { ["wide"] = "worsfit" } };
        Assert.Contains(
            "did you mean 'worstfit'?",
            Assert.Throws<ArgumentException>(() => new Scheduler(pool, wrong)).Message
        );
    }

    [Fact]
    public void A_plan_of_moves_changes_nothing()
    {
        PoolState pool = Simple.Pool(2, 2, new ProjectConfig("p"));
        var scheduler = new Scheduler(pool, new SchedulingPolicy { Placement = "worstfit", Preemption = false });
        scheduler.Decide([Simple.Claim(1, "p", 1), Simple.Claim(2, "p", 1)], 0);
        Assert.Empty(scheduler.Decide([Simple.Claim(3, "p", 2)], 1));
        for (int i = 0; i < 2; i++)
        {
            MoveDecision move = Assert.Single(scheduler.PlanRoom(3, 4)!);
            Assert.NotEqual(move.From.Node, move.To.Node);
            Assert.Equal(ClaimPhase.Waiting, pool.Claims[3].Phase);
            Assert.Null(ClusterAudit.Find(pool.Cluster));
        }
        Assert.Null(scheduler.PlanRoom(3, 0));
        Assert.Equal([3], scheduler.WaitingInOrder(1));
    }

    [Theory]
    [InlineData(-1, 0)]
    [InlineData(1001, 0)]
    [InlineData(500, 1024)]
    public void Senseless_parts_of_memory_are_refused(int milli, int mib) =>
        Assert.Throws<ArgumentException>(() => new TaskShape(0, 0, 1, 100, mib) { DeviceMemoryMilli = milli }.Check());

    [Fact]
    public void What_may_be_divided_asks_for_devices_only()
    {
        PoolState pool = Simple.Pool(1, 2, new ProjectConfig("p"));
        ClaimConfig claim = new(1, "p", new TaskShape(1000, 0, 2, 1000)) { MaySplit = true };
        Assert.Contains("devices only", Assert.Throws<ArgumentException>(() => pool.Submit(claim, 0)).Message);
    }
}
