using System.Numerics;
using Weir.Kernels.Ir;

namespace Weir.Kernels.Analysis;

/// <summary>
/// The shape of an operation's result from the shapes of its operands. The code generator follows the same table: it
/// computes with bases exactly where this says Affine, with one scalar where it says Uniform.
/// </summary>
internal static class ShapeRules
{
    /// <summary>Shape of what the operation writes; Unknown when an operand is not known yet.</summary>
    /// <param name="instruction">The operation.</param>
    /// <param name="model">The dealing of threads to lanes.</param>
    /// <param name="symbols">Variables named by operands.</param>
    /// <param name="registers">Shapes of registers by number.</param>
    public static Shape Result(
        IrInstruction instruction,
        LaneModel model,
        IReadOnlyList<IrSymbol> symbols,
        Shape[] registers
    )
    {
        bool uniform = true;
        foreach (IrOperand source in instruction.Sources)
        {
            Shape shape = Of(source, model, symbols, registers);
            if (shape.Kind == ShapeKind.Unknown)
            {
                return default;
            }
            uniform &= shape.IsUniform;
        }
        Shape address = Of(instruction.Address, model, symbols, registers);
        if (address.Kind == ShapeKind.Unknown)
        {
            return default;
        }
        if (instruction.Guard.IsRegister)
        {
            Shape guard = registers[instruction.Guard.Index];
            if (guard.Kind == ShapeKind.Unknown)
            {
                return default;
            }
            if (!guard.IsUniform)
            {
                return Shape.Varying;
            }
        }
        uniform &= address.IsUniform;
        if (model.IsBlock && DependsOnWarp(instruction))
        {
            return Shape.Varying;
        }
        switch (instruction.Op)
        {
            case IrOp.System or IrOp.Mma or IrOp.Atom or IrOp.Shfl or IrOp.Elect or IrOp.Match or IrOp.Tex or IrOp.Suld:
                return Shape.Varying;
            case IrOp.Ld:
                // Local memory is each lane's own.
                return uniform && instruction.Space is not (IrSpace.Local or IrSpace.Generic)
                    ? Shape.Uniform
                    : Shape.Varying;
            case IrOp.Vote or IrOp.Redux:
                return instruction.Sources.Count < 2 || Of(instruction.Sources[^1], model, symbols, registers).IsUniform
                    ? Shape.Uniform
                    : Shape.Varying;
        }
        if (instruction.CarryIn || instruction.CarryOut)
        {
            return Shape.Varying;
        }
        return Affine(instruction, model, symbols, registers) ?? (uniform ? Shape.Uniform : Shape.Varying);
    }

    /// <summary>True for what is the same in a warp, but may differ from warp to warp or from moment to moment.</summary>
    private static bool DependsOnWarp(IrInstruction i) =>
        i.Op is IrOp.Vote or IrOp.Redux or IrOp.ActiveMask
        || (i.Op == IrOp.Ld && i.Space is not (IrSpace.Param or IrSpace.Const));

    /// <summary>Shape of an operand.</summary>
    public static Shape Of(IrOperand operand, LaneModel model, IReadOnlyList<IrSymbol> symbols, Shape[] registers) =>
        operand.Kind switch
        {
            IrOperandKind.Register => registers[operand.Index],
            IrOperandKind.Special => model.ShapeOf((IrSpecial)operand.Index),
            IrOperandKind.Immediate => Shape.Affine(
                0,
                false,
                BitOperations.TrailingZeroCount(operand.Bits | 1UL << 63),
                operand.Bits == 0 ? 0 : BitOperations.Log2(operand.Bits) + 1
            ),
            IrOperandKind.Symbol => symbols[operand.Index]
                is { Space: IrSpace.Shared or IrSpace.Local or IrSpace.Param } symbol
                ? new Shape(
                    ShapeKind.Uniform,
                    0,
                    false,
                    BitOperations.TrailingZeroCount(((ulong)symbol.Offset + operand.Bits) | 1UL << 63)
                )
                : Shape.Uniform,
            _ => Shape.Uniform,
        };

    /// <summary>True when integer operations at this type may be done on bases: 32 and 64 bits.</summary>
    public static bool IsAffineType(IrType type) =>
        type is IrType.B32 or IrType.U32 or IrType.S32 or IrType.B64 or IrType.U64 or IrType.S64;

    /// <summary>True when <c>or</c> of these shapes has no bit in common, so that it adds: one is a multiple of what the other stays below.</summary>
    public static bool OrAdds(Shape high, Shape low) =>
        !high.IsVarying
        && !low.IsVarying
        && !high.Breaks
        && !low.Breaks
        && low.RangeLog2 <= Math.Min(high.AlignLog2, high.IsAffine ? BitOperations.TrailingZeroCount(high.Stride) : 63);

    /// <summary>
    /// True when shifting right, or masking, by a power of two does not mix lanes with the base: all lane offsets stay
    /// below the base's alignment.
    /// </summary>
    public static bool LanesStayBelow(Shape value, int lanes, int log2) =>
        value.IsAffine
        && !value.Breaks
        && value.Stride > 0
        && value.Stride <= 1 << 20
        && value.AlignLog2 >= BitOperations.Log2((ulong)(value.Stride * (lanes - 1))) + 1
        && log2 >= BitOperations.Log2((ulong)(value.Stride * (lanes - 1))) + 1;

