using Weir.Metering.Debt;
using Weir.Metering.Findings;
using static Weir.Metering.Tests.Days;

namespace Weir.Metering.Tests;

public class DetectorTests
{
    private static readonly FindingRules s_rules = new();

    [Fact]
    public void On_generated_days_every_detector_is_mostly_right_and_misses_little() =>
        Assert.All(
            DetectorQuality.Measure(6, 60),
            one =>
            {
                Assert.True(one.Precision >= 0.9, $"{one}: precision {one.Precision:0.00}");
                Assert.True(one.Recall >= 0.9, $"{one}: recall {one.Recall:0.00}");
            }
        );

    [Fact]
    public void A_finding_says_what_was_measured_what_it_would_free_and_the_command()
    {
        Finding found = Assert.Single(
            Run(
                Input(
                    3,
                    [Device()],
                    [Holding(0, 3 * Hour, 50)],
                    [Series(180, m => m < 60 ? 40 : 0, share: 50, memory: 40 * Gib)]
                )
            ),
            one => one.Detector == "idle-hold"
        );
        Assert.Equal("l1", found.Subject);
        Assert.Contains("50 % of a device held, and nothing has run for 2 h", found.Evidence);
        // Two hours of half a device.
        Assert.Equal(DeviceHour, found.SavingUs);
        Assert.Equal("weir leases end l1", found.Command);
        Assert.Equal(Start + Hour, found.Since);
    }

    [Fact]
    public void Of_what_is_not_known_nothing_is_said() =>
        Assert.Empty(Run(Input(5, [Device()], [Holding(0, 5 * Hour)], [Series(20, _ => 90, memory: 70 * Gib)])));

    [Fact]
    public void An_ended_lease_holds_nothing() =>
        Assert.DoesNotContain(
            Run(Input(5, [Device()], [Holding(0, 3 * Hour)], [Series(180, m => m < 30 ? 90 : 0, memory: 70 * Gib)])),
            one => one.Detector == "idle-hold"
        );

    [Fact]
    public void Rests_of_devices_that_fit_nothing_usual_are_told_of_their_pool()
    {
        Finding found = Assert.Single(
            Run(
                Input(
                    2,
                    [Device()],
                    [Holding(0, 2 * Hour, 60)],
                    [Series(120, _ => 58, share: 60, memory: 70 * Gib)],
                    typical: [new TypicalAsk(100, 0, 1)]
                )
            ),
            one => one.Detector == "stranded"
        );
        Assert.Equal("default", found.Subject);
        Assert.StartsWith("40 % of the pool's time", found.Evidence);
    }

    private static List<Finding> Run(DebtInput input) => Detectors.Run(input, [], s_rules, input.Grid.To);
}
