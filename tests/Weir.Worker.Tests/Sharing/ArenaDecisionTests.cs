using FsCheck;
using FsCheck.Fluent;
using Weir.Worker.Sharing;

namespace Weir.Worker.Tests.Sharing;

/// <summary>Whose memory leaves the device.</summary>
public class ArenaDecisionTests
{
    private const ulong MiB = 1 << 20;
    private const long Ms = 1_000_000;
    private const long Now = 1_000_000 * Ms;

    private static readonly Config Seeded = Config.QuickThrowOnFailure.WithMaxTest(500).WithReplay(20260321, 5);

    private static readonly Gen<ArenaHolder> Holder =
        from chunks in Gen.Choose(0, 2000)
        from isBusy in Gen.Elements(true, false)
        from usedMs in Gen.Choose(0, 1000)
        from heldMs in Gen.Choose(0, 20_000)
        from swapUs in Gen.Choose(0, 5000)
        select new ArenaHolder(
            (ulong)chunks * 2 * MiB,
            isBusy,
            Now - usedMs * Ms,
            heldMs == 0 ? 0 : Now - heldMs * Ms,
            (uint)swapUs * 1000
        );

    [Fact]
    public void Nobody_is_asked_for_what_he_has_not_and_nobody_asks_himself() =>
        Check.One(
            Seeded,
            Prop.ForAll(
                Arb.From(Gen.ArrayOf(Holder)),
                Arb.From(Gen.Choose(0, 5)),
                (holders, self) =>
                {
                    int victim = ArenaDecision.Choose(holders, self, ulong.MaxValue, Now, out bool isAnyThere);
                    bool isAny = holders.Where((one, index) => index != self && one.ResidentBytes > 0).Any();
                    return isAnyThere == isAny && (victim < 0 || (victim != self && holders[victim].ResidentBytes > 0));
                }
            )
        );

    [Fact]
    public void Whoever_is_idle_goes_before_whoever_is_busy_and_the_longest_idle_first() =>
        Check.One(
            Seeded,
            Prop.ForAll(
                Arb.From(Gen.ArrayOf(Holder)),
                holders =>
                {
                    int victim = ArenaDecision.Choose(holders, -1, ulong.MaxValue, Now, out _);
                    return victim < 0
                        || !holders.Any(one =>
                            !one.IsBusy
                            && one.ResidentBytes > 0
                            && Now - one.UsedAt >= ArenaDecision.MostIdleNanoseconds
                            && (holders[victim].IsBusy || one.UsedAt < holders[victim].UsedAt)
                        );
                }
            )
        );

    [Theory]
    [InlineData(100, 1000, 1)]
    [InlineData(100, 4000, 5)]
    [InlineData(1000, 1000, 5)]
    public void Two_that_are_always_busy_take_turns_that_are_long_against_what_swapping_costs(
        int chunks,
        uint swapUs,
        int leastShare
    )
    {
        // Whoever does not hold the memory asks every millisecond; whoever is asked loses it, and the other needs the time of a swap.
        ArenaHolder[] both =
        [
            new((ulong)chunks * 2 * MiB, true, 0, 1, swapUs * 1000),
            new(0, true, 0, 0, swapUs * 1000),
        ];
        int holder = 0;
        int swaps = 0;
        const long Seconds = 60;
        for (long now = Ms; now < Seconds * 1000 * Ms; now += Ms)
        {
            if (ArenaDecision.Choose(both, 1 - holder, ulong.MaxValue, now, out _) == holder)
            {
                both[1 - holder] = both[holder] with { HeldSince = now, WasCut = both[1 - holder].WasCut };
                both[holder] = both[holder] with { ResidentBytes = 0, HeldSince = 0, WasCut = true };
                holder = 1 - holder;
                swaps++;
            }
        }
        double share = (double)swaps * chunks * swapUs / 1e6 / Seconds;
        Assert.InRange(share, 0, 0.26);
        Assert.True(swaps >= Seconds / leastShare / 5, $"only {swaps} turns in {Seconds} s");
    }

