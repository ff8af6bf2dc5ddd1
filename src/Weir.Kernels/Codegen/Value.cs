namespace Weir.Kernels.Codegen;

/// <summary>A value in LLVM text: one scalar that stands for all lanes, or a vector of one element per lane.</summary>
/// <param name="Text">Name or constant.</param>
/// <param name="Type">LLVM type of one element.</param>
/// <param name="IsVector">True for one element per lane.</param>
internal readonly record struct Value(string Text, string Type, bool IsVector)
{
    /// <summary>Width of an element in bits.</summary>
    public int Bits =>
        Type switch
        {
            "i1" => 1,
            "i8" => 8,
            "i16" or "half" => 16,
            "i32" or "float" => 32,
            "i64" or "double" or "ptr" => 64,
            _ => throw new InvalidOperationException($"No width: {Type}"),
        };

    /// <summary>True for float elements.</summary>
    public bool IsFloat => Type is "float" or "double" or "half";
}

/// <summary>Lane l has Base + l·Stride, and from lane BreakLane on Delta more.</summary>
/// <param name="Base">Scalar of 32 or 64 bits.</param>
/// <param name="Stride">Difference from lane to lane.</param>
/// <param name="BreakLane">Scalar i32 (the number of lanes when there is no break), or null when there can be none.</param>
/// <param name="Delta">Scalar i64, with <paramref name="BreakLane"/>.</param>
internal readonly record struct AffineValue(Value Base, long Stride, Value? BreakLane, Value? Delta);
