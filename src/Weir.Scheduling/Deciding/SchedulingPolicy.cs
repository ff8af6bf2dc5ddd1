namespace Weir.Scheduling.Deciding;

/// <summary>All that decides besides state, claims and time.</summary>
public sealed record SchedulingPolicy
{
    /// <summary>Where tasks go: a name of <see cref="Placement.PlacementPolicies.Names"/>.</summary>
    public string Placement { get; init; } = "balanced";

    /// <summary>Pools whose tasks are placed by another policy: its name by theirs.</summary>
    public IReadOnlyDictionary<string, string> PlacementByPool { get; init; } = new Dictionary<string, string>();

    /// <summary>Who goes first.</summary>
    public QueueOrder Order { get; init; } = QueueOrder.FairShare;

    /// <summary>True: running claims may be parked for owed quota and, within a project, for higher priority.</summary>
    public bool Preemption { get; init; } = true;

    /// <summary>A claim that waits so long (seconds) gets nodes kept free for it; others pass only if they end in time.</summary>
    public double ReserveAfterSeconds { get; init; } = 600;

    /// <summary>Claims for which nodes are kept free at the same time.</summary>
    public int MaxReservations { get; init; } = 4;

    /// <summary>Most tasks moved to make room in one decision; 0: never move.</summary>
    public int MaxMoves { get; init; }

    /// <summary>Hours at which quotas, weights and priorities differ.</summary>
    public IReadOnlyList<CalendarRule> Calendar { get; init; } = [];

    /// <summary>Offset of the calendar's clock from the decision's time, seconds.</summary>
    public double ClockOffsetSeconds { get; init; }

    /// <summary>Pools that keep their nodes for themselves; all others lend to claims that may overflow.</summary>
    public IReadOnlyList<string> PoolsThatDoNotLend { get; init; } = [];

    /// <summary>Decides between equal chances.</summary>
    public ulong Seed { get; init; }
}

/// <summary>Who goes first in the queue.</summary>
public enum QueueOrder
{
    /// <summary>The project farthest below its share first; inside a project by priority, then by arrival.</summary>
    FairShare,

    /// <summary>By priority, then by arrival, projects disregarded (their limits still hold).</summary>
    FirstCome,

    /// <summary>The shortest predicted first; unknown ones last.</summary>
    ShortestFirst,
}
