namespace Weir.Metering.Usage;

/// <summary>How fine the past is known: spans of a length, several of them in a chunk.</summary>
/// <param name="Level">Number in the store; never used for another length.</param>
/// <param name="Name">"raw", "minutes", "hours", "days".</param>
/// <param name="StepMs">Length of a span, milliseconds. Spans begin at multiples of it, Unix time.</param>
/// <param name="PerChunk">Spans in a chunk.</param>
public sealed record Resolution(int Level, string Name, long StepMs, int PerChunk)
{
    /// <summary>As it was sampled.</summary>
    public static Resolution Raw { get; } = new(0, "raw", 10_000, 60);

    /// <summary>By minute.</summary>
    public static Resolution Minutes { get; } = new(1, "minutes", 60_000, 60);

    /// <summary>By hour.</summary>
    public static Resolution Hours { get; } = new(2, "hours", 3_600_000, 24);

    /// <summary>By day, UTC.</summary>
    public static Resolution Days { get; } = new(3, "days", 86_400_000, 30);

    /// <summary>All, the finest first.</summary>
    public static IReadOnlyList<Resolution> All { get; } = [Raw, Minutes, Hours, Days];

    /// <summary>Length of a chunk, milliseconds.</summary>
    public long ChunkMs => StepMs * PerChunk;

    /// <summary>When the chunk with that time begins.</summary>
    public long ChunkOf(long time) => time - Modulo(time, ChunkMs);

    /// <summary>When the span with that time begins.</summary>
    public long SpanOf(long time) => time - Modulo(time, StepMs);

    /// <summary>
    /// The finest resolution in which a span of time has at most <paramref name="most"/> buckets and which is still kept for its beginning.
    /// </summary>
    /// <param name="from">Beginning, Unix time in milliseconds.</param>
    /// <param name="to">End.</param>
    /// <param name="now">Now.</param>
    /// <param name="retention">What is kept for how long.</param>
    /// <param name="most">Most buckets.</param>
    public static Resolution For(long from, long to, long now, Retention retention, int most = 200) =>
        All.FirstOrDefault(one => (to - from) / one.StepMs <= most && from >= now - retention.Of(one)) ?? Days;

    private static long Modulo(long value, long by) => ((value % by) + by) % by;
}

/// <summary>How long the past is kept.</summary>
/// <param name="RawMs">Raw samples, milliseconds.</param>
/// <param name="MinutesMs">By minute.</param>
/// <param name="HoursMs">By hour. Days are kept for ever.</param>
public sealed record Retention(
    long RawMs = 2 * Retention.DayMs,
    long MinutesMs = 30 * Retention.DayMs,
    long HoursMs = 366 * Retention.DayMs
)
{
    /// <summary>A day, milliseconds.</summary>
    public const long DayMs = 86_400_000;

    /// <summary>How long that resolution is kept, milliseconds.</summary>
    public long Of(Resolution resolution) =>
        resolution.Level switch
        {
            0 => RawMs,
            1 => MinutesMs,
            2 => HoursMs,
            _ => long.MaxValue / 2,
        };
}
