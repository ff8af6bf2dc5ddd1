using Weir.Kernels.Ir;

namespace Weir.Kernels.Ptx;

/// <summary>Names of the fundamental types.</summary>
internal static class PtxTypes
{
    private static readonly Dictionary<string, IrType> ByName = new()
    {
        ["pred"] = IrType.Pred,
        ["b8"] = IrType.B8,
        ["b16"] = IrType.B16,
        ["b32"] = IrType.B32,
        ["b64"] = IrType.B64,
        ["u8"] = IrType.U8,
        ["u16"] = IrType.U16,
        ["u32"] = IrType.U32,
        ["u64"] = IrType.U64,
        ["s8"] = IrType.S8,
        ["s16"] = IrType.S16,
        ["s32"] = IrType.S32,
        ["s64"] = IrType.S64,
        ["f16"] = IrType.F16,
        ["f16x2"] = IrType.F16x2,
        ["bf16"] = IrType.BF16,
        ["bf16x2"] = IrType.BF16x2,
        ["f32"] = IrType.F32,
        ["f64"] = IrType.F64,
    };

    /// <summary>The type of a name without its dot.</summary>
    public static bool TryParse(string name, out IrType type) => ByName.TryGetValue(name, out type);

    /// <summary>Name without a dot.</summary>
    public static string Name(IrType type) => type.ToString().ToLowerInvariant();

    /// <summary>The untyped form of a width in bits.</summary>
    public static IrType Untyped(int bits) =>
        bits switch
        {
            1 => IrType.Pred,
            8 => IrType.B8,
            16 => IrType.B16,
            32 => IrType.B32,
            _ => IrType.B64,
        };
}
