namespace Weir.Kernels.Ir;

/// <summary>
/// The type at which an operation works (PTX ISA, "Fundamental Types"). A register itself only has a width
/// (<see cref="IrRegister.Bits"/>); the operation says how its bits are read.
/// </summary>
public enum IrType : byte
{
    /// <summary>No type: the operation has none (a barrier, a branch).</summary>
    None,

    /// <summary>One-bit predicate.</summary>
    Pred,

    /// <summary>Untyped bits, 8 wide.</summary>
    B8,

    /// <summary>Untyped bits, 16 wide.</summary>
    B16,

    /// <summary>Untyped bits, 32 wide.</summary>
    B32,

    /// <summary>Untyped bits, 64 wide.</summary>
    B64,

    /// <summary>Unsigned, 8 bits.</summary>
    U8,

    /// <summary>Unsigned, 16 bits.</summary>
    U16,

    /// <summary>Unsigned, 32 bits.</summary>
    U32,

    /// <summary>Unsigned, 64 bits.</summary>
    U64,

    /// <summary>Signed, 8 bits.</summary>
    S8,

    /// <summary>Signed, 16 bits.</summary>
    S16,

    /// <summary>Signed, 32 bits.</summary>
    S32,

    /// <summary>Signed, 64 bits.</summary>
    S64,

    /// <summary>IEEE half.</summary>
    F16,

    /// <summary>Two IEEE halves packed in 32 bits.</summary>
    F16x2,

    /// <summary>The upper half of an IEEE single.</summary>
    BF16,

    /// <summary>Two of these packed in 32 bits.</summary>
    BF16x2,

    /// <summary>IEEE single.</summary>
    F32,

    /// <summary>IEEE double.</summary>
    F64,
}
