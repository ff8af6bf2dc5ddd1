using Weir.Kernels.Ir;

namespace Weir.Kernels.Codegen;

/// <summary>Integer arithmetic (PTX ISA, "Integer Arithmetic Instructions" and "Extended-Precision").</summary>
internal sealed class IntegerEmitter(KernelContext context)
{
    private string? _carry;

    private LaneBuilder B => context.B;

    private IrInstruction I => context.Instruction;

    private string Type => "i" + IrTypes.Bits(I.Type);

    private bool Signed => IrTypes.IsSigned(I.Type);

    /// <summary>add, sub and their forms with carry.</summary>
    public void AddSub(bool subtract)
    {
        Value a = context.Source(0, Type);
        Value b = context.Source(1, Type);
        if (I.CarryIn || I.CarryOut || I.Op is IrOp.AddC or IrOp.SubC)
        {
            context.Write(WithCarry(a, b, subtract));
            return;
        }
        if (I.Saturate)
        {
            context.Write(B.Intrinsic(subtract ? "ssub.sat" : "sadd.sat", a, b));
            return;
        }
        context.Write(B.Binary(subtract ? "sub" : "add", a, b));
    }

    /// <summary>mul and mad.</summary>
    public void Multiply()
    {
        Value a = context.Source(0, Type);
        Value b = context.Source(1, Type);
        bool add = I.Op is IrOp.Mad or IrOp.MadC;
        if (I.Part == IrPart.Wide)
        {
            string wide = "i" + 2 * IrTypes.Bits(I.Type);
            Value product = B.Binary("mul", B.Resize(a, wide, Signed), B.Resize(b, wide, Signed));
            context.Write(add ? B.Binary("add", product, context.Source(2, wide)) : product, Signed);
            return;
        }
        Value result = I.Part == IrPart.Hi ? High(a, b) : B.Binary("mul", a, b);
        if (add)
        {
            Value c = context.Source(2, Type);
            result =
                I.CarryIn || I.CarryOut || I.Op == IrOp.MadC ? WithCarry(result, c, subtract: false)
                : I.Saturate ? B.Intrinsic("sadd.sat", result, c)
                : B.Binary("add", result, c);
        }
        context.Write(result, Signed);
    }

    /// <summary>mul24 and mad24: products of the low 24 bits.</summary>
    public void Multiply24()
    {
        Value Low24(Value value) =>
            Signed ? B.Binary("ashr", B.Binary("shl", value, 8), 8) : B.Binary("and", value, 0xffffff);
        Value a = B.Resize(Low24(context.Source(0, "i32")), "i64", Signed);
        Value b = B.Resize(Low24(context.Source(1, "i32")), "i64", Signed);
        Value product = B.Binary("mul", a, b);
        Value part = B.Resize(I.Part == IrPart.Hi ? B.Binary("lshr", product, 16) : product, "i32", false);
        if (I.Op == IrOp.Mad24)
        {
            Value c = context.Source(2, "i32");
            part = I.Saturate ? B.Intrinsic("sadd.sat", part, c) : B.Binary("add", part, c);
        }
        context.Write(part);
    }

    /// <summary>sad: c + |a - b|.</summary>
    public void SumOfDifference()
    {
        Value a = context.Source(0, Type);
        Value b = context.Source(1, Type);
        Value larger = B.Intrinsic(Signed ? "smax" : "umax", a, b);
        Value smaller = B.Intrinsic(Signed ? "smin" : "umin", a, b);
        context.Write(B.Binary("add", context.Source(2, Type), B.Binary("sub", larger, smaller)));
    }

    /// <summary>div and rem. A zero divisor gives all ones, and as remainder the dividend.</summary>
    public void Divide()
    {
        Value a = context.Source(0, Type);
        Value b = context.Source(1, Type);
        bool remainder = I.Op == IrOp.Rem;
        Value zero = B.Compare("eq", b, 0);
        if (a.IsVector || b.IsVector)
        {
            if (IrTypes.Bits(I.Type) <= 32)
            {
                Value quotient = DivideThroughDouble(a, B.Select(zero, LaneBuilder.Int(Type, 1), b));
                context.Write(
                    remainder
                        ? B.Select(zero, a, B.Binary("sub", a, B.Binary("mul", quotient, b)))
                        : B.Select(zero, LaneBuilder.Int(Type, -1), quotient)
                );
                return;
            }
        }
        Value unsafeDivisor = zero;
        if (Signed)
        {
            Value overflow = B.Binary(
                "and",
                B.Compare("eq", b, -1),
                B.Compare("eq", a, LaneBuilder.Int(Type, 1L << (IrTypes.Bits(I.Type) - 1)))
            );
            unsafeDivisor = B.Binary("or", zero, overflow);
        }
        Value divisor = B.Select(unsafeDivisor, LaneBuilder.Int(Type, 1), b);
        string op = (Signed ? "s" : "u") + (remainder ? "rem" : "div");
        Value result = B.Binary(op, a, divisor);
        context.Write(B.Select(zero, remainder ? a : LaneBuilder.Int(Type, -1), result));
    }

