namespace Weir.Simulator.Timed;

/// <summary>What came of one replay in time.</summary>
/// <param name="Trace">The trace's name.</param>
/// <param name="Policy">The policy's name.</param>
/// <param name="Seed">The seed.</param>
public sealed record TimedResult(string Trace, string Policy, ulong Seed)
{
    /// <summary>Work asked for over what the cluster can do in the trace's span, of devices or processors, whichever is more.</summary>
    public double OfferedLoad { get; init; }

    /// <summary>Tasks (gangs count once) that came.</summary>
    public int Submitted { get; init; }

    /// <summary>Those that were finished.</summary>
    public int Finished { get; init; }

    /// <summary>Those that were refused, because they could never start.</summary>
    public int Refused { get; init; }

    /// <summary>Mean share of the devices' compute that was promised, from first to last submission, percent.</summary>
    public double Allocation { get; init; }

    /// <summary>Mean compute that typical tasks could not use, percent of all.</summary>
    public double Fragment { get; init; }

    /// <summary>Mean time until the first start, seconds.</summary>
    public double MeanWait { get; init; }

    /// <summary>Median time until the first start, seconds.</summary>
    public double MedianWait { get; init; }

    /// <summary>99th percentile of it, seconds.</summary>
    public double P99Wait { get; init; }

    /// <summary>Mean of (time in the system) / max(duration, 10 s).</summary>
    public double Slowdown { get; init; }

    /// <summary>Jain's index of the projects' served work over asked work: 1 is equal.</summary>
    public double Fairness { get; init; }

    /// <summary>Times that a running claim was parked for others.</summary>
    public int Preemptions { get; init; }

    /// <summary>Tasks moved.</summary>
    public int Moves { get; init; }

    /// <summary>Claims that lost their place by failures.</summary>
    public int LostByFailure { get; init; }

    /// <summary>Energy from first to last submission, kWh.</summary>
    public double EnergyKwh { get; init; }

    /// <summary>Time from the first submission to the last end, seconds.</summary>
    public double Makespan { get; init; }

    /// <summary>Decisions' times, seconds: mean and 99th percentile of a round.</summary>
    public double MeanRoundSeconds { get; init; }

    /// <summary>99th percentile of a round of decisions, seconds.</summary>
    public double P99RoundSeconds { get; init; }

    /// <summary>Time of the whole replay, seconds.</summary>
    public double Seconds { get; init; }

    /// <summary>By hour (or what was sampled): time in hours, promised percent, claims waiting, nodes on.</summary>
    public IReadOnlyList<(double Hour, double Allocation, int Waiting, int NodesOn)> Series { get; init; } = [];

    /// <summary>Time until the first start of every claim, ascending, seconds.</summary>
    public double[] Waits { get; init; } = [];
}
