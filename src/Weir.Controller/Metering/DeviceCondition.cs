namespace Weir.Controller.Metering;

/// <summary>What of a device counts for the history of capacity.</summary>
/// <param name="Node">Where it is.</param>
/// <param name="Pool">Its pool.</param>
/// <param name="Model">As its driver names it.</param>
/// <param name="Memory">Bytes.</param>
/// <param name="IsUsable">New leases may have slices of it.</param>
internal sealed record DeviceCondition(string Node, string Pool, string Model, long Memory, bool IsUsable);
