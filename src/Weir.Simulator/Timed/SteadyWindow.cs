using Weir.Simulator.Traces;

namespace Weir.Simulator.Timed;

/// <summary>
/// The part of a trace in which tasks really come. openb has 30 tasks in its first 114 days and 7,000 in the 35 after: over the
/// whole span a mean load says nothing about waiting.
/// </summary>
public static class SteadyWindow
{
    /// <summary>Tasks before the window's begin, as a share of all.</summary>
    public const double Before = 0.006;

    /// <summary>
    /// The trace from the time on before which only a few tasks came. Those that still run then are asked for at its begin,
    /// with what is left of them; what goes on after the last submission is cut there.
    /// </summary>
    /// <exception cref="ArgumentException">No task has a known duration.</exception>
    public static Trace Of(Trace trace)
    {
        TraceTask[] known = [.. trace.Tasks.Where(task => task.Duration >= 0).OrderBy(task => task.Submitted)];
        if (known.Length == 0)
        {
            throw new ArgumentException($"trace '{trace.Name}' has no task with a known duration");
        }
        double begin = known[(int)(known.Length * Before)].Submitted;
        double end = known[^1].Submitted;
        List<TraceTask> kept = [];
        foreach (TraceTask task in known)
        {
            double from = Math.Max(begin, task.Submitted);
            double until = Math.Min(end, task.Submitted + task.Duration);
            if (until > from || task.Submitted >= begin)
            {
                kept.Add(task with { Submitted = from - begin, Duration = Math.Max(0, until - from) });
            }
        }
        return trace with { Tasks = kept };
    }
}
