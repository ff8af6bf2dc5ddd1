using Weir.Scheduling.Fairness;

namespace Weir.Scheduling.Cluster;

/// <summary>What a node has, as the scheduler sees it.</summary>
/// <param name="Name">Unique in the cluster.</param>
/// <param name="CpuMilli">Processors, thousandths of a core.</param>
/// <param name="MemoryMib">Main memory, MiB.</param>
/// <param name="Devices">Accelerators, 0 … 64.</param>
/// <param name="Model">Their type; all devices of a node are of one type.</param>
public sealed record NodeConfig(string Name, int CpuMilli, int MemoryMib, int Devices, string Model)
{
    /// <summary>Memory of each device, MiB; 0: device memory is not counted on this node.</summary>
    public int DeviceMemoryMib { get; init; }

    /// <summary>Memory of each device that may be promised in all, MiB; 0: as much as there is.</summary>
    public int DeviceMemoryPromisedMib { get; init; }

    /// <summary>Compute of each device that may be promised in all, thousandths, 1 … 1000.</summary>
    public int DeviceMilli { get; init; } = TaskShape.WholeDevice;

    /// <summary>What it counts for in the shares of projects; null: what it has.</summary>
    public Resources? Offers { get; init; }

    /// <summary>Rack, or whatever else shares one switch.</summary>
    public string Rack { get; init; } = "";

    /// <summary>The pool that the node belongs to.</summary>
    public string Pool { get; init; } = "";

    /// <summary>Devices per NVLink group, counted from device 0; 0: all devices of the node are one group.</summary>
    public int LinkGroup { get; init; }

    /// <summary>Devices per NUMA node, counted from device 0; 0: one NUMA node.</summary>
    public int NumaGroup { get; init; }
}
