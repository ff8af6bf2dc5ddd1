using Weir.Agent.Configuration;

namespace Weir.Agent.Devices;

/// <summary>Which devices are close to each other, and how fast they are: as the node's configuration says, else as Linux knows.</summary>
internal static class Topology
{
    /// <summary>Completes the devices.</summary>
    /// <param name="config">The node's configuration.</param>
    /// <param name="devices">All devices of the node.</param>
    /// <param name="root">"" or another root of the file system, for tests.</param>
    public static void Find(AgentConfig config, IReadOnlyList<DeviceState> devices, string root = "")
    {
        foreach (DeviceState device in devices)
        {
            device.Terms = config.Models.GetValueOrDefault(device.Model);
            if (config.Numa.Count == 0 && device.Kind == "cuda")
            {
                device.Numa = NumaOf(device.Uuid, root);
            }
        }
        Place(devices, "numa", config.Numa, (device, group) => device.Numa = group);
        // Devices in no group have none of those links: each is a group of its own.
        int alone = config.Links.Count;
        foreach (DeviceState device in config.Links.Count > 0 ? devices : [])
        {
            device.LinkGroup = alone++;
        }
        Place(devices, "links", config.Links, (device, group) => device.LinkGroup = group);
    }

    private static void Place(
        IReadOnlyList<DeviceState> devices,
        string name,
        IReadOnlyList<IReadOnlyList<int>> groups,
        Action<DeviceState, int> set
    )
    {
        for (int group = 0; group < groups.Count; group++)
        {
            foreach (int number in groups[group])
            {
                if (devices.FirstOrDefault(device => device.Ordinal == number) is { } device)
                {
                    set(device, group);
                }
                else
                {
                    Log.Error($"{name}: this node has no device {number}; that is passed over");
                }
            }
        }
    }

    // The driver tells a device's place on the bus, the system what is near it; -1 there means that it does not know.
    private static int NumaOf(string uuid, string root)
    {
        try
        {
            foreach (string place in Directory.EnumerateDirectories($"{root}/proc/driver/nvidia/gpus"))
            {
                if (
                    !File.ReadAllText(Path.Combine(place, "information"))
                        .Contains(uuid, StringComparison.OrdinalIgnoreCase)
                )
                {
                    continue;
                }
                string bus = Path.GetFileName(place).ToLowerInvariant();
                string text = File.ReadAllText($"{root}/sys/bus/pci/devices/{bus}/numa_node").Trim();
                return int.TryParse(text, out int node) ? Math.Max(0, node) : 0;
            }
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            Log.Info($"where device {uuid} is attached is not known: {failure.Message}");
        }
        return 0;
    }
}
