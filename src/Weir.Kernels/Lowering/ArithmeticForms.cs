using Weir.Kernels.Ir;

namespace Weir.Kernels.Lowering;

/// <summary>Integer arithmetic (PTX ISA, "Integer Arithmetic Instructions" and "Extended-Precision").</summary>
internal static class ArithmeticForms
{
    private const string Int = "u16|u32|u64|s16|s32|s64";
    private const string Carry = "u32|s32|b32|u64|s64|b64";

    public static readonly InstructionForm[] All =
    [
        new($"add.type={Int} d, a, b", IrOp.Add),
        new("add.sat.type=s32 d, a, b", IrOp.Add),
        new($"sub.type={Int} d, a, b", IrOp.Sub),
        new("sub.sat.type=s32 d, a, b", IrOp.Sub),
        new($"add.cc.type={Carry} d, a, b", IrOp.AddC),
        new($"addc{{.cc}}.type={Carry} d, a, b", IrOp.AddC, CarryIn),
        new($"sub.cc.type={Carry} d, a, b", IrOp.SubC),
        new($"subc{{.cc}}.type={Carry} d, a, b", IrOp.SubC, CarryIn),
        new($"mul.part=lo|hi.type={Int} d, a, b", IrOp.Mul),
        new("mul.wide.type=u16|u32|s16|s32 d:W, a, b", IrOp.Mul),
        new($"mad.part=lo|hi.type={Int} d, a, b, c", IrOp.Mad),
        new("mad.part=hi.sat.type=s32 d, a, b, c", IrOp.Mad),
        new("mad.wide.type=u16|u32|s16|s32 d:W, a, b, c:W", IrOp.Mad),
        new("mad.part=lo|hi.cc.type=u32|s32|u64|s64 d, a, b, c", IrOp.MadC),
        new("madc.part=lo|hi{.cc}.type=u32|s32|u64|s64 d, a, b, c", IrOp.MadC, CarryIn),
        new("mul24.part=lo|hi.type=u32|s32 d, a, b", IrOp.Mul24),
        new("mad24.part=lo|hi.type=u32|s32 d, a, b, c", IrOp.Mad24),
        new("mad24.part=hi.sat.type=s32 d, a, b, c", IrOp.Mad24),
        new($"sad.type={Int} d, a, b, c", IrOp.Sad),
        new($"div.type={Int} d, a, b", IrOp.Div),
        new($"rem.type={Int} d, a, b", IrOp.Rem),
        new("abs.type=s16|s32|s64 d, a", IrOp.Abs),
        new("neg.type=s16|s32|s64 d, a", IrOp.Neg),
        new($"min.type={Int} d, a, b", IrOp.Min),
        new($"max.type={Int} d, a, b", IrOp.Max),
        new("dp4a.type=u32|s32.dtype=u32|s32 d:T, a:T, b:U, c:T", IrOp.Dp4a),
        new("dp2a.part=lo|hi.type=u32|s32.dtype=u32|s32 d:T, a:T, b:U, c:T", IrOp.Dp2a),
    ];

    private static IrInstruction CarryIn(IrInstruction instruction) => instruction with { CarryIn = true };
}
