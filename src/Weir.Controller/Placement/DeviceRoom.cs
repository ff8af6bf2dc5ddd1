namespace Weir.Controller.Placement;

/// <summary>What a placement may know of a device of the claim's pool.</summary>
/// <param name="Uuid">Its identity.</param>
/// <param name="Node">Its node.</param>
/// <param name="Model">As its driver names it.</param>
/// <param name="Memory">Bytes in all.</param>
/// <param name="ComputeLimit">Percent that may be promised in all.</param>
/// <param name="MemoryLimit">Bytes that may be promised in all.</param>
/// <param name="ComputeFree">Percent that may still be promised.</param>
/// <param name="MemoryFree">Bytes that may still be promised.</param>
/// <param name="Placeable">Whether new slices may be on it now.</param>
internal readonly record struct DeviceRoom(
    string Uuid,
    string Node,
    string Model,
    long Memory,
    int ComputeLimit,
    long MemoryLimit,
    int ComputeFree,
    long MemoryFree,
    bool Placeable
);
