using Weir.Scheduling.Deciding;
using Weir.Simulator.Timed;
using Weir.Simulator.Traces;

namespace Weir.Simulator.Tests;

/// <summary>openb in time: on a cut cluster, in the days in which its tasks really come.</summary>
public class SteadyWindowTests
{
    private const double Day = 86_400;
    private static readonly double[] Loads = [0.7, 0.9, 1.1];

    [Fact]
    public void Nearly_all_tasks_are_in_the_window_and_older_ones_go_on_in_it()
    {
        Trace all = Openb.Variant("default");
        Trace window = SteadyWindow.Of(all);
        Assert.InRange(window.Tasks.Max(task => task.Submitted) / Day, 33, 36);
        Assert.InRange(window.Tasks.Count / (double)all.Tasks.Count(task => task.Duration >= 0), 0.99, 1);
        double end = window.Tasks.Max(task => task.Submitted);
        Assert.All(window.Tasks, task => Assert.InRange(task.Submitted + task.Duration, 0, end + 1e-6));
        // Services that run since before the window are asked for at its begin.
        Assert.Contains(window.Tasks, task => task.Submitted == 0 && task.Duration > 30 * Day);
    }

    [Fact]
    public void Waits_grow_with_the_load()
    {
        Trace window = SteadyWindow.Of(Openb.Variant("default"));
        double[] waits =
        [
            .. Loads.Select(load =>
            {
                TimedResult result = TimedReplay.Run(
                    new Scenario(CutDown.To(window, load, 42), [], new SchedulingPolicy { Placement = "fgd" })
                );
                Assert.InRange(result.OfferedLoad, load * 0.9, load * 1.1);
                Assert.True(result.Finished > 0.99 * (result.Submitted - result.Refused));
                return result.MeanWait;
            }),
        ];
        Assert.True(waits[0] < waits[2], string.Join(", ", waits));
    }
}
