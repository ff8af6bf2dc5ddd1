using System.Text.RegularExpressions;
using Weir.Controller.State;
using Weir.Protocol.Agents;
using Weir.Protocol.Grpc;

namespace Weir.Controller.Nodes;

/// <summary>What a node says of its devices is believed only when it can be true.</summary>
internal static partial class InventoryCheck
{
    private const int MostDevices = 1024;
    private const ulong LargestMemory = 16UL << 40;

    /// <summary>Throws <see cref="GrpcException"/> on an inventory that cannot be true. Called under the gate.</summary>
    public static void Check(ClusterState state, string node, Inventory inventory)
    {
        if (inventory.Devices.Count > MostDevices)
        {
            throw Lie(node, $"{inventory.Devices.Count} devices; at most {MostDevices} are taken");
        }
        HashSet<string> uuids = new(StringComparer.OrdinalIgnoreCase);
        HashSet<uint> ordinals = [];
        foreach (var device in inventory.Devices)
        {
            if (!Uuid().IsMatch(device.Uuid))
            {
                throw Lie(node, $"a device with the identity \"{device.Uuid}\", which is none");
            }
            if (!uuids.Add(device.Uuid))
            {
                throw Lie(node, $"device {device.Uuid} twice");
            }
            if (!ordinals.Add(device.Ordinal))
            {
                throw Lie(node, $"two devices with number {device.Ordinal}");
            }
            if (device.MemoryBytes is 0 or > LargestMemory)
            {
                throw Lie(node, $"{device.MemoryBytes} bytes of memory for device {device.Uuid}");
            }
            if (device.Kind is not ("software" or "cuda"))
            {
                throw Lie(node, $"device {device.Uuid} of kind \"{device.Kind}\", which this release does not know");
            }
            if (device.Model.Length is 0 or > 256)
            {
                throw Lie(node, $"no usable model name for device {device.Uuid}");
            }
            if (device.Numa > MostDevices || device.LinkGroup > MostDevices)
            {
                throw Lie(node, $"device {device.Uuid} in a group beyond {MostDevices}");
            }
            if (!IsAmount(device.Speed) || !IsAmount(device.CostPerHour))
            {
                throw Lie(
                    node,
                    $"a speed of {device.Speed} and a cost of {device.CostPerHour} an hour for device {device.Uuid}"
                );
            }
            if (device.Pool.Length > 0 && !state.Pools.ContainsKey(device.Pool))
            {
                throw Lie(
                    node,
                    $"device {device.Uuid} in pool \"{device.Pool}\", which does not exist: `weir pools set {device.Pool}` makes it"
                );
            }
            if (state.Devices.TryGetValue(device.Uuid, out var known) && known.Node != node)
            {
                throw Lie(
                    node,
                    $"device {device.Uuid}, which belongs to node {known.Node}: if it was moved, `weir nodes remove {known.Node}` first"
                );
            }
        }
    }

    /// <summary>What a known device says otherwise while leases count on it; null: nothing.</summary>
    public static string? Contradiction(DeviceState known, Device said)
    {
        if (known.Leases == 0)
        {
            return null;
        }
        if (known.Memory != (long)said.MemoryBytes)
        {
            return $"had {known.Memory >> 20} MiB when slices of it were granted, says {said.MemoryBytes >> 20} MiB now";
        }
        return known.Model != said.Model
            ? $"was \"{known.Model}\" when slices of it were granted, says \"{said.Model}\" now"
            : null;
    }

    private static bool IsAmount(double value) => value >= 0 && double.IsFinite(value);

    private static GrpcException Lie(string node, string what) =>
        new(GrpcStatus.InvalidArgument, $"node {node} reports {what}");

    [GeneratedRegex("^[A-Za-z]{2,8}-[0-9A-Za-z-]{1,60}$")]
    private static partial Regex Uuid();
}
