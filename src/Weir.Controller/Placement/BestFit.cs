using Weir.Protocol.Rest;

namespace Weir.Controller.Placement;

/// <summary>
/// The device that is left with the least: small slices fill devices that are begun, whole devices stay whole. Several
/// slices go to one node when one node has them, the node with the least left over.
/// </summary>
internal static class BestFit
{
    public static Decision Decide(IReadOnlyList<DeviceRoom> devices, Demand demand)
    {
        List<DeviceRoom> fitting = [];
        int suitable = 0;
        int matching = 0;
        long largest = 0;
        foreach (var device in devices)
        {
            if (!Matches(device, demand))
            {
                continue;
            }
            matching++;
            long memory = demand.MemoryOn(device.Memory);
            largest = Math.Max(largest, device.Memory);
            // A program sees its quota as a device's memory: it cannot be larger than the device, whatever the pool promises.
            if (demand.Compute > device.ComputeLimit || memory > device.MemoryLimit || memory > device.Memory)
            {
                continue;
            }
            suitable++;
            if (device.Placeable && device.ComputeFree >= demand.Compute && device.MemoryFree >= memory)
            {
                fitting.Add(device);
            }
        }
        if (suitable < demand.Count)
        {
            return new Decision.Impossible(Why(devices.Count, matching, suitable, largest, demand));
        }
        if (fitting.Count < demand.Count)
        {
            return new Decision.NoRoom(
                $"{fitting.Count} of {suitable} suitable devices have {demand.Compute} % of compute{MemoryText(demand)} free now, {demand.Count} are asked for"
            );
        }
        fitting.Sort((a, b) => Compare(a, b, demand));
        return new Decision.Placed(Choose(fitting, demand));
    }

    private static bool Matches(DeviceRoom device, Demand demand) =>
        (demand.Model is null || device.Model.Contains(demand.Model, StringComparison.OrdinalIgnoreCase))
        && (demand.MinimumMemory is not { } least || device.Memory >= least)
        && (demand.Node is null || device.Node == demand.Node)
        && (
            demand.Uuids is null or { Count: 0 } || demand.Uuids.Contains(device.Uuid, StringComparer.OrdinalIgnoreCase)
        );

    private static int Compare(DeviceRoom a, DeviceRoom b, Demand demand)
    {
        int order = a.ComputeFree.CompareTo(b.ComputeFree);
        order =
            order != 0
                ? order
                : (a.MemoryFree - demand.MemoryOn(a.Memory)).CompareTo(b.MemoryFree - demand.MemoryOn(b.Memory));
        order = order != 0 ? order : string.CompareOrdinal(a.Node, b.Node);
        return order != 0 ? order : string.CompareOrdinal(a.Uuid, b.Uuid);
    }

    private static List<SliceView> Choose(List<DeviceRoom> fitting, Demand demand)
    {
        var chosen = fitting.Take(demand.Count);
        if (demand.Count > 1)
        {
            var node = fitting
                .GroupBy(device => device.Node)
                .Where(group => group.Count() >= demand.Count)
                .OrderBy(group => group.Count())
                .ThenBy(group => group.Key, StringComparer.Ordinal)
                .FirstOrDefault();
            // Otherwise the nodes that have most, so that few are needed.
            chosen =
                node?.Take(demand.Count)
                ?? fitting
                    .GroupBy(device => device.Node)
                    .OrderByDescending(group => group.Count())
                    .ThenBy(group => group.Key, StringComparer.Ordinal)
                    .SelectMany(group => group)
                    .Take(demand.Count);
        }
        return
        [
            .. chosen.Select(
                (device, ordinal) =>
                    new SliceView(device.Node, device.Uuid, ordinal, demand.Compute, demand.MemoryOn(device.Memory))
            ),
        ];
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
