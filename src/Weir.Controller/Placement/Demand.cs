namespace Weir.Controller.Placement;

/// <summary>What is to be placed.</summary>
/// <param name="Count">Slices, each on a device of its own.</param>
/// <param name="Compute">Percent per slice.</param>
/// <param name="Memory">Bytes per slice; null: the same share of the device's memory as of its compute.</param>
/// <param name="Model">Only models that contain this.</param>
/// <param name="MinimumMemory">Only devices with at least so many bytes.</param>
/// <param name="Node">Only devices of this node.</param>
/// <param name="Uuids">Only these devices; empty: any.</param>
internal sealed record Demand(
    int Count,
    int Compute,
    long? Memory = null,
    string? Model = null,
    long? MinimumMemory = null,
    string? Node = null,
    IReadOnlyList<string>? Uuids = null
)
{
    // What the software device and real drivers can hand out in one piece.
    private const long Granule = 1 << 20;

    /// <summary>Bytes that a slice of a device with <paramref name="deviceMemory"/> bytes has.</summary>
    public long MemoryOn(long deviceMemory) =>
        Memory ?? Math.Max(Granule, (long)((Int128)deviceMemory * Compute / 100) / Granule * Granule);
}
