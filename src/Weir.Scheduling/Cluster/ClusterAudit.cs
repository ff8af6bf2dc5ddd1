namespace Weir.Scheduling.Cluster;

/// <summary>Rebuilds a cluster's figures from its placements alone and says where they differ from the kept ones.</summary>
public static class ClusterAudit
{
    /// <summary>The first difference or broken promise, in words; null when all is well.</summary>
    public static string? Find(ClusterState state)
    {
        var rebuilt = new ClusterState([.. Enumerable.Range(0, state.NodeCount).Select(state.Node)], state.Models);
        PlacementTable placements = state.Placements;
        rebuilt.AllowAsIn(state);
        for (int slot = 0; slot < placements.Slots; slot++)
        {
            if (!placements.Has(slot))
            {
                continue;
            }
            PlacedTask placement = placements.Get(slot);
            try
            {
                // Refuses whatever is beyond the node's capacity.
                rebuilt.Place(placement.Node, placement.Shape, placement.Devices);
            }
            catch (InvalidOperationException e)
            {
                return $"slot {slot} is promised beyond capacity: {e.Message}";
            }
        }
        for (int node = 0; node < state.NodeCount; node++)
        {
            rebuilt.SetUsable(node, state.Usable(node));
        }
        return Difference(state.cpuFree, rebuilt.cpuFree, "free CPU")
            ?? Difference(state.memoryFree, rebuilt.memoryFree, "free memory")
            ?? Difference(state.deviceFree, rebuilt.deviceFree, "free compute of device")
            ?? Difference(state.deviceMemoryFree, rebuilt.deviceMemoryFree, "free memory of device")
            ?? Difference(state.freeMilli, rebuilt.freeMilli, "free compute")
            ?? Difference(state.wholeFree, rebuilt.wholeFree, "whole devices")
            ?? Difference(state.largestFree, rebuilt.largestFree, "largest rest")
            ?? Difference(state.tasks, rebuilt.tasks, "tasks")
            ?? Difference<short>(state.tagCounts, rebuilt.tagCounts, "kinds of use")
            ?? (state.UsedMilli == rebuilt.UsedMilli ? null : $"used {state.UsedMilli}, rebuilt {rebuilt.UsedMilli}");
    }

    private static string? Difference<T>(ReadOnlySpan<T> kept, ReadOnlySpan<T> rebuilt, string what)
        where T : IEquatable<T>
    {
        int at = kept.CommonPrefixLength(rebuilt);
        return at == kept.Length ? null : $"{what} {at}: kept {kept[at]}, rebuilt {rebuilt[at]}";
    }

    private static string? Difference(int[] kept, int[] rebuilt, string what) => Difference<int>(kept, rebuilt, what);
}
