namespace Weir.Kernels.Codegen;

/// <summary>How the lanes' addresses lie.</summary>
internal enum AccessForm
{
    Uniform,
    Contiguous,
    LocalRow,
    Scattered,
}

/// <summary>A memory access with its address found.</summary>
/// <param name="Form">How the addresses lie.</param>
/// <param name="Start">Scalar address of lane 0 (i64), unless scattered.</param>
/// <param name="BreakLane">First lane that is not contiguous with lane 0, when there may be one.</param>
/// <param name="Addresses">Makes the addresses of all lanes; i32 for shared, else i64.</param>
/// <param name="Type">LLVM type of an element.</param>
/// <param name="Count">Elements per lane.</param>
internal sealed record MemoryAccess(
    AccessForm Form,
    Value Start,
    Value? BreakLane,
    Func<Value> Addresses,
    string Type,
    int Count
)
{
    public int ElementBytes => new Value("", Type, false).Bits / 8;

    public int LaneBytes => ElementBytes * Count;
}
