namespace Weir.Controller.Placement;

/// <summary>
/// What to tell people when a claim gets nothing: that it never can, or what is free. A pure function of what is there and
/// what is asked; where a claim goes is decided by the scheduling library.
/// </summary>
internal static class Suitability
{
    /// <summary>Why no device will ever do, and what to do about it; null when it can be waited for.</summary>
    public static string? WhyNever(IReadOnlyList<DeviceRoom> devices, Demand demand)
    {
        int suitable = 0;
        int matching = 0;
        long largest = 0;
        foreach (var device in devices)
        {
            if (Matches(device, demand))
            {
                matching++;
                largest = Math.Max(largest, device.Memory);
                suitable += CouldTake(device, demand) ? 1 : 0;
            }
        }
        return suitable >= demand.Count ? null : Why(devices.Count, matching, suitable, largest, demand);
    }

    /// <summary>What is free of what it asks for.</summary>
    public static string WhyNotNow(IReadOnlyList<DeviceRoom> devices, Demand demand)
    {
        int suitable = 0;
        int fitting = 0;
        foreach (var device in devices)
        {
            if (Matches(device, demand) && CouldTake(device, demand))
            {
                suitable++;
                bool fits =
                    device.Placeable
                    && device.ComputeFree >= demand.Compute
                    && device.MemoryFree >= demand.MemoryOn(device.Memory);
                fitting += fits ? 1 : 0;
            }
        }
        return fitting >= demand.Count
            ? $"{fitting} of {suitable} suitable devices are free now, and others that wait go first"
            : $"{fitting} of {suitable} suitable devices have {demand.Compute} % of compute{MemoryText(demand)} free now, {demand.Count} are asked for";
    }

    /// <summary>Whether the claim's constraints allow the device.</summary>
    public static bool Matches(in DeviceRoom device, Demand demand) =>
        (demand.Model is null || device.Model.Contains(demand.Model, StringComparison.OrdinalIgnoreCase))
        && (demand.MinimumMemory is not { } least || device.Memory >= least)
        && (demand.Node is null || device.Node == demand.Node)
        && (
            demand.Uuids is null or { Count: 0 } || demand.Uuids.Contains(device.Uuid, StringComparer.OrdinalIgnoreCase)
        );

    private static bool CouldTake(in DeviceRoom device, Demand demand)
    {
        long memory = demand.MemoryOn(device.Memory);
        // A program sees its quota as a device's memory: it cannot be larger than the device, whatever the pool promises.
        return demand.Compute <= device.ComputeLimit && memory <= device.MemoryLimit && memory <= device.Memory;
    }

    private static string Why(int all, int matching, int suitable, long largest, Demand demand)
    {
        if (all == 0)
        {
            return "the pool has no devices: add a node with `weir join`, or name another pool";
        }
        if (matching == 0)
        {
            return "no device of the pool meets --model, --min-mem, --node and --uuid: `weir devices` lists what there is";
        }
        if (suitable == 0)
        {
            return demand.Memory is { } memory && memory > largest
                ? $"{memory >> 20} MiB per slice are asked for; the largest device has {largest >> 20} MiB: ask for less, or for several slices"
                : "no device may ever promise so much: look at the pool's limits (`weir pools`)";
        }
        return $"{demand.Count} devices are asked for, and {suitable} are suitable: ask for fewer";
    }

    private static string MemoryText(Demand demand) => demand.Memory is { } memory ? $" and {memory >> 20} MiB" : "";
}
