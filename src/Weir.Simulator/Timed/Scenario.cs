using Weir.Scheduling.Deciding;
using Weir.Scheduling.Fairness;
using Weir.Scheduling.Placement;
using Weir.Simulator.Traces;

namespace Weir.Simulator.Timed;

/// <summary>What is replayed in time, and under what.</summary>
/// <param name="Trace">Cluster and tasks; tasks without a known duration are left out.</param>
/// <param name="Projects">The projects; those that tasks name and nobody wrote are added with equal weights.</param>
/// <param name="Policy">How it is decided.</param>
public sealed record Scenario(Trace Trace, IReadOnlyList<ProjectConfig> Projects, SchedulingPolicy Policy)
{
    /// <summary>What parking, resuming and moving cost.</summary>
    public ParkingModel Parking { get; init; } = new();

    /// <summary>What nodes draw.</summary>
    public PowerModel Power { get; init; } = new();

    /// <summary>How often nodes fail; null: never.</summary>
    public FailureModel? Failures { get; init; }

    /// <summary>Speeds of models at kinds of work; null: all alike.</summary>
    public SpeedTable? Speeds { get; init; }

    /// <summary>True: the scheduler knows durations beforehand (as a good prediction would).</summary>
    public bool Predicted { get; init; } = true;

    /// <summary>Seconds between two looks at the cluster for the series in the report.</summary>
    public double SampleSeconds { get; init; } = 3600;

    /// <summary>Seconds between rounds of the timer, besides those on events.</summary>
    public double TimerSeconds { get; init; } = 300;

    /// <summary>For failures.</summary>
    public ulong Seed { get; init; }
}

/// <summary>What parking and moving cost. The defaults are design targets, to be replaced by measured figures.</summary>
public sealed record ParkingModel
{
    /// <summary>State of a task per whole device, bytes.</summary>
    public double BytesPerDevice { get; init; } = 8.0 * (1 << 30);

    /// <summary>Bytes per second in which it goes to host memory and back.</summary>
    public double BytesPerSecond { get; init; } = 10e9;

    /// <summary>Seconds on top of that, each time.</summary>
    public double FixedSeconds { get; init; } = 0.05;

    /// <summary>Seconds during which a task of so many devices does no work while it is parked or resumed.</summary>
    public double Seconds(double devices) => FixedSeconds + devices * BytesPerDevice / BytesPerSecond;
}

/// <summary>What nodes draw, watts. Assumed figures; put in those of your own nodes.</summary>
public sealed record PowerModel
{
    /// <summary>A node that is on, without its devices.</summary>
    public double NodeWatts { get; init; } = 400;

    /// <summary>A device that is idle.</summary>
    public double IdleDeviceWatts { get; init; } = 55;

    /// <summary>A device that is used in full; between the two by the share promised.</summary>
    public double BusyDeviceWatts { get; init; } = 300;

    /// <summary>A node that is switched off.</summary>
    public double OffWatts { get; init; } = 10;

    /// <summary>A node without tasks is off when it has been empty for so long, seconds.</summary>
    public double OffAfterSeconds { get; init; } = 600;
}

/// <summary>How nodes fail: independently, with exponentially distributed times.</summary>
public sealed record FailureModel
{
    /// <summary>Mean time of a node between failures, hours.</summary>
    public double HoursBetween { get; init; } = 2000;

    /// <summary>Mean time until it is back, hours.</summary>
    public double HoursToRepair { get; init; } = 4;

    /// <summary>A task that loses its node goes back to its last checkpoint: at most so many seconds of work are lost.</summary>
    public double CheckpointSeconds { get; init; } = 1800;
}
