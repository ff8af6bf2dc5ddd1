using Weir.Kernels.Ir;

namespace Weir.Kernels.Lowering;

/// <summary>Comparison and selection (PTX ISA, "Comparison and Selection Instructions").</summary>
internal static class CompareForms
{
    private const string Float = "eq|ne|lt|le|gt|ge|equ|neu|ltu|leu|gtu|geu|num|nan";

    // Type class: comparisons that it has, its types, and whether .ftz may be said.
    private static readonly (string Compare, string Types, string Ftz)[] Classes =
    [
        ("eq|ne", "b16|b32|b64", ""),
        ("eq|ne|lt|le|gt|ge|lo|ls|hi|hs", "u16|u32|u64", ""),
        ("eq|ne|lt|le|gt|ge", "s16|s32|s64", ""),
        (Float, "f32", "{.ftz}"),
        (Float, "f64", ""),
        (Float, "f16|f16x2", "{.ftz}"),
        (Float, "bf16|bf16x2", ""),
    ];

    // What set may write besides integers and f32: a number of the type that it compares, 1 or 0.
    private static string Results(string types) =>
        types.Contains("f16", StringComparison.Ordinal) ? "u32|s32|u16|s16|" + types : "u32|s32|f32";

    // A packed comparison says two things: one of each pair.
    private static string? Pairs(IrInstruction i) =>
        IrTypes.IsPacked(i.Type) && i.Op == IrOp.SetP && i.Dests.Count != 2 ? "a packed comparison has two results"
        : i.Op == IrOp.Set && IrTypes.IsPacked(i.DestType) != IrTypes.IsPacked(i.Type) ? "one of the types is packed"
        : null;

    public static readonly InstructionForm[] All =
    [
        .. Classes.Select(c => new InstructionForm(
            $"setp.cmp={c.Compare}{c.Ftz}.type={c.Types} p|q:pred, a:T, b:T",
            IrOp.SetP,
            SignFree,
            Pairs
        )),
        .. Classes.Select(c => new InstructionForm(
            $"setp.cmp={c.Compare}.bool=and|or|xor{c.Ftz}.type={c.Types} p|q:pred, a:T, b:T, !c",
            IrOp.SetP,
            SignFree,
            Pairs
        )),
        .. Classes.Select(c => new InstructionForm(
            $"set.cmp={c.Compare}{c.Ftz}.dtype={Results(c.Types)}.type={c.Types} d, a:T, b:T",
            IrOp.Set,
            SignFree,
            Pairs
        )),
        .. Classes.Select(c => new InstructionForm(
            $"set.cmp={c.Compare}.bool=and|or|xor{c.Ftz}.dtype={Results(c.Types)}.type={c.Types} d, a:T, b:T, !c",
            IrOp.Set,
            SignFree,
            Pairs
        )),
        new("selp.type=b16|b32|b64|u16|u32|u64|s16|s32|s64|f32|f64 d, a, b, c:pred", IrOp.SelP),
        new("slct.dtype=b16|b32|b64|u16|u32|u64|s16|s32|s64|f32|f64.type=s32 d, a:U, b:U, c:T", IrOp.SlCt),
        new("slct{.ftz}.dtype=b16|b32|b64|u16|u32|u64|s16|s32|s64|f32|f64.type=f32 d, a:U, b:U, c:T", IrOp.SlCt),
    ];

    // lo, ls, hi, hs are what lt, le, gt, ge mean for unsigned types anyway.
    private static IrInstruction SignFree(IrInstruction instruction) =>
        instruction with
        {
            Compare = instruction.Compare switch
            {
                IrCompare.Lo => IrCompare.Lt,
                IrCompare.Ls => IrCompare.Le,
                IrCompare.Hi => IrCompare.Gt,
                IrCompare.Hs => IrCompare.Ge,
                var other => other,
            },
        };
}
