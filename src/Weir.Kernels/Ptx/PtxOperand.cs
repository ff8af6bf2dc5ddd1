namespace Weir.Kernels.Ptx;

/// <summary>Shapes of operands as they are written.</summary>
internal enum PtxOperandKind : byte
{
    /// <summary>A name: register, variable, label, special register (component included); Bits = addend.</summary>
    Name,

    /// <summary>An integer.</summary>
    Integer,

    /// <summary>A 0f literal.</summary>
    Single,

    /// <summary>A 0d or decimal literal.</summary>
    Double,

    /// <summary><c>{a, b, ...}</c>.</summary>
    Vector,

    /// <summary><c>[base + offset]</c>, or <c>[tex, {coordinates}]</c>: Items; Bits = offset.</summary>
    Memory,

    /// <summary><c>p|q</c>.</summary>
    Pair,

    /// <summary><c>(a, b, ...)</c> of a call.</summary>
    List,

    /// <summary><c>_</c>.</summary>
    Sink,
}

/// <summary>An operand as it is written.</summary>
internal sealed record PtxOperand(PtxOperandKind Kind, string Name = "", ulong Bits = 0, bool Negated = false)
{
    /// <summary>Parts of vectors, pairs, lists and addresses.</summary>
    public IReadOnlyList<PtxOperand> Items { get; init; } = [];

    /// <summary>True for a name without an addend and without a negation.</summary>
    public bool IsPlainName => Kind == PtxOperandKind.Name && Bits == 0 && !Negated;
}
