using Weir.Scheduling.Deciding;
using Weir.Scheduling.Fairness;
using Weir.Simulator.Past;
using Weir.Simulator.Timed;
using Weir.Simulator.Traces;

namespace Weir.Simulator.Tests;

/// <summary>A pool's own past under other policies and with more devices.</summary>
public class PastTraceTests
{
    private static readonly PastNode[] Nodes = [new("n1", "default", "Model A", 2, 8192)];

    [Fact]
    public void More_devices_would_have_served_sooner()
    {
        // Six claims of 100 s for whole devices come at once: two at a time.
        PastClaim[] claims =
        [
            .. Enumerable
                .Range(0, 6)
                .Select(i => Claim($"l{i}", 1000) with { Granted = 1000 + i / 2 * 100, Ended = 1100 + i / 2 * 100 }),
        ];
        TimedResult was = PastTrace.AsItWas("now", Nodes, claims, 2000);
        Assert.Equal(100, was.MeanWait, 1e-9);
        Assert.Equal(100, Run(Nodes, claims).MeanWait, 1e-9);
        PastNode[] more = [.. Nodes, .. PastTrace.Added(Nodes, "4xa")];
        Assert.Equal(6, more.Sum(node => node.Devices));
        Assert.Equal(0, Run(more, claims).MeanWait, 1e-9);
    }

    [Fact]
    public void What_got_nothing_is_given_the_usual_duration_and_what_runs_ends_now()
    {
        PastClaim[] claims =
        [
            Claim("a", 0) with
            {
                Granted = 0,
                Ended = 50,
            },
            Claim("b", 10) with
            {
                Granted = 10,
            },
            Claim("c", 20),
        ];
        Trace trace = PastTrace.Of("past", Nodes, claims, 100);
        Assert.Equal([50, 90, 90], trace.Tasks.Select(task => task.Duration));
        Assert.Equal(1, PastTrace.AsItWas("past", Nodes, claims, 100).Refused);
        // The third waits until the first ends.
        Assert.Equal(10, Run(Nodes, claims, 100).MeanWait, 1e-9);
    }

    [Fact]
    public void Constraints_slices_and_several_nodes_are_kept()
    {
        PastNode[] nodes = [.. Nodes, new("n2", "default", "Model B", 1, 24_576)];
        PastClaim[] claims =
        [
            Claim("a", 0) with
            {
                Model = "b",
                Granted = 0,
                Ended = 10,
            },
            new("b", "p", "default", 3, 500, 0) { Granted = 0, Ended = 10 },
            new("c", "p", "default", 1, 100, 0)
            {
                MemoryMib = 16_384,
                Granted = 0,
                Ended = 10,
            },
        ];
        Trace trace = PastTrace.Of("past", nodes, claims, 100);
        Assert.Equal(0b10UL, trace.Tasks[0].Shape.Models);
        Assert.True(trace.Tasks[1].MaySplit);
        Assert.Equal(16_384, trace.Tasks[2].Shape.DeviceMemoryMib);
        Assert.Equal(3, Run(nodes, claims).Finished);
    }

    [Theory]
    [InlineData(100, 100)]
    [InlineData(130, 100)]
    [InlineData(200, 0)]
    public void What_a_pool_promises_more_than_once_is_promised_so_again(int percent, double wait)
    {
        PastNode[] nodes =
        [
            new PastNode("n1", "default", "Model A", 1, 8192) { ComputeLimit = percent, MemoryLimit = 200 },
        ];
        PastClaim[] claims =
        [
            Claim("a", 0) with
            {
                Granted = 0,
                Ended = 100,
            },
            Claim("b", 0) with
            {
                Granted = 0,
                Ended = 100,
            },
        ];
        Assert.Equal(wait / 2, Run(nodes, claims).MeanWait, 1e-9);
        // Beside a whole device there is as much more as the pool says.
        claims[1] = claims[1] with
        {
            ComputeMilli = 300,
        };
        Assert.Equal(percent >= 130 ? 0 : 50, Run(nodes, claims).MeanWait, 1e-9);
    }

    [Fact]
    public void Calendars_hold_at_their_hours_of_the_past()
    {
        // From the sixth minute of the day on the project may have both devices, before it one.
        var calendar = new CalendarRule("p", 300, 86_399) { Quota = Resources.Devices(2) };
        PastClaim[] claims =
        [
            Claim("a", 1000) with
            {
                Granted = 1000,
                Ended = 2000,
            },
            Claim("b", 1000) with
            {
                Granted = 1000,
                Ended = 2000,
            },
        ];
        var scenario = new Scenario(
            PastTrace.Of("past", Nodes, claims, 5000),
            [new ProjectConfig("p") { Quota = Resources.Devices(1), Weight = 0 }],
            new SchedulingPolicy
            {
                Placement = "fgd",
                Calendar = [calendar],
                // The trace begins at 1000 s: that is midnight of the calendar's clock.
                ClockOffsetSeconds = PastTrace.First(claims) - 1000,
            }
        )
        {
            TimerSeconds = 10,
        };
        Assert.Equal(150, TimedReplay.Run(scenario).MeanWait, 1e-9);
    }

    [Theory]
    [InlineData("8", "is not understood")]
    [InlineData("x8", "is not understood")]
    [InlineData("0xa", "is not understood")]
    [InlineData("4xH100", "say its memory")]
    [InlineData("4xH100:much", "no memory size")]
    public void Senseless_additions_are_refused(string text, string says) =>
        Assert.Contains(says, Assert.Throws<ArgumentException>(() => PastTrace.Added(Nodes, text)).Message);

    [Fact]
    public void A_model_that_is_not_there_yet_is_added_with_its_memory()
    {
        List<PastNode> added = PastTrace.Added(Nodes, "12xH100:80GiB");
        Assert.Equal([8, 4], added.Select(node => node.Devices));
        Assert.All(added, node => Assert.Equal(("H100", 81_920, "default"), (node.Model, node.MemoryMib, node.Pool)));
    }

    [Fact]
    public void Without_a_past_there_is_nothing_to_replay() =>
        Assert.Contains(
            "no past",
            Assert.Throws<ArgumentException>(() => PastTrace.Of("past", Nodes, [Claim("a", 0)], 100)).Message
        );

    private static PastClaim Claim(string id, double submitted) => new(id, "p", "default", 1, 1000, submitted);

    private static TimedResult Run(PastNode[] nodes, PastClaim[] claims, double now = 2000) =>
        TimedReplay.Run(
            new Scenario(
                PastTrace.Of("past", nodes, claims, now),
                [new ProjectConfig("p") { BorrowsFreely = true }],
                new SchedulingPolicy { Placement = "fgd" }
            )
        );
}
