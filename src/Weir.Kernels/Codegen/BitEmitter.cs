using Weir.Kernels.Ir;

namespace Weir.Kernels.Codegen;

/// <summary>Logic, shifts and bit fields (PTX ISA, "Logic and Shift Instructions", bfe, bfi, popc, clz, prmt).</summary>
internal sealed class BitEmitter(KernelContext context)
{
    private LaneBuilder B => context.B;

    private IrInstruction I => context.Instruction;

    private int Width => IrTypes.Bits(I.Type);

    private string Type => "i" + Width;

    /// <summary>and, or, xor.</summary>
    public void Logic(string op) => context.Write(B.Binary(op, context.Source(0, Type), context.Source(1, Type)));

    /// <summary>not.</summary>
    public void Not() => context.Write(B.Binary("xor", context.Source(0, Type), -1));

    /// <summary>cnot: 1 where the operand is 0.</summary>
    public void LogicalNot() => context.Write(B.Resize(B.Compare("eq", context.Source(0, Type), 0), Type, false));

    /// <summary>shl and shr: amounts beyond the width are clamped to it.</summary>
    public void Shift()
    {
        Value a = context.Source(0, Type);
        Value amount = context.Source(1, "i32");
        bool arithmetic = I.Op == IrOp.Shr && IrTypes.IsSigned(I.Type);
        if (arithmetic)
        {
            Value clamped = B.Resize(B.Intrinsic("umin", amount, LaneBuilder.Int("i32", Width - 1)), Type, false);
            context.Write(B.Binary("ashr", a, clamped), signed: true);
            return;
        }
        context.Write(ShiftOut(I.Op == IrOp.Shl ? "shl" : "lshr", a, amount));
    }

    /// <summary>shf: a funnel of b:a shifted by c, clamped to 32 or modulo 32.</summary>
    public void Funnel()
    {
        Value low = context.Source(0, "i32");
        Value high = context.Source(1, "i32");
        Value amount = context.Source(2, "i32");
        bool left = I.Part == IrPart.Hi;
        if (I.Flag)
        {
            context.Write(B.Intrinsic(left ? "fshl" : "fshr", high, low, amount));
            return;
        }
        Value both = B.Binary("or", B.Binary("shl", B.Resize(high, "i64", false), 32), B.Resize(low, "i64", false));
        Value count = B.Resize(B.Intrinsic("umin", amount, LaneBuilder.Int("i32", 32)), "i64", false);
        Value shifted = left ? B.Binary("lshr", B.Binary("shl", both, count), 32) : B.Binary("lshr", both, count);
        context.Write(B.Resize(shifted, "i32", false));
    }

    /// <summary>lop3: any function of three bits, given by its table.</summary>
    public void Logic3()
    {
        if (I.Sources.Count < 4 || I.Sources[3].Kind != IrOperandKind.Immediate)
        {
            throw context.Unsupported("a table that is no constant");
        }
        int table = (int)(I.Sources[3].Bits & 0xff);
        Value a = context.Source(0, Type);
        Value b = context.Source(1, Type);
        Value c = context.Source(2, Type);
        // Bit (a<<2 | b<<1 | c) of the table is the result; split by a, then b.
        Value one = Two(table >> 4, b, c);
        Value zero = Two(table & 15, b, c);
        Value result = one == zero ? one : Choose(a, one, zero);
        context.Write(result);
    }

    /// <summary>popc.</summary>
    public void PopCount() => context.Write(B.Resize(B.Intrinsic("ctpop", context.Source(0, Type)), "i32", false));

    /// <summary>clz.</summary>
    public void LeadingZeros() =>
        context.Write(B.Resize(B.IntrinsicFlag("ctlz", context.Source(0, Type), false), "i32", false));

    /// <summary>brev.</summary>
    public void Reverse() => context.Write(B.Intrinsic("bitreverse", context.Source(0, Type)));

    /// <summary>bfind: position of the highest bit that differs from the sign; all ones when there is none.</summary>
    public void FindHighest()
    {
        Value a = context.Source(0, Type);
        if (IrTypes.IsSigned(I.Type))
        {
            a = B.Binary("xor", a, B.Binary("ashr", a, Width - 1));
        }
        Value leading = B.Resize(B.IntrinsicFlag("ctlz", a, false), "i32", false);
        Value place = I.Flag ? leading : B.Binary("sub", LaneBuilder.Int("i32", Width - 1), leading);
        context.Write(B.Select(B.Compare("eq", a, 0), LaneBuilder.Int("i32", -1), place));
    }

    /// <summary>bfe: extracts a field and extends it by its sign or by zero.</summary>
    public void Extract()
    {
        Value a = context.Source(0, Type);
        Value position = B.Binary("and", context.Source(1, "i32"), 255);
        Value length = B.Binary("and", context.Source(2, "i32"), 255);
        Value valid = B.Binary("and", LowBits(length), ShiftOut("lshr", LaneBuilder.Int(Type, -1), position));
        Value field = B.Binary("and", ShiftOut("lshr", a, position), valid);
        if (!IrTypes.IsSigned(I.Type))
        {
            context.Write(field);
            return;
        }
        Value end = B.Binary("sub", B.Binary("add", position, length), 1);
        Value signAt = B.Intrinsic("umin", end, LaneBuilder.Int("i32", Width - 1));
        Value sign = B.Binary("and", B.Binary("lshr", a, B.Resize(signAt, Type, false)), 1);
        Value set = B.Binary("and", B.Compare("ne", sign, 0), B.Compare("ne", length, 0));
        context.Write(B.Select(set, B.Binary("or", field, B.Binary("xor", valid, -1)), field), signed: true);
    }

