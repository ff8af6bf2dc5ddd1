using Weir.Cli.Pool.Nodes;
using Weir.Estimates;
using Weir.Protocol.Rest;

namespace Weir.Cli.Estimate;

/// <summary>On what a model could run: the pool's kinds of devices, or common cards where there is no pool.</summary>
internal static class Fitting
{
    public static async Task<(bool FromPool, IReadOnlyList<(string Name, long Bytes)> Devices)> DevicesAsync()
    {
        DeviceView[]? pool = await PoolDevices.ReadAsync(must: false);
        return pool is { Length: > 0 }
            ? (
                true,
                [
                    .. pool.Select(device => (device.Model, device.MemoryBytes))
                        .Distinct()
                        .OrderBy(device => device.MemoryBytes),
                ]
            )
            : (false, CardMemory.Cards);
    }
}
