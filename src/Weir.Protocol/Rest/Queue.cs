namespace Weir.Protocol.Rest;

/// <summary>GET /v1/queue: what waits, in the order in which it is served.</summary>
/// <param name="Waiting">Claims and workloads that wait.</param>
/// <param name="Projects">What each project has and should have.</param>
public sealed record QueueView(IReadOnlyList<WaitingView> Waiting, IReadOnlyList<ShareView> Projects);

/// <summary>A claim or a workload that waits.</summary>
/// <param name="Position">From 1.</param>
/// <param name="Id">Of the workload ("w-…"), or of a claim whose caller waits ("c-…").</param>
/// <param name="Project">Who pays.</param>
/// <param name="User">Who asked.</param>
/// <param name="Pool">Where.</param>
/// <param name="Priority">Higher goes first within the project.</param>
/// <param name="Asks">What it asks for, for people.</param>
/// <param name="Since">Unix time, milliseconds.</param>
/// <param name="Parked">True when it ran and was stopped for others.</param>
/// <param name="Reason">Why it waits.</param>
public sealed record WaitingView(
    int Position,
    string Id,
    string Project,
    string User,
    string Pool,
    int Priority,
    string Asks,
    long Since,
    bool Parked,
    string Reason
);

/// <summary>A project's part of the pool now, in percent of devices.</summary>
/// <param name="Project">Its name.</param>
/// <param name="Parent">The one above; empty: none.</param>
/// <param name="Quota">What is its own now, calendars included; null: nothing.</param>
/// <param name="Limit">What it never exceeds; null: no limit.</param>
/// <param name="Weight">Its part of the rest, calendars included.</param>
/// <param name="Used">What it and those below it have.</param>
/// <param name="Waiting">What they wait for.</param>
/// <param name="Share">What they should have now.</param>
/// <param name="Dominant">Used over share, of the resource where it is largest; below 1 it is served before others.</param>
public sealed record ShareView(
    string Project,
    string Parent,
    int? Quota,
    int? Limit,
    double Weight,
    int Used,
    int Waiting,
    int Share,
    double Dominant
);

/// <summary>GET /v1/explain/{id}: why something waits, or where it went.</summary>
/// <param name="Id">Of the workload, claim or lease.</param>
/// <param name="State">"waits", "runs", "parked", "ended".</param>
/// <param name="Summary">One sentence.</param>
/// <param name="Removed">Which filter removed how many groups of devices.</param>
/// <param name="Best">Where one of its parts fits now, the best first.</param>
/// <param name="Needs">What would let it start.</param>
/// <param name="Earliest">When room is expected, Unix time in milliseconds; null: not known.</param>
/// <param name="Moves">Moves of running sessions that would make room now; empty: none are known.</param>
/// <param name="Events">What was decided about it, oldest first.</param>
public sealed record ExplanationView(
    string Id,
    string State,
    string Summary,
    IReadOnlyList<FilterView> Removed,
    IReadOnlyList<ScoreView> Best,
    IReadOnlyList<string> Needs,
    long? Earliest,
    IReadOnlyList<MoveView> Moves,
    IReadOnlyList<EventView> Events
);

/// <summary>A filter and how many groups of devices it removed.</summary>
/// <param name="Filter">Why they were removed.</param>
/// <param name="Nodes">How many; a group counts for the first filter that removes it.</param>
public sealed record FilterView(string Filter, int Nodes);

/// <summary>A node and its score.</summary>
/// <param name="Node">Its name.</param>
/// <param name="Score">Larger is better; comparable within one pool.</param>
public sealed record ScoreView(string Node, int Score);

/// <summary>A decision that was made.</summary>
/// <param name="At">Unix time, milliseconds.</param>
/// <param name="Kind">"start", "park", "move", "refuse", "undo", "wait", "end".</param>
/// <param name="Subject">Workload, claim or lease.</param>
/// <param name="Project">Its project.</param>
/// <param name="Detail">Why, for people.</param>
public sealed record EventView(long At, string Kind, string Subject, string Project, string Detail);

/// <summary>GET /v1/rebalance: moves that would make room.</summary>
/// <param name="Rooms">For each waiting claim that moves would help: which.</param>
/// <param name="Emptied">Moves that would empty hardly used nodes.</param>
public sealed record RebalanceView(IReadOnlyList<RoomView> Rooms, IReadOnlyList<MoveView> Emptied);

/// <summary>Moves that make room for something that waits.</summary>
/// <param name="For">The workload or claim.</param>
/// <param name="Asks">What it asks for.</param>
/// <param name="Moves">The moves, in their order.</param>
public sealed record RoomView(string For, string Asks, IReadOnlyList<MoveView> Moves);

