namespace Weir.Metering.Findings;

/// <summary>Thresholds of detectors. Shares are percent of a device, ratios between 0 and 1.</summary>
public sealed record FindingRules
{
    /// <summary>Held without work for at least so long, milliseconds.</summary>
    public long IdleHoldMs { get; init; } = 60 * 60_000;

    /// <summary>Nothing is said of what ran for less, milliseconds.</summary>
    public long LeastActiveMs { get; init; } = 10 * 60_000;

    /// <summary>Percent of a device that were never needed.</summary>
    public int OverAskPercent { get; init; } = 20;

    /// <summary>Part of the promised memory that was never needed.</summary>
    public double OverAskMemory { get; init; } = 0.5;

    /// <summary>Busy for less than that part of the promise, while the program's processor was full.</summary>
    public double StarvedUse { get; init; } = 0.5;

    /// <summary>Cores that the program itself was busy with.</summary>
    public double StarvedCores { get; init; } = 0.85;

    /// <summary>Launches per second of work.</summary>
    public double LaunchesPerSecond { get; init; } = 2000;

    /// <summary>Mean device time of a launch, microseconds.</summary>
    public double LaunchUs { get; init; } = 50;

    /// <summary>Part of the promised memory that is in use and grows.</summary>
    public double MemoryFull { get; init; } = 0.9;

    /// <summary>Failures in a row.</summary>
    public int Failures { get; init; } = 3;

    /// <summary>Part of the capacity that is stranded.</summary>
    public double Stranded { get; init; } = 0.05;

    /// <summary>Something waits for at least so long, milliseconds.</summary>
    public long WaitingMs { get; init; } = 60 * 60_000;
}