    private static Shape? Affine(IrInstruction i, LaneModel model, IReadOnlyList<IrSymbol> symbols, Shape[] registers)
    {
        Shape S(int n) => Of(i.Sources[n], model, symbols, registers);
        ulong? Constant(int n) => i.Sources[n].Kind == IrOperandKind.Immediate ? i.Sources[n].Bits : null;

        if (!IsAffineType(i.Type) || i.Saturate)
        {
            return null;
        }
        switch (i.Op)
        {
            case IrOp.Mov or IrOp.Cvta:
                Shape moved = S(0);
                return i.Op == IrOp.Cvta ? Add(moved, Shape.Uniform, false)
                    : moved.IsVarying ? null
                    : moved;
            case IrOp.Add:
                return Add(S(0), S(1), false);
            case IrOp.Sub:
                return Add(S(0), S(1), true);
            case IrOp.Neg:
                return Add(new Shape(ShapeKind.Uniform, 0, false, 63), S(0), true);
            case IrOp.Mul or IrOp.Mad when i.Part is IrPart.Lo or IrPart.Wide or IrPart.None:
                Shape? product = Product(i, S(0), Constant(0), S(1), Constant(1));
                return i.Op == IrOp.Mul || product is null ? product : Add(product.Value, S(2), false);
            case IrOp.Shl when Constant(1) is { } count && count < (ulong)IrTypes.Bits(i.Type):
                return Scale(S(0), 1L << (int)count, IrTypes.Bits(i.Type));
            case IrOp.Shr
                when Constant(1) is { } count
                    && LanesStayBelow(S(0), model.Lanes, (int)Math.Min(count, 63))
                    && count < 32:
                return new Shape(ShapeKind.Uniform, 0, false, Math.Max(0, S(0).AlignLog2 - (int)count));
            case IrOp.And when Constant(1) is { } mask:
                return Mask(S(0), mask, IrTypes.Bits(i.Type), model.Lanes);
            case IrOp.Or when OrAdds(S(0), S(1)) || OrAdds(S(1), S(0)):
                return Add(S(0), S(1), false);
            case IrOp.Cvt when IsAffineType(i.DestType):
                return Convert(S(0), IrTypes.Bits(i.Type), IrTypes.Bits(i.DestType));
            default:
                return null;
        }
    }

    private static Shape? Add(Shape a, Shape b, bool subtract)
    {
        if (a.IsVarying || b.IsVarying || (a.Breaks && b.Breaks))
        {
            return null;
        }
        return Shape.Affine(
            subtract ? a.Stride - b.Stride : a.Stride + b.Stride,
            a.Breaks || b.Breaks,
            Math.Min(a.AlignLog2, b.AlignLog2),
            subtract ? Shape.AnyRange : Math.Max(a.RangeLog2, b.RangeLog2) + 1
        );
    }

    private static Shape? Product(IrInstruction i, Shape a, ulong? constantA, Shape b, ulong? constantB)
    {
        int bits = IrTypes.Bits(i.Type);
        if (constantA is { } && constantB is null)
        {
            (a, b, constantB) = (b, a, constantA);
        }
        if (constantB is not { } factor)
        {
            return a.IsUniform && b.IsUniform
                ? new Shape(ShapeKind.Uniform, 0, false, Math.Min(63, a.AlignLog2 + b.AlignLog2))
                : null;
        }
        long signed = Signed(factor, bits);
        if (i.Part != IrPart.Wide)
        {
            return Scale(a, signed, bits);
        }
        if (bits != 32)
        {
            return null;
        }
        long wide = i.Type == IrType.S32 ? signed : (long)(factor & uint.MaxValue);
        return Convert(a, 32, 64) is { } extended ? Scale(extended, wide, 64) : null;
    }

    private static Shape? Scale(Shape a, long factor, int bits)
    {
        if (a.IsVarying)
        {
            return null;
        }
        int align = a.AlignLog2 + BitOperations.TrailingZeroCount(factor);
        int range = factor > 0 ? a.RangeLog2 + BitOperations.Log2((ulong)factor) + 1 : Shape.AnyRange;
        return Shape.Affine(Wrap(a.Stride * factor, bits), a.Breaks, align, range);
    }

    private static Shape? Mask(Shape value, ulong mask, int bits, int lanes)
    {
        if (!value.IsAffine)
        {
            return null;
        }
        ulong all = bits == 64 ? ulong.MaxValue : (1UL << bits) - 1;
        mask &= all;
        if (BitOperations.IsPow2(mask + 1) && mask != 0 && LanesStayBelow(value, lanes, BitOperations.Log2(mask) + 1))
        {
            return value;
        }
        ulong low = ~mask & all;
        if (low != 0 && BitOperations.IsPow2(low + 1) && LanesStayBelow(value, lanes, BitOperations.Log2(low) + 1))
        {
            return new Shape(ShapeKind.Uniform, 0, false, BitOperations.Log2(low) + 1);
        }
        return null;
    }

    private static Shape? Convert(Shape a, int from, int to)
    {
        if (a.IsVarying)
        {
            return null;
        }
        if (a.IsUniform)
        {
            return new Shape(ShapeKind.Uniform, 0, false, from == to ? a.AlignLog2 : Math.Min(a.AlignLog2, 31));
        }
        if (from == to)
        {
            return a;
        }
        if (to > from && a.RangeLog2 <= 31)
        {
            // No lane can have wrapped: the value fits with room to spare.
            return a;
        }
        if (to > from && Math.Abs(a.Stride) > 1 << 20)
        {
            // Could wrap more than once within a warp.
            return null;
        }
        // Narrowing drops a break: what it adds is a multiple of 2^32.
        return to < from
            ? Shape.Affine(Wrap(a.Stride, 32), false, Math.Min(a.AlignLog2, 32))
            : Shape.Affine(a.Stride, true, Math.Min(a.AlignLog2, 31));
    }

    private static long Signed(ulong value, int bits) => bits == 32 ? (int)(uint)value : (long)value;

    private static long Wrap(long value, int bits) => bits == 32 ? (int)value : value;
}
