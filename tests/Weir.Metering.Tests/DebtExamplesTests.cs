using Weir.Metering.Debt;
using static Weir.Metering.Tests.Days;

namespace Weir.Metering.Tests;

/// <summary>The worked examples of docs/guides/compute-debt.md.</summary>
public class DebtExamplesTests
{
    [Fact]
    public void A_device_that_nobody_wants_is_idle_without_demand()
    {
        DebtParts total = DebtCalculator.Total(Input(2, [Device()], []));
        Assert.Equal(2 * DeviceHour, total.Capacity);
        Assert.Equal(2 * DeviceHour, total.NoDemand);
        Assert.Equal(0, total.Residual);
    }

    [Fact]
    public void Half_a_device_for_an_hour_that_worked_half_of_its_share()
    {
        // 50 % of the device were promised, 25 % of it were busy throughout: half of the promise was used.
        DebtParts total = DebtCalculator.Total(
            Input(1, [Device()], [Holding(0, Hour, 50)], [Series(60, _ => 25, share: 50, memory: 80 * Gib)])
        );
        Assert.Equal(DeviceHour / 2, total.Allocated);
        Assert.Equal(DeviceHour / 4, total.Used);
        Assert.Equal(DeviceHour / 4, total.Useful);
        // All of the memory was needed, so it did not ask for too much.
        Assert.Equal(0, total.OverAsk);
        Assert.Equal(DeviceHour / 4, total.LowUse);
        Assert.Equal(DeviceHour / 2, total.NoDemand);
    }

    [Fact]
    public void A_slice_larger_than_ever_needed_was_asked_for_too_much()
    {
        // All of a device, never busier than 20 % and never fuller than 10 %: 80 % of it was too much.
        DebtParts total = DebtCalculator.Total(
            Input(1, [Device()], [Holding(0, Hour)], [Series(60, _ => 20, memory: 8 * Gib)])
        );
        Assert.Equal(DeviceHour / 5, total.Used);
        Assert.Equal(DeviceHour * 4 / 5, total.OverAsk);
        Assert.Equal(0, total.LowUse);
    }

    [Fact]
    public void What_is_used_beyond_the_share_was_lent_by_others_and_is_not_the_holders()
    {
        DebtParts total = DebtCalculator.Total(
            Input(1, [Device()], [Holding(0, Hour, 50)], [Series(60, _ => 80, share: 50)])
        );
        Assert.Equal(DeviceHour / 2, total.Used);
        Assert.Equal(total.Allocated, total.Used);
    }

    [Fact]
    public void Held_without_work_beyond_the_grace_time()
    {
        DebtParts total = DebtCalculator.Total(
            Input(1, [Device()], [Holding(0, Hour)], [Series(60, m => m < 20 ? 100 : 0, m => m >= 30)])
        );
        Assert.Equal(DeviceHour / 3, total.Useful);
        Assert.Equal(DeviceHour / 2, total.IdleHold);
        Assert.Equal(DeviceHour / 6, total.LowUse);
    }

    [Fact]
    public void Time_of_which_nothing_is_known_blames_nobody()
    {
        DebtParts total = DebtCalculator.Total(Input(1, [Device()], [Holding(0, Hour)], [Series(15, _ => 100)]));
        Assert.Equal(DeviceHour / 4, total.Useful);
        Assert.Equal(DeviceHour * 3 / 4, total.Unmetered);
    }

    [Fact]
    public void Work_that_failed_is_used_and_not_useful()
    {
        DebtParts total = DebtCalculator.Total(
            Input(1, [Device()], [Holding(0, Hour, isLost: true)], [Series(60, _ => 100)])
        );
        Assert.Equal(DeviceHour, total.Used);
        Assert.Equal(DeviceHour, total.Lost);
        Assert.Equal(0, total.Useful);
        Assert.Equal(DeviceHour, total.Debt);
    }

    [Fact]
    public void A_faulty_device_is_capacity_that_is_down()
    {
        DebtParts total = DebtCalculator.Total(Input(2, [Device("g0", (0, Hour, true), (Hour, 2 * Hour, false))], []));
        Assert.Equal(DeviceHour, total.Down);
        Assert.Equal(DeviceHour, total.NoDemand);
        Assert.Equal(2 * DeviceHour, total.Capacity);
    }

