namespace Weir.Estimates.Memory;

/// <summary>What a device must hold.</summary>
/// <param name="Parts">Name of each part and its bytes, per device; they add up to <paramref name="Bytes"/>.</param>
/// <param name="Bytes">All of it, per device.</param>
/// <param name="StepOperations">Floating-point operations of a step (training) or of one token per sequence (inference), all devices.</param>
/// <param name="Notes">What is not in the sum, or was assumed.</param>
public sealed record MemoryEstimate(
    IReadOnlyList<MemoryPart> Parts,
    long Bytes,
    double StepOperations,
    IReadOnlyList<string> Notes
);

/// <summary>A part of a device's memory.</summary>
/// <param name="Name">For people.</param>
/// <param name="Bytes">Bytes per device.</param>
public sealed record MemoryPart(string Name, long Bytes);