/// <summary>A move of one lease's slices from one node to another.</summary>
/// <param name="Lease">Which lease.</param>
/// <param name="Workload">Its workload, if it has one.</param>
/// <param name="From">The node it leaves.</param>
/// <param name="FromDevices">The devices it leaves.</param>
/// <param name="To">The node it goes to.</param>
/// <param name="ToDevices">The devices it goes to.</param>
/// <param name="Bytes">Device memory to be moved, at most.</param>
/// <param name="Reason">Why.</param>
public sealed record MoveView(
    string Lease,
    string? Workload,
    string From,
    IReadOnlyList<string> FromDevices,
    string To,
    IReadOnlyList<string> ToDevices,
    long Bytes,
    string Reason
)
{
    /// <summary>"moved", or why it stays; null: it was only planned.</summary>
    public string? Result { get; init; }
}

/// <summary>GET /v1/history: the pool's past, for replays.</summary>
/// <param name="Nodes">Groups of equal devices, as they are now.</param>
/// <param name="Projects">The projects, as they are now.</param>
/// <param name="Claims">Claims in the order in which they came.</param>
public sealed record HistoryView(
    IReadOnlyList<HistoryNode> Nodes,
    IReadOnlyList<HistoryProject> Projects,
    IReadOnlyList<HistoryClaim> Claims
)
{
    /// <summary>The calendars, as they are now, in their order.</summary>
    public IReadOnlyList<HistoryCalendar> Calendars { get; set; } = [];

    /// <summary>Added to Unix time, in seconds, it gives the calendars' clock, whose weeks begin on Mondays at midnight.</summary>
    public double CalendarOffset { get; set; }
}

/// <summary>A project's terms at certain hours.</summary>
/// <param name="Project">Its name.</param>
/// <param name="FromSecond">First second of the day.</param>
/// <param name="ToSecond">The second at which it ends; not after the first: on the next day.</param>
/// <param name="Days">Days on which it begins: bit 0 is Monday.</param>
/// <param name="QuotaMilli">Thousandths of a device; null: as usual.</param>
/// <param name="Weight">null: as usual.</param>
/// <param name="Priority">null: as usual.</param>
public sealed record HistoryCalendar(
    string Project,
    int FromSecond,
    int ToSecond,
    int Days,
    long? QuotaMilli,
    double? Weight,
    int? Priority
);

/// <summary>A project's terms, with all defaults filled in.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Parent">The one above; empty: none.</param>
/// <param name="QuotaMilli">What is its own, thousandths of a device.</param>
/// <param name="LimitMilli">What it never exceeds; null: no limit.</param>
/// <param name="Weight">Its part of the rest.</param>
/// <param name="Priority">Larger is served first beyond quotas.</param>
/// <param name="BorrowsFreely">Whether what cannot be stopped may use more than its quota, too.</param>
public sealed record HistoryProject(
    string Name,
    string Parent,
    long QuotaMilli,
    long? LimitMilli,
    double Weight,
    int Priority,
    bool BorrowsFreely
);

/// <summary>Equal devices of one node.</summary>
public sealed record HistoryNode(string Node, string Pool, string Model, int Devices, long MemoryBytes)
{
    /// <summary>Percent of each device's compute that its pool promises in all.</summary>
    public int ComputeLimit { get; set; } = 100;

    /// <summary>Percent of each device's memory that its pool promises in all.</summary>
    public int MemoryLimit { get; set; } = 100;
}

/// <summary>A claim of the past.</summary>
/// <param name="Id">Lease or claim.</param>
/// <param name="Project">Who paid.</param>
/// <param name="Pool">Where.</param>
/// <param name="Count">Slices.</param>
/// <param name="Compute">Percent of each.</param>
/// <param name="MemoryBytes">Bytes of each; null: the same share as of compute.</param>
/// <param name="Model">Only models that contain this.</param>
/// <param name="Priority">Higher goes first.</param>
/// <param name="Preemptible">Whether it could be stopped and queued again.</param>
/// <param name="Submitted">Unix time, milliseconds.</param>
/// <param name="Granted">Unix time, milliseconds; null: it never got anything.</param>
/// <param name="Ended">Unix time, milliseconds; null: it still has it.</param>
public sealed record HistoryClaim(
    string Id,
    string Project,
    string Pool,
    int Count,
    int Compute,
    long? MemoryBytes,
    string? Model,
    int Priority,
    bool Preemptible,
    long Submitted,
    long? Granted,
    long? Ended
);
