using Weir.Controller.Placement;
using Weir.Controller.State;

namespace Weir.Controller.Metering;

/// <summary>A value of now, with what it is a value of.</summary>
/// <param name="Name">Without "_total".</param>
/// <param name="Value">The value.</param>
/// <param name="Labels">Name and value of each label.</param>
internal readonly record struct Metric(string Name, double Value, (string Name, string Value)[] Labels);

/// <summary>
/// What monitoring systems are told: from memory only, so that a scrape does not wait for the store. Device values have the names of NVIDIA's
/// exporter too, which people's dashboards know.
/// </summary>
internal sealed class MetricSnapshot(ClusterState state, Books books, MeteringService metering, ControllerClock clock)
{
    private const double NsPerSecond = 1e9;
    private const long Mib = 1 << 20;

    /// <summary>Names, whether they only grow, and what they say. In the order in which they are told.</summary>
    public static (string Name, bool IsCounter, string Help)[] Descriptions { get; } =
    [
        ("weir_nodes", false, "Nodes by state."),
        ("weir_device_up", false, "1 when new leases may have slices of the device."),
        ("weir_device_allocated_ratio", false, "Part of the device's compute that is promised to leases."),
        ("weir_device_used_ratio", false, "Part of the device that worked between the last two heartbeats."),
        ("weir_device_memory_bytes", false, "Memory of the device."),
        ("weir_device_memory_allocated_bytes", false, "Memory of the device that is promised to leases."),
        ("weir_device_memory_used_bytes", false, "Memory of the device in use."),
        ("DCGM_FI_DEV_GPU_UTIL", false, "GPU utilization (in %)."),
        ("DCGM_FI_DEV_FB_USED", false, "Framebuffer memory used (in MiB)."),
        ("DCGM_FI_DEV_FB_FREE", false, "Framebuffer memory free (in MiB)."),
        ("weir_leases", false, "Active leases by project and state."),
        ("weir_lease_devices", false, "Whole devices that leases hold, by project."),
        ("weir_queue_waiting", false, "What waits for devices, by pool and project."),
        ("weir_session_busy_seconds", true, "Device time that the session has worked, all cores together."),
        ("weir_session_launches", true, "Kernels that the session has launched."),
        ("weir_session_memory_bytes", false, "Device memory that the session holds."),
        ("weir_usage_stored_age_seconds", false, "How old the newest stored usage is."),
    ];

    /// <summary>All values.</summary>
    public List<Metric> Read()
    {
        List<Metric> all = [];
        lock (state.Gate)
        {
            foreach (var node in state.Nodes.Values.GroupBy(node => node.Link is null ? "away" : node.Mode))
            {
                all.Add(new Metric("weir_nodes", node.Count(), [("state", node.Key)]));
            }
            foreach (var device in state.Devices.Values.OrderBy(device => device.Uuid, StringComparer.Ordinal))
            {
                Device(all, device);
            }
            foreach (var leases in state.Leases.Values.GroupBy(lease => (lease.Project, lease.Released)))
            {
                all.Add(
                    new Metric(
                        "weir_leases",
                        leases.Count(),
                        [("project", leases.Key.Project), ("state", leases.Key.Released ? "parked" : "held")]
                    )
                );
            }
            foreach (var leases in state.Leases.Values.Where(one => !one.Released).GroupBy(lease => lease.Project))
            {
                all.Add(
                    new Metric(
                        "weir_lease_devices",
                        leases.Sum(lease => lease.Compute) / 100.0,
                        [("project", leases.Key)]
                    )
                );
            }
            foreach (
                var waiting in books
                    .Entries.Where(entry => entry is { Lease: null, Claim: not null })
                    .GroupBy(entry => (entry.Pool, entry.Project))
            )
            {
                all.Add(
                    new Metric(
                        "weir_queue_waiting",
                        waiting.Count(),
                        [("pool", waiting.Key.Pool), ("project", waiting.Key.Project)]
                    )
                );
            }
            foreach (var session in state.Sessions.Values)
            {
                (string, string)[] labels =
                [
                    ("session", session.Id),
                    ("project", session.Project),
                    ("user", session.User),
                    ("program", session.Program),
                    ("state", session.Condition),
                ];
                all.Add(new Metric("weir_session_busy_seconds", session.BusyNs / NsPerSecond, labels));
                all.Add(new Metric("weir_session_launches", session.Launches, labels));
                all.Add(new Metric("weir_session_memory_bytes", session.Memory, labels));
            }
        }
        all.Add(new Metric("weir_usage_stored_age_seconds", (clock.Now - metering.StoredTo) / 1000.0, []));
        return all;
    }

    private void Device(List<Metric> all, DeviceState device)
    {
        (string, string)[] labels =
        [
            ("uuid", device.Uuid),
            ("node", device.Node),
            ("pool", device.Pool),
            ("model", device.Model),
        ];
        all.Add(new Metric("weir_device_up", state.Placeable(device) ? 1 : 0, labels));
        all.Add(new Metric("weir_device_allocated_ratio", device.ComputeGranted / 100.0, labels));
        all.Add(new Metric("weir_device_used_ratio", Math.Min(1, device.ComputeUsed / 100), labels));
        all.Add(new Metric("weir_device_memory_bytes", device.Memory, labels));
        all.Add(new Metric("weir_device_memory_allocated_bytes", device.MemoryGranted, labels));
        all.Add(new Metric("weir_device_memory_used_bytes", device.MemoryUsed, labels));
        (string, string)[] known =
        [
            ("gpu", device.Ordinal.ToString(System.Globalization.CultureInfo.InvariantCulture)),
            ("UUID", device.Uuid),
            ("modelName", device.Model),
            ("hostname", device.Node),
        ];
        all.Add(new Metric("DCGM_FI_DEV_GPU_UTIL", Math.Round(Math.Min(100, device.ComputeUsed)), known));
        all.Add(new Metric("DCGM_FI_DEV_FB_USED", device.MemoryUsed / Mib, known));
        all.Add(new Metric("DCGM_FI_DEV_FB_FREE", (device.Memory - device.MemoryUsed) / Mib, known));
    }
}
