using Weir.Controller.State;
using Weir.Controller.Store;

namespace Weir.Controller.Metering;

/// <summary>
/// Writes down when a device's condition changes, which is what the capacity of the past is known from. A node whose agent is away for a
/// moment, or since this controller's start, has not changed. Called under the gate.
/// </summary>
internal sealed class DeviceWatch(ClusterState state, CommitQueue commits, ControllerClock clock)
{
    private const long AwayForMs = 30_000;

    private readonly long _started = clock.Now;
    private readonly Dictionary<string, DeviceCondition> _known = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Takes up what was written before.</summary>
    public void Load(StoreSession store)
    {
        using var reader = store.Read(
            "SELECT uuid, node, pool, model, memory, usable FROM device_spans WHERE ended IS NULL"
        );
        while (reader.Read())
        {
            _known[reader.GetString(0)] = new DeviceCondition(
                reader.GetString(1),
                reader.GetString(2),
                reader.GetString(3),
                reader.GetInt64(4),
                reader.GetInt64(5) != 0
            );
        }
    }

    /// <summary>Looks at all devices once; true when something was written.</summary>
    public bool Look()
    {
        long now = clock.Now;
        bool hasWritten = false;
        foreach (var device in state.Devices.Values)
        {
            var node = state.Nodes.GetValueOrDefault(device.Node);
            bool isAway = node?.Link is null || !node.Reconciled;
            if (isAway && now - Math.Max(node?.LastSeen ?? 0, _started) < AwayForMs && _known.ContainsKey(device.Uuid))
            {
                continue;
            }
            var condition = new DeviceCondition(
                device.Node,
                device.Pool,
                device.Model,
                device.Memory,
                state.Placeable(device)
            );
            if (isAway && !_known.ContainsKey(device.Uuid) || _known.GetValueOrDefault(device.Uuid) == condition)
            {
                continue;
            }
            _known[device.Uuid] = condition;
            // It was gone when it was seen last, not only when that was noticed.
            long since = isAway ? Math.Max(node?.LastSeen ?? now, _started) : now;
            commits.Post(new StoreWrite(Writes.DeviceSpan(device.Uuid, condition, since)));
            hasWritten = true;
        }
        foreach (string gone in _known.Keys.Where(uuid => !state.Devices.ContainsKey(uuid)).ToArray())
        {
            _known.Remove(gone);
            commits.Post(new StoreWrite(Writes.DeviceSpan(gone, null, now)));
            hasWritten = true;
        }
        return hasWritten;
    }
}
