using System.Numerics;
using FsCheck;
using FsCheck.Fluent;
using Weir.Scheduling.Cluster;
using Weir.Scheduling.Deciding;
using Weir.Scheduling.Fairness;

namespace Weir.Scheduling.Tests;

/// <summary>What holds after every decision, over long random histories.</summary>
public class SchedulerInvariantTests
{
    [Fact]
    public void Capacity_limits_quotas_and_gangs_hold_at_every_step() =>
        ForAll(
            60,
            history =>
            {
                for (int i = 0; i < 60; i++)
                {
                    history.Run(2);
                    AssertBooks(history);
                }
            }
        );

    [Fact]
    public void Equal_histories_give_equal_decisions()
    {
        Check.One(
            Histories.Config(25),
            Prop.ForAll(
                Histories.Seeds(),
                seed =>
                {
                    var first = new PoolHistory((ulong)seed);
                    var second = new PoolHistory((ulong)seed);
                    first.Run(80);
                    second.Run(80);
                    Assert.Equal(first.Log, second.Log);
                }
            )
        );
    }

    [Fact]
    public void Nothing_starves_under_a_fair_policy() =>
        ForAll(
            25,
            history =>
            {
                history.Run(80);
                Assert.True(history.Drain(4000), $"{history.Pool.Claims.Count} claims never ended");
                AssertBooks(history);
                Assert.Equal(0, history.Pool.Cluster.UsedMilli);
                Assert.Equal(0, history.Pool.Projects.Used(0).DeviceMilli);
                Assert.Equal(0, history.Pool.Projects.Waiting(0).DeviceMilli);
            },
            () => new SchedulingPolicy { ReserveAfterSeconds = 100, Placement = "balanced" }
        );

    [Fact]
    public void A_wide_claim_is_not_passed_by_small_ones_for_ever()
    {
        // Small claims keep coming; without nodes kept free, eight free devices would never be seen together.
        PoolState pool = Simple.Pool(1, 8, new ProjectConfig("p"));
        var scheduler = new Scheduler(pool, new SchedulingPolicy { ReserveAfterSeconds = 300 });
        var ends = new PriorityQueue<long, double>();
        double wideStarted = double.NaN;
        for (int second = 0; second < 3000 && double.IsNaN(wideStarted); second += 10)
        {
            while (ends.TryPeek(out long ended, out double at) && at <= second)
            {
                ends.Dequeue();
                pool.End(ended);
            }
            ClaimConfig small = Simple.Claim(second + 1, "p", 1) with { PredictedSeconds = 100 };
            ClaimConfig[] claims =
                second == 200 ? [small, Simple.Claim(2, "p", 8) with { PredictedSeconds = 50 }] : [small];
            foreach (Decision decision in scheduler.Decide(claims, second))
            {
                if (decision is StartDecision { Claim: 2 })
                {
                    wideStarted = second;
                }
                else if (decision is StartDecision start)
                {
                    ends.Enqueue(start.Claim, second + 100);
                }
            }
        }
        Assert.InRange(wideStarted, 300, 800);
    }

    [Fact]
    public void Reclaim_reaches_every_owed_quota() =>
        Check.One(
            Histories.Config(60),
            Prop.ForAll(
                Histories.Seeds(),
                seed =>
                {
                    // Equal whole-device claims, so that nothing but quota decides.
                    var random = new SeededRandom((ulong)seed);
                    int nodes = random.Next(6) + 2;
                    int devices = nodes * 4;
                    int left = devices;
                    int[] quotas = new int[4];
                    for (int i = 0; i < quotas.Length; i++)
                    {
                        quotas[i] = random.Next(left + 1);
                        left -= quotas[i];
                    }
                    PoolState pool = Simple.Pool(
                        nodes,
                        4,
                        [
                            .. quotas.Select(
                                (quota, i) => new ProjectConfig("p" + i) { Quota = Resources.Devices(quota) }
                            ),
                        ]
                    );
                    var scheduler = new Scheduler(pool, new SchedulingPolicy { Placement = "bestfit" });
                    int[] asked = new int[4];
                    long id = 1;
                    foreach (int project in Enumerable.Range(0, 4).OrderBy(_ => random.NextBits()).ToArray())
                    {
                        asked[project] = random.Next(2 * devices);
                        ClaimConfig[] claims =
                        [
                            .. Enumerable.Range(0, asked[project]).Select(_ => Simple.Claim(id++, "p" + project, 1)),
                        ];
                        scheduler.Decide(claims, id);
                        scheduler.Decide(id + 1);
                    }
                    for (int project = 0; project < 4; project++)
                    {
                        long used = pool.Projects.Used(project + 1).DeviceMilli / 1000;
                        Assert.True(
                            used >= Math.Min(quotas[project], asked[project]),
                            $"p{project} uses {used}, its quota is {quotas[project]}, it asked for {asked[project]}"
                        );
                    }
                }
            )
        );

    private static (int Node, ulong Devices) Devices(PlacedTask task) => (task.Node, task.Devices);

    private static void ForAll(int tests, Action<PoolHistory> check, Func<SchedulingPolicy>? policy = null) =>
        Check.One(
            Histories.Config(tests),
            Prop.ForAll(Histories.Seeds(), seed => check(new PoolHistory((ulong)seed, policy?.Invoke())))
        );

    private static void AssertBooks(PoolHistory history)
    {
        PoolState pool = history.Pool;
        Assert.Null(ClusterAudit.Find(pool.Cluster));
        var used = new Resources[pool.Projects.Count];
        int placements = 0;
        foreach (ClaimState claim in pool.Claims.Values)
        {
            bool running = claim.Phase == ClaimPhase.Running;
            if (claim.Config.MaySplit)
            {
                // All devices, each of its own, or none.
                (int, ulong)[] parts = [.. claim.Slots.Select(slot => Devices(pool.Cluster.PlacementAt(slot)))];
                Assert.Equal(
                    running ? claim.Config.Shape.Devices : 0,
                    parts.Sum(part => BitOperations.PopCount(part.Item2))
                );
                Assert.Equal(parts.Length, parts.Select(part => part.Item1).Distinct().Count());
            }
            else
            {
                Assert.Equal(running ? claim.Config.Tasks : 0, claim.Slots.Length);
            }
            placements += claim.Slots.Length;
            foreach (int slot in claim.Slots)
            {
                PlacedTask task = pool.Cluster.PlacementAt(slot);
                Assert.False(pool.IsDown(task.Node));
                string home = pool.Cluster.Node(task.Node).Pool;
                bool lends = !history.Policy.PoolsThatDoNotLend.Contains(home);
                Assert.True(claim.Config.Pool == home || lends && (claim.Config.Overflow || claim.Config.Pool == ""));
            }
            if (running && claim.Config.Closeness == Closeness.RequireRack && !history.Policy.MaxMoves.Equals(99))
            {
                IEnumerable<string> racks = claim.Slots.Select(slot =>
                    pool.Cluster.Node(pool.Cluster.PlacementAt(slot).Node).Rack
                );
                Assert.True(racks.Distinct().Count() == 1 || claim.Config.Tasks == 1);
            }
            for (int at = claim.Project; running && at >= 0; at = pool.Projects.Parent(at))
            {
                used[at] += claim.Amount;
            }
        }
        Assert.Equal(placements, pool.Cluster.PlacementCount);
        for (int project = 0; project < used.Length; project++)
        {
            Assert.Equal(used[project], pool.Projects.Used(project));
            Assert.True(used[project].Within(pool.Projects.Config(project).Limit));
        }
    }
}
