using System.Numerics;
using Weir.Kernels.Analysis;
using Weir.Kernels.Ir;

namespace Weir.Kernels.Codegen;

/// <summary>
/// Operations that the analysis found to keep lanes a fixed stride apart: they are done once, on the base. Follows
/// <see cref="ShapeRules"/> case by case.
/// </summary>
internal sealed class AffineEmitter(KernelContext context)
{
    private LaneBuilder B => context.B;

    private IrInstruction I => context.Instruction;

    private string Type => "i" + IrTypes.Bits(I.Type);

    /// <summary>True when the operation is one of those, with an operand or a result of which only the base is kept.</summary>
    public bool Applies()
    {
        if (I.Dests.Count != 1 || !I.Dests[0].IsRegister || I.Op is IrOp.Ld)
        {
            return false;
        }
        if (context.WritesAffine)
        {
            return true;
        }
        bool uniformResult = context.Registers.ShapeOf(I.Dests[0].Index).IsUniform;
        return uniformResult
            && I.Op is not (IrOp.Vote or IrOp.Redux)
            && I.Sources.Any(source => context.ShapeOf(source).IsAffine);
    }

    /// <summary>Emits the operation.</summary>
    public void Emit()
    {
        AffineValue result = Compute();
        if (context.WritesAffine)
        {
            context.WriteAffine(result);
            return;
        }
        if (result.Stride != 0)
        {
            throw new InvalidOperationException($"{I.Op} gives different lanes where the analysis promised one value.");
        }
        context.Write(result.Base, IrTypes.IsSigned(I.Type));
    }

    private AffineValue Source(int n, string type) => context.ReadAffine(I.Sources[n], type);

    private ulong? Constant(int n) => I.Sources[n].Kind == IrOperandKind.Immediate ? I.Sources[n].Bits : null;

    private AffineValue Compute()
    {
        switch (I.Op)
        {
            case IrOp.Mov:
                return Source(0, Type);
            case IrOp.Cvta:
                return Moved(Source(0, "i64"), AddressSpaces.Base(context, I.Space), I.Flag);
            case IrOp.Add:
                return Sum(Source(0, Type), Source(1, Type), false);
            case IrOp.Sub:
                return Sum(Source(0, Type), Source(1, Type), true);
            case IrOp.Neg:
                return Sum(new AffineValue(LaneBuilder.Int(Type, 0), 0, null, null), Source(0, Type), true);
            case IrOp.Mul:
                return Product();
            case IrOp.Mad:
                return Sum(Product(), Source(2, I.Part == IrPart.Wide ? "i64" : Type), false);
            case IrOp.Shl:
                return Scale(Source(0, Type), 1L << (int)Constant(1)!.Value);
            case IrOp.Shr:
                return new AffineValue(B.Binary("lshr", Source(0, Type).Base, (long)Constant(1)!.Value), 0, null, null);
            case IrOp.And:
                AffineValue value = Source(0, Type);
                ulong mask = Constant(1)!.Value & (Type == "i64" ? ulong.MaxValue : uint.MaxValue);
                bool lowBits = BitOperations.IsPow2(mask + 1);
                return new AffineValue(B.Binary("and", value.Base, (long)mask), lowBits ? value.Stride : 0, null, null);
            case IrOp.Or:
                return Sum(Source(0, Type), Source(1, Type), false);
            case IrOp.Cvt:
                return Convert(
                    Source(0, Type),
                    IrTypes.Bits(I.Type),
                    IrTypes.Bits(I.DestType),
                    context.ShapeOf(I.Sources[0])
                );
            default:
                throw new InvalidOperationException($"{I.Op} is not done on bases.");
        }
    }

    private AffineValue Product()
    {
        int variable = Constant(1) is null && Constant(0) is not null ? 1 : 0;
        ulong? constant = Constant(1 - variable);
        AffineValue a = Source(variable, Type);
        if (constant is not { } factor)
        {
            // Two uniform factors; the sum with something affine is what made this one.
            Value x = a.Base;
            Value y = Source(1, Type).Base;
            if (I.Part == IrPart.Wide)
            {
                bool signed = IrTypes.IsSigned(I.Type);
                x = B.Resize(x, "i64", signed);
                y = B.Resize(y, "i64", signed);
            }
            return new AffineValue(B.Binary("mul", x, y), 0, null, null);
        }
        if (I.Part != IrPart.Wide)
        {
            return Scale(a, Type == "i32" ? (int)(uint)factor : (long)factor);
        }
        AffineValue wide = Convert(a, 32, 64, context.ShapeOf(I.Sources[variable]));
        return Scale(wide, IrTypes.IsSigned(I.Type) ? (int)(uint)factor : (long)(uint)factor);
    }

    private AffineValue Scale(AffineValue a, long factor)
    {
        Value start = B.Binary("mul", a.Base, factor);
        long stride = a.Stride * factor;
        return new AffineValue(
            start,
            start.Type == "i32" ? (int)stride : stride,
            a.BreakLane,
            a.Delta is { } delta ? B.Binary("mul", delta, factor) : null
        );
    }

    private AffineValue Sum(AffineValue a, AffineValue b, bool subtract)
    {
        string op = subtract ? "sub" : "add";
        long stride = subtract ? a.Stride - b.Stride : a.Stride + b.Stride;
        Value start = B.Binary(op, a.Base, b.Base);
        Value? delta =
            a.Delta
            ?? (
                b.Delta is not { } other ? null
                : subtract ? B.Binary("sub", LaneBuilder.Int("i64", 0), other)
                : other
            );
        return new AffineValue(start, start.Type == "i32" ? (int)stride : stride, a.BreakLane ?? b.BreakLane, delta);
    }

    private AffineValue Moved(AffineValue a, Value origin, bool to) =>
        a with
        {
            Base = B.Binary(to ? "sub" : "add", a.Base, origin),
        };

    /// <summary>
    /// Widening keeps the stride unless a lane passed the end of the 32-bit range; from that lane on, 2^32 is missing
    /// or too much.
    /// </summary>
    private AffineValue Convert(AffineValue a, int from, int to, Shape shape)
    {
        if (to < from)
        {
            return new AffineValue(B.Resize(a.Base, "i32", false), (int)a.Stride, null, null);
        }
        if (to == from)
        {
            return a;
        }
        bool signed = IrTypes.IsSigned(I.Type);
        Value wide = B.Resize(a.Base, "i64", signed);
        if (a.Stride == 0 || shape.RangeLog2 <= 31)
        {
            return new AffineValue(wide, a.Stride, null, null);
        }
        bool up = a.Stride > 0;
        long last =
            signed ? (up ? int.MaxValue : int.MinValue)
            : up ? uint.MaxValue
            : 0;
        Value limit = LaneBuilder.Int("i64", last);
        Value room = up ? B.Binary("sub", limit, wide) : B.Binary("sub", wide, limit);
        Value fitting = B.Binary("add", B.Binary("udiv", room, Math.Abs(a.Stride)), 1);
        Value lane = B.Resize(B.Intrinsic("umin", fitting, LaneBuilder.Int("i64", context.Model.Lanes)), "i32", false);
        return new AffineValue(wide, a.Stride, lane, LaneBuilder.Int("i64", up ? -(1L << 32) : 1L << 32));
    }
}
