using Weir.Scheduling.Cluster;
using Weir.Scheduling.Fairness;

namespace Weir.Scheduling.Deciding;

/// <summary>What a claim asks for: equal tasks that start together or not at all.</summary>
/// <param name="Id">Unique; chosen by the caller.</param>
/// <param name="Project">Name of the project that pays; a leaf of the tree.</param>
/// <param name="Shape">What each task asks of its node.</param>
public sealed record ClaimConfig(long Id, string Project, TaskShape Shape)
{
    /// <summary>Number of tasks; more than one is a gang.</summary>
    public int Tasks { get; init; } = 1;

    /// <summary>Within the project, larger goes first.</summary>
    public int Priority { get; init; }

    /// <summary>True when it may be parked for others. One that may not must fit within its project's quota.</summary>
    public bool Preemptible { get; init; } = true;

    /// <summary>How long it is expected to run, seconds; NaN: not known.</summary>
    public double PredictedSeconds { get; init; } = double.NaN;

    /// <summary>It is not parked before it has run so long, seconds.</summary>
    public double MinRunSeconds { get; init; }

    /// <summary>Given up after waiting so long, seconds.</summary>
    public double TimeoutSeconds { get; init; } = double.PositiveInfinity;

    /// <summary>After waiting so long it gets nodes kept free for it, seconds; null: as the policy says.</summary>
    public double? ReserveAfterSeconds { get; init; }

    /// <summary>What parking it costs: bytes to be moved, all tasks together.</summary>
    public long ParkBytes { get; init; }

    /// <summary>The pool it belongs to; empty: every pool.</summary>
    public string Pool { get; init; } = "";

    /// <summary>True: when its pool is full it may take nodes of pools that lend, until their own claims ask for them.</summary>
    public bool Overflow { get; init; } = true;

    /// <summary>
    /// True: the devices of its one task may be on several nodes. Such a task asks for no processors and no memory of its node.
    /// </summary>
    public bool MaySplit { get; init; }

    /// <summary>What all its tasks count for in their project; null: what their shape says.</summary>
    public Resources? Charge { get; init; }

    /// <summary>How close its tasks must be.</summary>
    public Closeness Closeness { get; init; }
}

/// <summary>How close the tasks of a gang, or the devices of a task, are wanted.</summary>
public enum Closeness
{
    /// <summary>Anywhere.</summary>
    Any,

    /// <summary>In as few racks as possible.</summary>
    PreferRack,

    /// <summary>In one rack, or not at all.</summary>
    RequireRack,
}