    [Theory]
    [InlineData(300, 115, 1500)]
    [InlineData(1000, 115, 1500)]
    [InlineData(400, 1000, 3000)]
    public void Two_that_are_busy_half_of_the_time_do_half_as_much_again_as_one_after_the_other(
        uint swapUs,
        int chunks,
        int phaseMs
    )
    {
        // Both need all of the device. The second begins when the first is in the middle of its phase, the worst moment.
        const int Phases = 4;
        ulong bytes = (ulong)chunks * 2 * MiB;
        ArenaHolder[] both = [new(0, true, 0, 0, swapUs * 1000), new(0, false, 0, 0, swapUs * 1000)];
        long[] left = [phaseMs * Ms, 0];
        long[] pauseEnds = [0, Ms + phaseMs * Ms / 2];
        int[] phases = [1, 0];
        int holder = -1;
        long isReadyAt = 0;
        long now = Ms;
        for (; phases.Min() < Phases || left.Max() > 0; now += Ms)
        {
            for (int one = 0; one < 2; one++)
            {
                if (left[one] == 0 && now >= pauseEnds[one] && phases[one] < Phases)
                {
                    (left[one], phases[one]) = (phaseMs * Ms, phases[one] + 1);
                    both[one] = both[one] with { IsBusy = true, UsedAt = now };
                }
                bool wants = left[one] > 0 && holder != one;
                if (wants && (holder < 0 || ArenaDecision.Choose(both, one, bytes, now, out _) == holder))
                {
                    if (holder >= 0)
                    {
                        both[holder] = both[holder] with
                        {
                            ResidentBytes = 0,
                            HeldSince = 0,
                            WasCut = left[holder] > 0,
                        };
                    }
                    holder = one;
                    isReadyAt = now + chunks * swapUs * 1000L;
                    both[one] = both[one] with { ResidentBytes = bytes, HeldSince = now };
                }
            }
            if (holder >= 0 && now >= isReadyAt && left[holder] > 0)
            {
                left[holder] = Math.Max(0, left[holder] - Ms);
                if (left[holder] == 0)
                {
                    pauseEnds[holder] = now + phaseMs * Ms;
                    both[holder] = both[holder] with { IsBusy = false, UsedAt = now };
                }
            }
        }
        long apart = 2 * (2 * Phases - 1) * phaseMs * Ms;
        Assert.InRange((double)apart / now, 1.5, 2);
    }

    [Fact]
    public void Of_two_that_have_half_of_what_they_need_one_gets_the_rest_at_once()
    {
        ArenaHolder[] both =
        [
            new(400 * MiB, true, Now, Now - 20 * Ms, 1_000_000),
            new(400 * MiB, true, Now, Now - 10 * Ms, 1_000_000),
        ];
        Assert.Equal(1, ArenaDecision.Choose(both, 0, 400 * MiB, Now, out _));
        Assert.Equal(-1, ArenaDecision.Choose(both, 1, 400 * MiB, Now, out _));
        Assert.True(ArenaDecision.IsTurn(both, 0, Now));
        Assert.False(ArenaDecision.IsTurn(both, 1, Now));
        // When its slice is over, the other may begin.
        Assert.Equal(0, ArenaDecision.Choose(both, 1, 400 * MiB, Now + 6000 * Ms, out _));
    }

    [Fact]
    public void Who_needs_little_waits_less_for_a_busy_one()
    {
        ArenaHolder big = new(900 * MiB, true, Now, Now - 500 * Ms, 1_000_000);
        ArenaHolder small = new(0, true, Now, 0, 1_000_000);
        Assert.Equal(0, ArenaDecision.Choose([big, small], 1, 20 * MiB, Now, out _));
        Assert.Equal(-1, ArenaDecision.Choose([big, small], 1, 900 * MiB, Now, out _));
    }

    [Fact]
    public void A_pause_between_two_kernels_is_no_reason_to_swap()
    {
        ArenaHolder big = new(900 * MiB, false, Now - 10 * Ms, Now - 1000 * Ms, 1_000_000);
        Assert.Equal(-1, ArenaDecision.Choose([big], 1, 900 * MiB, Now, out bool isAnyThere));
        Assert.True(isAnyThere);
        Assert.Equal(0, ArenaDecision.Choose([big with { UsedAt = Now - 50 * Ms }], 1, 900 * MiB, Now, out _));
    }
}