    /// <summary>bfi: puts the low bits of a into b.</summary>
    public void Insert()
    {
        Value a = context.Source(0, Type);
        Value b = context.Source(1, Type);
        Value position = B.Binary("and", context.Source(2, "i32"), 255);
        Value length = B.Binary("and", context.Source(3, "i32"), 255);
        Value mask = ShiftOut("shl", LowBits(length), position);
        Value placed = B.Binary("and", ShiftOut("shl", a, position), mask);
        context.Write(B.Binary("or", B.Binary("and", b, B.Binary("xor", mask, -1)), placed));
    }

    /// <summary>bmsk: a run of ones, from bit a on, b long.</summary>
    public void Mask()
    {
        Value a = context.Source(0, "i32");
        Value b = context.Source(1, "i32");
        Value ones = LaneBuilder.Int("i32", -1);
        Value start = B.Binary("and", a, 31);
        Value end = B.Binary("add", start, B.Binary("and", b, 31));
        Value above = ShiftOut("shl", ones, end);
        Value from = B.Binary("shl", ones, start);
        if (!I.Flag)
        {
            Value zero = LaneBuilder.Int("i32", 0);
            Value beyond = B.Compare("ugt", a, 31);
            from = B.Select(beyond, zero, from);
            above = B.Select(B.Binary("or", beyond, B.Compare("ugt", b, 31)), zero, above);
        }
        context.Write(B.Binary("and", from, B.Binary("xor", above, -1)));
    }

    /// <summary>szext: the low b bits of a, extended by zero or by their sign.</summary>
    public void ExtendFrom()
    {
        Value a = context.Source(0, "i32");
        Value b = context.Source(1, "i32");
        Value length = B.Binary("and", b, 31);
        Value unused = B.Binary("sub", LaneBuilder.Int("i32", 32), length);
        Value count = B.Intrinsic("umin", unused, LaneBuilder.Int("i32", 31));
        Value placed = B.Binary("shl", a, count);
        Value field = B.Binary(IrTypes.IsSigned(I.Type) ? "ashr" : "lshr", placed, count);
        field = B.Select(B.Compare("eq", length, 0), LaneBuilder.Int("i32", 0), field);
        context.Write(I.Flag ? field : B.Select(B.Compare("ugt", b, 31), a, field));
    }

    /// <summary>prmt: picks bytes out of b:a.</summary>
    public void Permute()
    {
        Value low = context.Source(0, "i32");
        Value high = context.Source(1, "i32");
        Value c = context.Source(2, "i32");
        Value both = B.Binary("or", B.Binary("shl", B.Resize(high, "i64", false), 32), B.Resize(low, "i64", false));
        Value result = LaneBuilder.Int("i32", 0);
        for (int n = 0; n < 4; n++)
        {
            Value selector = Selector(c, n);
            Value shift = B.Resize(B.Binary("shl", B.Binary("and", selector, 7), 3), "i64", false);
            Value picked = B.Binary("and", B.Resize(B.Binary("lshr", both, shift), "i32", false), 255);
            if (I.PrmtMode == IrPrmt.None)
            {
                Value sign = B.Binary("ashr", B.Binary("shl", picked, 24), 31);
                Value replicate = B.Compare("ne", B.Binary("and", selector, 8), 0);
                picked = B.Select(replicate, B.Binary("and", sign, 255), picked);
            }
            result = B.Binary("or", result, B.Binary("shl", picked, 8 * n));
        }
        context.Write(result);
    }

    private Value Selector(Value c, int n)
    {
        Value mode = B.Binary("and", c, 3);
        return I.PrmtMode switch
        {
            IrPrmt.None => B.Binary("and", B.Binary("lshr", c, 4 * n), 15),
            IrPrmt.F4e => B.Binary("add", mode, n),
            IrPrmt.B4e => B.Binary("and", B.Binary("sub", mode, n), 7),
            IrPrmt.Rc8 => mode,
            IrPrmt.Ecl => B.Intrinsic("umax", mode, LaneBuilder.Int("i32", n)),
            IrPrmt.Ecr => B.Intrinsic("umin", mode, LaneBuilder.Int("i32", n)),
            _ => B.Binary("add", B.Binary("shl", B.Binary("and", c, 1), 1), n & 1),
        };
    }

    /// <summary>The low <paramref name="length"/> bits set; all when it is the width or more.</summary>
    private Value LowBits(Value length) => B.Binary("xor", ShiftOut("shl", LaneBuilder.Int(Type, -1), length), -1);

    /// <summary>A shift whose result is 0 when the amount (i32) reaches the width.</summary>
    private Value ShiftOut(string op, Value a, Value amount)
    {
        if (amount.Text[0] != '%' && !amount.IsVector)
        {
            ulong count = (uint)int.Parse(amount.Text, System.Globalization.CultureInfo.InvariantCulture);
            return count >= (ulong)Width ? LaneBuilder.Int(Type, 0) : B.Binary(op, a, (long)count);
        }
        Value beyond = B.Compare("ugt", amount, Width - 1);
        Value within = B.Resize(B.Intrinsic("umin", amount, LaneBuilder.Int("i32", Width - 1)), Type, false);
        return B.Select(beyond, LaneBuilder.Int(Type, 0), B.Binary(op, a, within));
    }

    private Value Choose(Value selector, Value one, Value zero) =>
        B.Binary("or", B.Binary("and", one, selector), B.Binary("and", zero, B.Binary("xor", selector, -1)));

    private Value Two(int table, Value b, Value c)
    {
        Value one = One(table >> 2, c);
        Value zero = One(table & 3, c);
        return one == zero ? one : Choose(b, one, zero);
    }

    private Value One(int table, Value c) =>
        table switch
        {
            0 => LaneBuilder.Int(Type, 0),
            1 => B.Binary("xor", c, -1),
            2 => c,
            _ => LaneBuilder.Int(Type, -1),
        };
}
