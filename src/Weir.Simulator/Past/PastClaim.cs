namespace Weir.Simulator.Past;

/// <summary>A claim of a pool's past. Times are seconds from any fixed point.</summary>
/// <param name="Id">Unique.</param>
/// <param name="Project">Who paid.</param>
/// <param name="Pool">The pool it was for.</param>
/// <param name="Count">Slices, each on a device of its own.</param>
/// <param name="ComputeMilli">Compute of each, thousandths of a device.</param>
/// <param name="Submitted">When it came.</param>
public sealed record PastClaim(string Id, string Project, string Pool, int Count, int ComputeMilli, double Submitted)
{
    /// <summary>Memory of each slice, MiB; 0: the same part of the device's memory as of its compute.</summary>
    public int MemoryMib { get; init; }

    /// <summary>Only models whose name contains this; null: all.</summary>
    public string? Model { get; init; }

    /// <summary>Larger goes first within the project.</summary>
    public int Priority { get; init; }

    /// <summary>True when it could be stopped and queued again.</summary>
    public bool Preemptible { get; init; }

    /// <summary>When it got its devices; null: never.</summary>
    public double? Granted { get; init; }

    /// <summary>When it gave them back; null: it still has them.</summary>
    public double? Ended { get; init; }
}

/// <summary>Equal devices of one node of the past, or of one that is imagined.</summary>
/// <param name="Node">Its name.</param>
/// <param name="Pool">The pool they belong to.</param>
/// <param name="Model">Their model.</param>
/// <param name="Devices">How many.</param>
/// <param name="MemoryMib">Memory of each, MiB.</param>
public sealed record PastNode(string Node, string Pool, string Model, int Devices, int MemoryMib)
{
    /// <summary>Percent of each device's compute that is promised in all.</summary>
    public int ComputeLimit { get; init; } = 100;

    /// <summary>Percent of each device's memory that is promised in all.</summary>
    public int MemoryLimit { get; init; } = 100;
}
