using Weir.Kernels.Ir;

namespace Weir.Kernels.Lowering;

/// <summary>Moves, conversions and address forms (PTX ISA, "Data Movement and Conversion Instructions").</summary>
internal static class ConversionForms
{
    private const string Spaces = "space=global|shared|shared::cta|local|const|param|param::entry";
    private const string Values = "u8|u16|u32|u64|s8|s16|s32|s64|f16|f32|f64";

    public static readonly InstructionForm[] All =
    [
        new("mov.type=pred|b16|b32|b64|u16|u32|u64|s16|s32|s64|f16|f32|f64 @d, @a", IrOp.Mov, Rule: LoweringRule.Move),
        new(
            $"cvt{{.rnd=rn|rz|rm|rp|rni|rzi|rmi|rpi}}{{.ftz}}{{.sat}}.dtype={Values}.type={Values} d~, a:T~",
            IrOp.Cvt,
            Check: CheckConversion
        ),
        new("cvt.rnd=rn{.relu}.dtype=f16|bf16.type=f32 d, a:T", IrOp.Cvt),
        new("cvt.rnd=rz{.relu}.dtype=f16|bf16.type=f32 d, a:T", IrOp.Cvt),
        new("cvt.dtype=f32.type=bf16 d, a:T", IrOp.Cvt),
        // The first source becomes the upper half.
        new("cvt.rnd=rn|rz{.relu}.dtype=f16x2|bf16x2.type=f32 d, a:T, b:T", IrOp.Cvt),
        new($"cvta.{Spaces}.type=u64|u32 d, a", IrOp.Cvta, Check: Address64),
        new($"cvta.to.{Spaces}.type=u64|u32 d, a", IrOp.Cvta, Check: Address64),
        new("isspacep.space=global|shared|shared::cta|local p:pred, a:u64", IrOp.IsSpacep),
    ];

    private static string? Address64(IrInstruction instruction) =>
        instruction.Type == IrType.U64 ? null : "32-bit generic addresses do not exist where addresses have 64 bits";

    // PTX ISA, cvt: which rounding is required, which is forbidden.
    private static string? CheckConversion(IrInstruction i)
    {
        var (from, to) = (i.Type, i.DestType);
        var (fromFloat, toFloat) = (IrTypes.IsFloat(from), IrTypes.IsFloat(to));
        var toInteger = i.Rounding is IrRounding.Rni or IrRounding.Rzi or IrRounding.Rmi or IrRounding.Rpi;
        var toNearby = i.Rounding is IrRounding.Rn or IrRounding.Rz or IrRounding.Rm or IrRounding.Rp;
        if (i.Ftz && from != IrType.F32 && to != IrType.F32)
        {
            return ".ftz needs an .f32 on one side";
        }

        return (fromFloat, toFloat) switch
        {
            (false, false) => i.Rounding == IrRounding.None ? null : "integers are not rounded",
            (false, true) => toNearby ? null : "an integer becomes floating with .rn, .rz, .rm or .rp",
            (true, false) => toInteger ? null : "a floating value becomes an integer with .rni, .rzi, .rmi or .rpi",
            _ when IrTypes.Bits(to) < IrTypes.Bits(from) => toNearby ? null : "narrowing needs .rn, .rz, .rm or .rp",
            _ when IrTypes.Bits(to) > IrTypes.Bits(from) => i.Rounding == IrRounding.None
                ? null
                : "widening is exact and takes no rounding",
            _ => toNearby ? "the same type is rounded to an integer or not at all" : null,
        };
    }
}
