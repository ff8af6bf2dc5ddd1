namespace Weir.Kernels.Ir;

/// <summary>Facts about <see cref="IrType"/>.</summary>
public static class IrTypes
{
    /// <summary>Width in bits; 1 for a predicate, 0 for none.</summary>
    public static int Bits(IrType type) =>
        type switch
        {
            IrType.None => 0,
            IrType.Pred => 1,
            IrType.B8 or IrType.U8 or IrType.S8 => 8,
            IrType.B16 or IrType.U16 or IrType.S16 or IrType.F16 or IrType.BF16 => 16,
            IrType.B32 or IrType.U32 or IrType.S32 or IrType.F32 or IrType.F16x2 or IrType.BF16x2 => 32,
            _ => 64,
        };

    /// <summary>True for signed integers.</summary>
    public static bool IsSigned(IrType type) => type is IrType.S8 or IrType.S16 or IrType.S32 or IrType.S64;

    /// <summary>True for floating types.</summary>
    public static bool IsFloat(IrType type) => type is IrType.F32 or IrType.F64 || IsHalf(type);

    /// <summary>True for floating types of 16 bits, and two of them packed.</summary>
    public static bool IsHalf(IrType type) => type is IrType.F16 or IrType.BF16 || IsPacked(type);

    /// <summary>True for two floating values of 16 bits in one register.</summary>
    public static bool IsPacked(IrType type) => type is IrType.F16x2 or IrType.BF16x2;
}
