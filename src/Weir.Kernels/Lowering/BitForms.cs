using Weir.Kernels.Ir;

namespace Weir.Kernels.Lowering;

/// <summary>Logic, shifts and bit fields (PTX ISA, "Logic and Shift Instructions" and parts of the integer ones).</summary>
internal static class BitForms
{
    private const string Bits = "b16|b32|b64";

    public static readonly InstructionForm[] All =
    [
        new($"and.type=pred|{Bits} d, a, b", IrOp.And),
        new($"or.type=pred|{Bits} d, a, b", IrOp.Or),
        new($"xor.type=pred|{Bits} d, a, b", IrOp.Xor),
        new($"not.type=pred|{Bits} d, a", IrOp.Not),
        new($"cnot.type={Bits} d, a", IrOp.CNot),
        new($"shl.type={Bits} d, a, b:u32", IrOp.Shl),
        new($"shr.type={Bits}|u16|u32|u64|s16|s32|s64 d, a, b:u32", IrOp.Shr),
        new("shf.l.clamp.type=b32 d, a, b, c", IrOp.Shf, i => i with { Part = IrPart.Hi }),
        new("shf.l.wrap.type=b32 d, a, b, c", IrOp.Shf, i => i with { Part = IrPart.Hi }),
        new("shf.r.clamp.type=b32 d, a, b, c", IrOp.Shf, i => i with { Part = IrPart.Lo }),
        new("shf.r.wrap.type=b32 d, a, b, c", IrOp.Shf, i => i with { Part = IrPart.Lo }),
        new(
            "lop3.type=b32 d, a, b, c, #lut",
            IrOp.Lop3,
            Check: i => i.Sources[3].Bits > 255 ? "the table is no byte" : null
        ),
        new("popc.type=b32|b64 d:u32, a", IrOp.Popc),
        new("clz.type=b32|b64 d:u32, a", IrOp.Clz),
        new("bfind{.shiftamt}.type=u32|u64|s32|s64 d:u32, a", IrOp.Bfind),
        new("brev.type=b32|b64 d, a", IrOp.Brev),
        new("bfe.type=u32|u64|s32|s64 d, a, b:u32, c:u32", IrOp.Bfe),
        new("bfi.type=b32|b64 d, a, b, c:u32, e:u32", IrOp.Bfi),
        new("bmsk.clamp.type=b32 d, a, b", IrOp.Bmsk),
        new("bmsk.wrap.type=b32 d, a, b", IrOp.Bmsk),
        new("szext.clamp.type=u32|s32 d, a, b:u32", IrOp.Szext),
        new("szext.wrap.type=u32|s32 d, a, b:u32", IrOp.Szext),
        new("prmt.type=b32{.prmt=f4e|b4e|rc8|ecl|ecr|rc16} d, a, b, c", IrOp.Prmt),
    ];
}
