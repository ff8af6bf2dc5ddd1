namespace Weir.Metering.Usage;

/// <summary>The use of one lease's slice of one device over consecutive spans of time.</summary>
/// <param name="Lease">The lease.</param>
/// <param name="Device">Uuid of the device.</param>
/// <param name="From">When the first bucket begins, Unix time in milliseconds.</param>
/// <param name="StepMs">Length of a bucket.</param>
/// <param name="Values"><see cref="UsageFields.Count"/> values per bucket.</param>
public sealed record UsageSeries(string Lease, string Device, long From, long StepMs, long[] Values)
{
    /// <summary>How many buckets there are.</summary>
    public int Count => Values.Length / UsageFields.Count;

    /// <summary>All values of a bucket; empty outside of what is known.</summary>
    public ReadOnlySpan<long> At(long time)
    {
        long index = time < From ? -1 : (time - From) / StepMs;
        return index < 0 || index >= Count ? default : Values.AsSpan((int)index * UsageFields.Count, UsageFields.Count);
    }
}
