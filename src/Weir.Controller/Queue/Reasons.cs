using Weir.Controller.Leases;
using Weir.Controller.Placement;
using Weir.Controller.State;

namespace Weir.Controller.Queue;

/// <summary>What people are told of a claim that gets nothing. Called under the gate.</summary>
internal sealed class Reasons(ClusterState state, ISessionMover mover)
{
    /// <summary>Why the pool could never give it what it asks for; null: it can be waited for.</summary>
    public ControlException? WhyNever(ResolvedClaim claim, bool preemptible)
    {
        if (Suitability.WhyNever(Rooms(claim.Pool), claim.Demand) is { } why)
        {
            return new ControlException(422, "impossible", why);
        }
        return ClaimRules.OverQuota(state, claim, preemptible, Memory(claim), out bool never) is { } over && never
            ? new ControlException(403, "quota", $"{over}: ask for less, or an operator for a larger quota")
            : null;
    }

    /// <summary>Why it has nothing yet.</summary>
    public ControlException WhyNotNow(QueueEntry entry)
    {
        if (entry is { IsParked: true, Lease: { } parked })
        {
            return new ControlException(
                409,
                "no-room",
                entry.Refused
                    ?? (
                        state.HasRoom(parked.Slices, parked.Pool)
                            ? "it is parked; its devices are free, and others go first or its project has its share"
                            : $"it is parked until its devices are free again: {string.Join(", ", parked.Slices.Select(slice => slice.Uuid))}"
                    )
            );
        }
        if (entry.Claim is not { } claim)
        {
            return new ControlException(409, "no-room", entry.Obstacle?.Invoke() ?? "no node is here now");
        }
        if (ClaimRules.OverQuota(state, claim, mover.MayBorrow(entry.Workload), Memory(claim), out _) is { } over)
        {
            return new ControlException(409, "quota", $"{over}: ask for less, or an operator for a larger quota");
        }
        string why =
            entry.Obstacle?.Invoke() ?? entry.Refused ?? Suitability.WhyNotNow(Rooms(claim.Pool), claim.Demand);
        return new ControlException(
            409,
            "no-room",
            $"{why}: wait with --wait, queue it with `weir submit`, or ask for less"
        );
    }

    private long Memory(ResolvedClaim claim)
    {
        if (claim.Demand.Memory is { } bytes)
        {
            return bytes * claim.Demand.Count;
        }
        // As little as it could be: what it really takes is known when devices were chosen.
        long least = long.MaxValue;
        foreach (var device in state.Devices.Values)
        {
            if (device.Pool == claim.Pool)
            {
                least = Math.Min(least, claim.Demand.MemoryOn(device.Memory));
            }
        }
        return least == long.MaxValue ? 0 : least * claim.Demand.Count;
    }

    private List<DeviceRoom> Rooms(string name)
    {
        var rooms = new List<DeviceRoom>();
        if (!state.Pools.TryGetValue(name, out var pool))
        {
            return rooms;
        }
        foreach (var device in state.Devices.Values)
        {
            if (device.Pool == name)
            {
                long memory = (long)((Int128)device.Memory * pool.MemoryLimit / 100);
                rooms.Add(
                    new DeviceRoom(
                        device.Uuid,
                        device.Node,
                        device.Model,
                        device.Memory,
                        pool.ComputeLimit,
                        memory,
                        pool.ComputeLimit - device.ComputeGranted,
                        memory - device.MemoryGranted,
                        state.Placeable(device)
                    )
                );
            }
        }
        return rooms;
    }
}