    /// <summary>abs and neg.</summary>
    public void Unary()
    {
        Value a = context.Source(0, Type);
        context.Write(
            I.Op == IrOp.Abs ? B.IntrinsicFlag("abs", a, false) : B.Binary("sub", LaneBuilder.Int(Type, 0), a)
        );
    }

    /// <summary>min and max.</summary>
    public void MinMax() =>
        context.Write(
            B.Intrinsic(
                (Signed ? "s" : "u") + (I.Op == IrOp.Min ? "min" : "max"),
                context.Source(0, Type),
                context.Source(1, Type)
            )
        );

    /// <summary>dp4a: four products of bytes and a sum. Type and DestType say how a and b are read.</summary>
    public void Dp4a()
    {
        Value a = context.Source(0, "i32");
        Value b = context.Source(1, "i32");
        Value sum = context.Source(2, "i32");
        bool signedA = Signed;
        bool signedB = IrTypes.IsSigned(I.DestType);
        for (int n = 0; n < 4; n++)
        {
            sum = B.Binary("add", sum, B.Binary("mul", Part(a, 8 * n, "i8", signedA), Part(b, 8 * n, "i8", signedB)));
        }
        context.Write(sum);
    }

    /// <summary>dp2a: two products of halves of a with bytes of b (the low or the high two), and a sum.</summary>
    public void Dp2a()
    {
        Value a = context.Source(0, "i32");
        Value b = context.Source(1, "i32");
        Value sum = context.Source(2, "i32");
        bool signedB = IrTypes.IsSigned(I.DestType);
        for (int n = 0; n < 2; n++)
        {
            Value half = Part(a, n * 16, "i16", Signed);
            Value small = Part(b, (I.Part == IrPart.Hi ? 16 : 0) + n * 8, "i8", signedB);
            sum = B.Binary("add", sum, B.Binary("mul", half, small));
        }
        context.Write(sum);
    }

    private Value Part(Value word, int shift, string type, bool signed) =>
        B.Resize(B.Resize(shift == 0 ? word : B.Binary("lshr", word, shift), type, false), "i32", signed);

    private Value High(Value a, Value b)
    {
        int bits = IrTypes.Bits(I.Type);
        string wide = "i" + 2 * bits;
        Value x = B.Cast(Signed ? "sext" : "zext", a, wide);
        Value y = B.Cast(Signed ? "sext" : "zext", b, wide);
        return B.Cast("trunc", B.Binary("lshr", B.Binary("mul", x, y), new Value(bits.ToString(), wide, false)), Type);
    }

    /// <summary>
    /// Quotients of 32-bit numbers are exact in double: a quotient that is no integer differs from the next one by
    /// more than rounding can bridge.
    /// </summary>
    private Value DivideThroughDouble(Value a, Value b)
    {
        string toFloat = Signed ? "sitofp" : "uitofp";
        Value quotient = B.Binary("fdiv", B.Cast(toFloat, a, "double"), B.Cast(toFloat, b, "double"));
        // -2^31 / -1 does not fit; going through 64 bits wraps it as the hardware does.
        return B.Resize(B.Cast("fptosi", quotient, "i64"), Type, false);
    }

    private Value WithCarry(Value a, Value b, bool subtract)
    {
        _carry ??= B.Alloca(B.VectorOf("i1"));
        bool reads = I.CarryIn;
        a = B.Splat(a);
        b = B.Splat(b);
        Value result = B.Binary(subtract ? "sub" : "add", a, b);
        Value carry = subtract ? B.Compare("ult", a, b) : B.Compare("ult", result, a);
        if (reads)
        {
            Value carried = B.Load("i1", true, _carry);
            Value one = B.Cast("zext", carried, Type);
            Value next = B.Binary(subtract ? "sub" : "add", result, one);
            Value again = subtract ? B.Compare("ult", result, one) : B.Compare("ult", next, result);
            carry = B.Binary("or", carry, again);
            result = next;
        }
        if (I.CarryOut)
        {
            B.Store(context.Active is { } lanes ? B.Select(lanes, carry, B.Load("i1", true, _carry)) : carry, _carry);
        }
        return result;
    }
}