    [Fact]
    public void A_device_that_was_not_there_is_no_capacity()
    {
        DebtParts total = DebtCalculator.Total(Input(2, [Device("g0", (Hour / 2, Hour, true))], []));
        Assert.Equal(DeviceHour / 2, total.Capacity);
    }

    [Fact]
    public void The_rest_of_a_device_that_fits_nothing_that_waits_is_stranded()
    {
        // 60 % are held; what waits wants a whole device.
        DebtParts total = DebtCalculator.Total(
            Input(
                1,
                [Device()],
                [Holding(0, Hour, 60)],
                [Series(60, _ => 60, share: 60)],
                [new Waiting("default", Start, Start + Hour, 1, 100, 0, null, "p")]
            )
        );
        Assert.Equal(DeviceHour * 4 / 10, total.Stranded);
        Assert.Equal(0, total.QueueWait);
    }

    [Fact]
    public void Free_while_something_that_fits_waits_and_at_most_as_much_as_waits()
    {
        DebtParts total = DebtCalculator.Total(
            Input(1, [Device()], [], [], [new Waiting("default", Start, Start + Hour, 1, 30, 0, null, "p")])
        );
        Assert.Equal(DeviceHour * 3 / 10, total.QueueWait);
        Assert.Equal(DeviceHour * 7 / 10, total.NoDemand);
    }

    [Fact]
    public void When_nothing_waits_a_rest_is_stranded_by_how_much_of_the_usual_would_not_fit()
    {
        // Three of four usual claims want more than the 40 % that are left.
        DebtParts total = DebtCalculator.Total(
            Input(
                1,
                [Device()],
                [Holding(0, Hour, 60)],
                [Series(60, _ => 60, share: 60)],
                typical: [new TypicalAsk(100, 0, 3), new TypicalAsk(25, 0, 1)]
            )
        );
        Assert.Equal(DeviceHour * 3 / 10, total.Stranded);
        Assert.Equal(DeviceHour / 10, total.NoDemand);
    }

    [Fact]
    public void Memory_that_is_full_strands_the_compute_beside_it()
    {
        DebtParts total = DebtCalculator.Total(
            Input(
                1,
                [Device()],
                [Holding(0, Hour, 10, memory: 80 * Gib)],
                [Series(60, _ => 10, share: 10, memory: 80 * Gib)],
                typical: [new TypicalAsk(10, 4 * Gib, 1)]
            )
        );
        Assert.Equal(DeviceHour * 9 / 10, total.Stranded);
    }

    [Fact]
    public void A_lease_whose_slices_went_back_while_it_was_parked_does_not_hold_them()
    {
        Holding parked = Holding(0, Hour) with
        {
            Spans = [(Start, Start + Hour / 4), (Start + Hour / 2, Start + Hour)],
        };
        DebtParts total = DebtCalculator.Total(Input(1, [Device()], [parked], [Series(60, _ => 100)]));
        Assert.Equal(DeviceHour * 3 / 4, total.Allocated);
        Assert.Equal(DeviceHour / 4, total.NoDemand);
    }

    [Fact]
    public void Groups_and_trend_are_the_same_time_told_differently()
    {
        DebtSummary summary = DebtSummary.Of(
            Input(
                2,
                [Device(), Device("g1")],
                [Holding(0, Hour, project: "a"), Holding(0, 2 * Hour, lease: "l2", device: "g1", project: "b")],
                [Series(60, _ => 50), Series(120, _ => 100, lease: "l2", device: "g1")]
            ),
            DebtDimension.Project,
            (_, time) => time < Start + Hour ? 2m / 3_600_000_000m : null
        );
        Assert.Equal(4 * DeviceHour, summary.Total.Capacity);
        Assert.Equal(summary.Total.Capacity, summary.Groups.Values.Sum(group => group.Parts.Capacity));
        Assert.Equal(summary.Total.Capacity, summary.Trend.Sum(parts => parts.Capacity));
        Assert.Equal(DeviceHour, summary.Groups["a"].Parts.Allocated);
        Assert.Equal(DeviceHour, summary.Groups[""].Parts.NoDemand);
        // One hour of two has a price: what it costs is told, and of how much it is not known.
        Assert.Equal(2m, Math.Round(summary.Groups["b"].Cost, 6));
        Assert.Equal(DeviceHour, summary.Groups["b"].Unpriced);
    }
}
