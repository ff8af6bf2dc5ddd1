using FsCheck;
using FsCheck.Fluent;
using Weir.Worker.Sharing;

namespace Weir.Worker.Tests.Sharing;

/// <summary>Who may run: the rule by itself, and what comes of it when it is followed for seconds of simulated time.</summary>
public class CoreDecisionTests
{
    private static readonly Config Seeded = Config.QuickThrowOnFailure.WithMaxTest(500).WithReplay(20260311, 5);

    private static readonly Gen<CoreDemand> Demand =
        from account in Gen.Choose(1, 5)
        from share in Gen.Choose(1, 100)
        from virtualMs in Gen.Choose(0, 200)
        from wanting in Gen.Choose(0, 6)
        from running in Gen.Choose(0, wanting)
        select new CoreDemand((ulong)account, share, (ulong)virtualMs * 1_000_000, wanting, running);

    private static readonly Arbitrary<CoreDemand[]> Demands = Arb.From(Gen.ArrayOf(Demand));

    [Fact]
    public void No_core_idles_while_somebody_wants_one_and_nobody_gets_more_than_wanted() =>
        Check.One(
            Seeded,
            Prop.ForAll(
                Demands,
                Arb.From(Gen.Choose(1, 8)),
                (demands, cores) =>
                {
                    int[] allotted = Allot(demands, cores);
                    return allotted.Sum() == Math.Min(cores, demands.Sum(one => one.Wanting))
                        && allotted.Zip(demands).All(one => one.First >= 0 && one.First <= one.Second.Wanting);
                }
            )
        );

    [Fact]
    public void Whoever_is_further_behind_is_served_first() =>
        Check.One(
            Seeded,
            Prop.ForAll(
                Demands,
                Arb.From(Gen.Choose(1, 8)),
                (demands, cores) =>
                {
                    int[] allotted = Allot(demands, cores);
                    for (int i = 0; i < demands.Length; i++)
                    {
                        for (int j = 0; j < demands.Length; j++)
                        {
                            bool isUnserved = allotted[i] < demands[i].Wanting;
                            // By more than the most that running counts for.
                            bool isFarBehind = demands[i].Virtual + 400_000_000 < demands[j].Virtual;
                            if (isUnserved && isFarBehind && allotted[j] > 0)
                            {
                                return false;
                            }
                        }
                    }
                    return true;
                }
            )
        );

    [Theory]
    [InlineData(1, "25:0.3 75:0.3")]
    [InlineData(2, "50:500 50:0.1")]
    [InlineData(2, "10:0.3 20:40 70:0.05")]
    [InlineData(4, "10:0.2 20:0.2 70:25")]
    [InlineData(4, "1:0.2 99:0.2")]
    [InlineData(16, "25:1 25:1 25:1 25:1")]
    public void Who_always_has_work_receives_what_was_promised(int cores, string sessions)
    {
        List<SimulatedSession> all = SimulatedSession.Parse(sessions);
        new SimulatedDevice(cores, all).Run(0, 10_000);
        double total = all.Sum(one => one.Received);
        Assert.Equal(cores * 10_000, total, cores * 600.0);
        double promised = all.Sum(one => one.Share);
        Assert.All(all, one => Assert.InRange(100 * one.Received / total - 100 * one.Share / promised, -3, 3));
    }

    [Fact]
    public void Sessions_of_one_lease_have_its_share_together()
    {
        List<SimulatedSession> all = SimulatedSession.Parse("50:0.3 50:0.3 50:0.3 50:0.3");
        all[1].Account = all[2].Account = all[3].Account;
        new SimulatedDevice(2, all).Run(0, 10_000);
        Assert.InRange(all[0].Received / all.Sum(one => one.Received), 0.47, 0.53);
    }

    [Fact]
    public void A_session_alone_has_all_of_the_device_and_what_it_borrows_comes_back_at_once()
    {
        List<SimulatedSession> all = SimulatedSession.Parse("30:0.3 70:0.3");
        (SimulatedSession stays, SimulatedSession returns) = (all[0], all[1]);
        returns.IsIdle = true;
        var device = new SimulatedDevice(2, all);
        device.Run(0, 5000);
        Assert.Equal(10_000, stays.Received, 20.0);
        returns.IsIdle = false;
        device.Run(5000, 5100);
        // 70 % of two cores for 100 ms is 140 ms.
        Assert.InRange(returns.Received, 130, 200);
        // Whoever lent is owed nothing for all that time: both go on as promised.
        double before = stays.Received;
        device.Run(5100, 8100);
        Assert.InRange((stays.Received - before) / 6000, 0.27, 0.33);
    }

    [Fact]
    public void Time_that_was_not_used_is_not_saved_up()
    {
        const ulong clock = 100_000_000_000;
        Assert.Equal(clock - 40_000_000, CoreDecision.Resume(5, clock, 50));
        Assert.Equal(clock + 7, CoreDecision.Resume(clock + 7, clock, 50));
        Assert.Equal(0ul, CoreDecision.Resume(0, 1000, 1));
    }

    [Fact]
    public void The_clock_never_goes_back()
    {
        Assert.Equal(50ul, CoreDecision.Advance(50, []));
        Assert.Equal(50ul, CoreDecision.Advance(50, [new CoreDemand(1, 50, 20, 1, 0)]));
        Assert.Equal(
            60ul,
            CoreDecision.Advance(50, [new CoreDemand(1, 50, 60, 1, 0), new CoreDemand(2, 50, 10, 0, 0)])
        );
    }

    private static int[] Allot(CoreDemand[] demands, int cores)
    {
        int[] allotted = new int[demands.Length];
        CoreDecision.Allot(demands, cores, allotted);
        return allotted;
    }
}
