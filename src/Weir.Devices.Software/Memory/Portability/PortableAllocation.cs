namespace Weir.Devices.Software.Memory.Portability;

/// <summary>A live range of a session's device memory; it keeps its address for life, also in the workers that come after.</summary>
/// <param name="Address">First address; of physical memory its key.</param>
/// <param name="SizeBytes">Size as the program asked for it, bytes.</param>
/// <param name="Kind">What it is.</param>
/// <param name="Owner">The device's handle of the context, pool or module that it belongs to; 0 for physical memory.</param>
public readonly record struct PortableAllocation(ulong Address, ulong SizeBytes, PortableKind Kind, nint Owner);
