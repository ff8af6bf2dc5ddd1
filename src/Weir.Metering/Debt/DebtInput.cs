using Weir.Metering.Usage;

namespace Weir.Metering.Debt;

/// <summary>A span of time divided into buckets.</summary>
/// <param name="From">Beginning, Unix time in milliseconds; a multiple of the step.</param>
/// <param name="StepMs">Length of a bucket.</param>
/// <param name="Count">How many.</param>
public sealed record TimeGrid(long From, long StepMs, int Count)
{
    /// <summary>End.</summary>
    public long To => From + StepMs * Count;

    /// <summary>The grid of a resolution that covers a span of time.</summary>
    public static TimeGrid Over(long from, long to, Resolution resolution)
    {
        long begin = resolution.SpanOf(from);
        return new TimeGrid(
            begin,
            resolution.StepMs,
            (int)Math.Max(1, (to - begin + resolution.StepMs - 1) / resolution.StepMs)
        );
    }
}

/// <summary>A device over time.</summary>
/// <param name="Uuid">Its identity.</param>
/// <param name="Node">Where it is.</param>
/// <param name="Pool">Its pool.</param>
/// <param name="Model">As its driver names it.</param>
/// <param name="MemoryBytes">Device memory.</param>
/// <param name="Spans">When it was installed, in order, without overlaps, and whether it could be used.</param>
public sealed record DeviceTimeline(
    string Uuid,
    string Node,
    string Pool,
    string Model,
    long MemoryBytes,
    IReadOnlyList<DeviceSpan> Spans
);

/// <summary>A part of a device's life.</summary>
/// <param name="From">Beginning, Unix time in milliseconds.</param>
/// <param name="To">End; <see cref="long.MaxValue"/> while it lasts.</param>
/// <param name="IsUsable">New leases could have slices of it.</param>
public sealed record DeviceSpan(long From, long To, bool IsUsable);

/// <summary>A slice that a lease held.</summary>
/// <param name="Lease">The lease.</param>
/// <param name="Device">Uuid of the device.</param>
/// <param name="Project">Who pays.</param>
/// <param name="User">Who asked.</param>
/// <param name="Workload">What for, when it was a workload.</param>
/// <param name="Program">What ran.</param>
/// <param name="Compute">Percent of the device.</param>
/// <param name="MemoryBytes">Bytes of its memory.</param>
/// <param name="Spans">When it was held, in order: a parked lease gives its slices back for a while.</param>
/// <param name="IsLost">The work came to nothing.</param>
public sealed record Holding(
    string Lease,
    string Device,
    string Project,
    string User,
    string? Workload,
    string Program,
    int Compute,
    long MemoryBytes,
    IReadOnlyList<(long From, long To)> Spans,
    bool IsLost
);

/// <summary>Something that waited for slices.</summary>
/// <param name="Pool">Where.</param>
/// <param name="From">Since when.</param>
/// <param name="To">Until when.</param>
/// <param name="Count">How many slices.</param>
/// <param name="Compute">Percent of a device each.</param>
/// <param name="MemoryBytes">Bytes each.</param>
/// <param name="Model">Only of this model; null: any.</param>
/// <param name="Project">Who waited.</param>
public sealed record Waiting(
    string Pool,
    long From,
    long To,
    int Count,
    int Compute,
    long MemoryBytes,
    string? Model,
    string Project
);

/// <summary>All that the debt is worked out from.</summary>
/// <param name="Grid">Which time, in which steps.</param>
/// <param name="Devices">Devices.</param>
/// <param name="Holdings">What was promised.</param>
/// <param name="Usage">What was used; steps of the grid, or of a divisor of them.</param>
/// <param name="Waiting">What waited.</param>
/// <param name="Typical">What is usually asked for, when nothing waits: what fits none of it is stranded.</param>
public sealed record DebtInput(
    TimeGrid Grid,
    IReadOnlyList<DeviceTimeline> Devices,
    IReadOnlyList<Holding> Holdings,
    IReadOnlyList<UsageSeries> Usage,
    IReadOnlyList<Waiting> Waiting,
    IReadOnlyList<TypicalAsk> Typical
)
{
    /// <summary>Up to when it is known, Unix time in milliseconds: the end of the grid, or now.</summary>
    public long Until { get; init; } = Grid.To;
}

/// <summary>A shape of slice, and how often it is asked for.</summary>
/// <param name="Compute">Percent of a device.</param>
/// <param name="MemoryBytes">Bytes.</param>
/// <param name="Weight">How often.</param>
public sealed record TypicalAsk(int Compute, long MemoryBytes, int Weight);

/// <summary>One device, or one slice of one, over one bucket.</summary>
/// <param name="Bucket">Number of the bucket.</param>
/// <param name="Device">The device.</param>
/// <param name="Holding">Whose; null: nobody's.</param>
/// <param name="Parts">Where the time went.</param>
/// <param name="Memory">What became of device memory.</param>
public readonly record struct DebtLine(
    int Bucket,
    DeviceTimeline Device,
    Holding? Holding,
    DebtParts Parts,
    MemoryParts Memory
);

/// <summary>Device memory over time, in MiB × seconds.</summary>
public struct MemoryParts
{
    /// <summary>All that was installed.</summary>
    public long Capacity;

    /// <summary>Promised to somebody.</summary>
    public long Allocated;

    /// <summary>Held by programs.</summary>
    public long Used;

    /// <summary>Adds others.</summary>
    public void Add(in MemoryParts other)
    {
        Capacity += other.Capacity;
        Allocated += other.Allocated;
        Used += other.Used;
    }
}
