namespace Weir.Simulator.Arrival;

/// <summary>What came of one replay in arrival mode.</summary>
/// <param name="Trace">The trace's name.</param>
/// <param name="Policy">The policy's name.</param>
/// <param name="Seed">The seed.</param>
/// <param name="Allocation">By arrived demand in percent of the cluster (0 … 130): compute promised, percent of all devices.</param>
/// <param name="Fragment">Likewise: compute that typical tasks can't use, percent of all devices.</param>
/// <param name="FragmentOfIdle">Likewise: the same, percent of what is idle.</param>
public sealed record ArrivalResult(
    string Trace,
    string Policy,
    ulong Seed,
    double[] Allocation,
    double[] Fragment,
    double[] FragmentOfIdle
)
{
    /// <summary>Tasks that arrived.</summary>
    public int Arrived { get; init; }

    /// <summary>Tasks that found a place.</summary>
    public int Placed { get; init; }

    /// <summary>Tasks without devices that found a place.</summary>
    public int CpuOnlyPlaced { get; init; }

    /// <summary>Tasks without devices that arrived.</summary>
    public int CpuOnlyArrived { get; init; }

    /// <summary>Devices' worth of compute not promised at the end.</summary>
    public double IdleDevices { get; init; }

    /// <summary>Tasks moved to another place, counted each time.</summary>
    public int Moves { get; init; }

    /// <summary>Node scores computed: the cost in work.</summary>
    public long Evaluations { get; init; }

    /// <summary>Time of the replay, seconds; reading the trace and its preparation are not in it.</summary>
    public double Seconds { get; init; }

    /// <summary>Promised compute at the last column, percent.</summary>
    public double FinalAllocation => Allocation[^1];
}
