namespace Weir.Metering.Usage;

/// <summary>Divides what was counted between two looks over the spans of time that lie between them, so that the parts add up exactly.</summary>
public static class Spread
{
    /// <summary>The part of an amount that falls between <paramref name="from"/> and <paramref name="to"/>.</summary>
    /// <param name="amount">What was counted between <paramref name="begin"/> and <paramref name="end"/>.</param>
    /// <param name="begin">The look before, milliseconds.</param>
    /// <param name="end">This look; later than <paramref name="begin"/>.</param>
    /// <param name="from">Where the part begins, not before <paramref name="begin"/>.</param>
    /// <param name="to">Where it ends, not after <paramref name="end"/>.</param>
    public static long Part(long amount, long begin, long end, long from, long to) =>
        (long)((Int128)amount * (to - begin) / (end - begin) - (Int128)amount * (from - begin) / (end - begin));
}
