namespace Weir.Scheduling.Cluster;

/// <summary>A task on a node.</summary>
/// <param name="Node">The node.</param>
/// <param name="Devices">Bits of the node's devices that it uses.</param>
/// <param name="Shape">What it asks.</param>
public readonly record struct PlacedTask(int Node, ulong Devices, TaskShape Shape);
