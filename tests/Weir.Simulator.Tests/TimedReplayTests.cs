using Weir.Scheduling.Cluster;
using Weir.Scheduling.Deciding;
using Weir.Scheduling.Fairness;
using Weir.Scheduling.Placement;
using Weir.Simulator.Timed;
using Weir.Simulator.Traces;

namespace Weir.Simulator.Tests;

public class TimedReplayTests
{
    private static readonly TaskShape Whole = new(1000, 1000, 1, TaskShape.WholeDevice);

    [Fact]
    public void Jobs_wait_for_the_one_device_in_turn()
    {
        TimedResult result = Run(1, [Job("a", 0, 100), Job("b", 10, 50), Job("c", 20, 10)]);
        // b waits 90 s, c 130 s.
        Assert.Equal(220 / 3.0, result.MeanWait, 1e-6);
        Assert.Equal(160, result.Makespan, 1e-6);
        Assert.Equal(3, result.Finished);
    }

    [Fact]
    public void A_parked_job_goes_on_where_it_stopped_and_pays_for_the_way()
    {
        TraceTask low = Job("low", 0, 100) with { Priority = 0 };
        TraceTask high = Job("high", 40, 30) with { Priority = 9 };
        var parking = new ParkingModel
        {
            BytesPerDevice = 5e9,
            BytesPerSecond = 1e9,
            FixedSeconds = 0,
        };
        TimedResult result = Run(1, [low, high], scenario => scenario with { Parking = parking });
        Assert.Equal(1, result.Preemptions);
        // 40 s, then 30 s of the other, then 5 s to come back and the 60 s that were left.
        Assert.Equal(135, result.Makespan, 1e-6);
    }

    [Fact]
    public void A_borrower_gives_back_what_another_is_owed()
    {
        TraceTask[] tasks =
        [
            .. Enumerable.Range(0, 4).Select(i => Job($"b{i}", 0, 1000) with { Project = "borrower" }),
            .. Enumerable.Range(0, 2).Select(i => Job($"o{i}", 100, 100) with { Project = "owner" }),
        ];
        TimedResult result = Run(
            4,
            tasks,
            scenario =>
                scenario with
                {
                    Projects =
                    [
                        new ProjectConfig("owner") { Quota = Resources.Devices(2) },
                        new ProjectConfig("borrower") { Quota = Resources.Devices(2) },
                    ],
                }
        );
        Assert.Equal(2, result.Preemptions);
        Assert.Equal(0, result.P99Wait, 1e-6);
    }

    [Fact]
    public void Work_is_done_sooner_where_it_is_faster_and_cheaper_where_it_costs_less()
    {
        var models = new NameTable();
        NodeConfig[] nodes = [new("slow", 8000, 8000, 1, "slow"), new("fast", 8000, 8000, 1, "fast")];
        var speeds = new SpeedTable(
            new double[,]
            {
                { 1, 4 },
            },
            [1, 10]
        );
        var trace = new Trace("two", nodes, models, [Job("a", 0, 100)], 0);
        double Makespan(string policy) =>
            TimedReplay
                .Run(new Scenario(trace, [], new SchedulingPolicy { Placement = policy }) { Speeds = speeds })
                .Makespan;
        Assert.Equal(25, Makespan("fastest"), 1e-6);
        Assert.Equal(100, Makespan("cheapest"), 1e-6);
    }

    [Fact]
    public void Failures_delay_and_lose_nothing_for_ever()
    {
        Trace trace = DailyLoad.Generate(1, 300, 0.8, 5);
        var scenario = new Scenario(trace, [], new SchedulingPolicy())
        {
            Failures = new FailureModel { HoursBetween = 20, HoursToRepair = 1 },
        };
        TimedResult result = TimedReplay.Run(scenario);
        Assert.True(result.LostByFailure > 0);
        Assert.Equal(result.Submitted, result.Finished + result.Refused);
    }

    [Fact]
    public void Packing_for_power_needs_less_energy_than_spreading()
    {
        Trace trace = DailyLoad.Generate(1, 400, 0.3, 7);
        double Energy(string policy) =>
            TimedReplay.Run(new Scenario(trace, [], new SchedulingPolicy { Placement = policy })).EnergyKwh;
        Assert.True(Energy("power") < 0.95 * Energy("worstfit"));
    }

    [Theory]
    [InlineData("balanced")]
    [InlineData("fgd")]
    public void Openb_in_time_ends_and_equal_seeds_give_equal_results(string policy)
    {
        Trace trace = CutDown.To(Openb.Variant("default"), 0.9, 3);
        var scenario = new Scenario(trace, [], new SchedulingPolicy { Placement = policy }) { Seed = 3 };
        TimedResult first = TimedReplay.Run(scenario);
        TimedResult second = TimedReplay.Run(scenario);
        Assert.InRange(first.OfferedLoad, 0.8, 1.0);
        Assert.Equal(first.Submitted, first.Finished + first.Refused);
        Assert.Equal(first.Waits, second.Waits);
        Assert.Equal(first.EnergyKwh, second.EnergyKwh);
    }

    [Fact]
    public void Generated_jobs_have_the_daily_pattern_and_the_load()
    {
        Trace trace = DailyLoad.Generate(7, 2000, 0.9, 1);
        int Between(int from, int to) =>
            trace.Tasks.Count(task => task.Submitted / 3600 % 24 >= from && task.Submitted / 3600 % 24 < to);
        Assert.True(Between(14, 18) > 3 * Between(2, 6));
        Assert.InRange(trace.Tasks.Count, 11_000, 14_000);
        Assert.Throws<ArgumentException>(() => DailyLoad.Generate(0, 1, 1, 1));
        Assert.Throws<ArgumentException>(() => CutDown.To(trace, -1, 1));
    }

    private static TraceTask Job(string name, double submitted, double duration) =>
        new(name, Whole) { Submitted = submitted, Duration = duration };

    private static TimedResult Run(int devices, TraceTask[] tasks, Func<Scenario, Scenario>? change = null)
    {
        var trace = new Trace("t", [new NodeConfig("n", 64_000, 64_000, devices, "A")], new NameTable(), tasks, 0);
        var scenario = new Scenario(trace, [], new SchedulingPolicy { Placement = "bestfit" });
        return TimedReplay.Run(change?.Invoke(scenario) ?? scenario);
    }
}
