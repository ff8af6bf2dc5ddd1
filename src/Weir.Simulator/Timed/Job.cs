using Weir.Simulator.Traces;

namespace Weir.Simulator.Timed;

/// <summary>A task (or gang) on its way through a replay in time.</summary>
internal sealed class Job(TraceTask task, long id)
{
    public TraceTask Task => task;

    public long Id => id;

    /// <summary>Devices of all its tasks together.</summary>
    public double Devices => task.Shape.TotalMilli / 1000.0 * task.Gang;

    /// <summary>Work still to be done, seconds at speed 1.</summary>
    public double Work { get; set; } = task.Duration;

    /// <summary>Work per second since the last start.</summary>
    public double Speed { get; set; } = 1;

    /// <summary>When it began to work after the last start, seconds.</summary>
    public double RunsFrom { get; set; }

    /// <summary>Seconds that its next resume takes.</summary>
    public double Overhead { get; set; }

    /// <summary>Counts starts and stops, so that foreseen ends can be told from past ones.</summary>
    public int Start { get; set; }

    public double FirstStart { get; set; } = double.NaN;

    public double Ended { get; set; } = double.NaN;

    public bool Refused { get; set; }
}
