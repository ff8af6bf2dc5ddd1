using Weir.Scheduling.Cluster;

namespace Weir.Simulator.Traces;

/// <summary>A task of a trace.</summary>
/// <param name="Name">Unique in the trace.</param>
/// <param name="Shape">What it asks of one node.</param>
public sealed record TraceTask(string Name, TaskShape Shape)
{
    /// <summary>When it was submitted, seconds from the trace's start.</summary>
    public double Submitted { get; init; }

    /// <summary>How long it ran, seconds; negative: not known (never started).</summary>
    public double Duration { get; init; } = -1;

    /// <summary>Equal tasks that start together or not at all.</summary>
    public int Gang { get; init; } = 1;

    /// <summary>Who pays: a project's name.</summary>
    public string Project { get; init; } = "";

    /// <summary>The pool whose nodes alone it may have; empty: all.</summary>
    public string Pool { get; init; } = "";

    /// <summary>True when its devices may be on several nodes.</summary>
    public bool MaySplit { get; init; }

    /// <summary>Larger goes first.</summary>
    public int Priority { get; init; }

    /// <summary>True when it may be parked for others.</summary>
    public bool Preemptible { get; init; } = true;
}
