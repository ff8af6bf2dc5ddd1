using Weir.Kernels.Ir;

namespace Weir.Kernels.Codegen;

/// <summary>cvt (PTX ISA, "Data Movement and Conversion Instructions: cvt").</summary>
internal sealed class ConvertEmitter(
    KernelContext context,
    FloatEmitter floats,
    NarrowEmitter narrow,
    HalfEmitter halves
)
{
    // All integers beyond this become the same f16 anyway.
    private const long HalfRange = 1 << 20;

    private LaneBuilder B => context.B;

    private IrInstruction I => context.Instruction;

    /// <summary>Emits cvt.</summary>
    public void Convert()
    {
        if (IrTypes.IsPacked(I.DestType))
        {
            Value low = ToHalf(context.Source(1, "float"));
            context.Write(halves.Join(low, ToHalf(context.Source(0, "float"))));
            return;
        }
        if (I.DestType == IrType.BF16)
        {
            context.Write(ToHalf(context.Source(0, "float")));
            return;
        }
        if (I.Type == IrType.BF16)
        {
            Value bits = B.Resize(context.Source(0, "i16"), "i32", false);
            context.Write(B.Cast("bitcast", B.Binary("shl", bits, 16), "float"));
            return;
        }
        bool fromFloat = IrTypes.IsFloat(I.Type);
        bool toFloat = IrTypes.IsFloat(I.DestType);
        Value result = (fromFloat, toFloat) switch
        {
            (false, false) => IntegerToInteger(),
            (false, true) => IntegerToFloat(),
            (true, false) => FloatToInteger(),
            (true, true) => FloatToFloat(),
        };
        context.Write(result, IrTypes.IsSigned(I.DestType));
    }

    /// <summary>The bits of the f16 or bf16 nearest to a float, or next to it towards zero; NaN is the one that PTX names.</summary>
    private Value ToHalf(Value a)
    {
        bool brain = I.DestType is IrType.BF16 or IrType.BF16x2;
        Value bits =
            I.Rounding != IrRounding.Rz ? narrow.FromFloat(a, brain)
            : brain ? B.Resize(B.Binary("lshr", B.Cast("bitcast", a, "i32"), 16), "i16", false)
            : B.Cast("bitcast", narrow.Directed(a, "half", IrRounding.Rz), "i16");
        if (I.Relu)
        {
            bits = B.Select(B.Compare("slt", bits, 0), LaneBuilder.Int("i16", 0), bits);
        }
        return B.Select(B.CompareFloat("uno", a, a), LaneBuilder.Int("i16", 0x7fff), bits);
    }

    private static string FloatType(IrType type) =>
        type switch
        {
            IrType.F16 => "half",
            IrType.F32 => "float",
            _ => "double",
        };

    /// <summary>The source: registers may be wider than its type.</summary>
    private Value Source()
    {
        string type = IrTypes.IsFloat(I.Type) ? FloatType(I.Type) : "i" + IrTypes.Bits(I.Type);
        Value value = context.Source(0, type);
        return I.Ftz && type == "float" ? floats.Flush(value) : value;
    }

    private Value IntegerToInteger()
    {
        Value a = Source();
        int bits = IrTypes.Bits(I.DestType);
        bool signed = IrTypes.IsSigned(I.Type);
        if (I.Saturate)
        {
            a = ClampInteger(a, signed, bits);
        }
        return B.Resize(a, "i" + bits, signed);
    }

    private Value ClampInteger(Value a, bool signed, int bits)
    {
        bool destSigned = IrTypes.IsSigned(I.DestType);
        int from = IrTypes.Bits(I.Type);
        if (signed && !destSigned)
        {
            a = B.Intrinsic("smax", a, LaneBuilder.Int(a.Type, 0));
            return bits < from ? B.Intrinsic("smin", a, LaneBuilder.Int(a.Type, (long)((1UL << bits) - 1))) : a;
        }
        if (!signed)
        {
            int usable = destSigned ? bits - 1 : bits;
            return usable < from ? B.Intrinsic("umin", a, LaneBuilder.Int(a.Type, (long)((1UL << usable) - 1))) : a;
        }
        if (bits >= from)
        {
            return a;
        }
        a = B.Intrinsic("smax", a, LaneBuilder.Int(a.Type, -(1L << (bits - 1))));
        return B.Intrinsic("smin", a, LaneBuilder.Int(a.Type, (1L << (bits - 1)) - 1));
    }

    private Value IntegerToFloat()
    {
        if (I.Rounding is not (IrRounding.None or IrRounding.Rn))
        {
            return IntegerToFloatDirected();
        }
        Value a = Source();
        string type = FloatType(I.DestType);
        string op = IrTypes.IsSigned(I.Type) ? "sitofp" : "uitofp";
        Value result;
        if (type == "half")
        {
            result = B.Cast("bitcast", narrow.FromDouble(ExactInteger(), brain: false), "half");
        }
        else
        {
            result = B.Cast(op, a, type);
        }
        return I.Saturate ? floats.Clamp(result) : result;
    }

    /// <summary>The integer as a double that lies on the same side of every f16.</summary>
    private Value ExactInteger()
    {
        Value a = Source();
        bool signed = IrTypes.IsSigned(I.Type);
        if (a.Bits == 64)
        {
            a = B.Intrinsic(signed ? "smin" : "umin", a, LaneBuilder.Int("i64", HalfRange));
            a = signed ? B.Intrinsic("smax", a, LaneBuilder.Int("i64", -HalfRange)) : a;
        }
        return B.Cast(signed ? "sitofp" : "uitofp", a, "double");
    }

    private Value IntegerToFloatDirected()
    {
        string to = FloatType(I.DestType);
        if (to == "half")
        {
            return narrow.Directed(ExactInteger(), "half", I.Rounding);
        }
        bool signed = IrTypes.IsSigned(I.Type);
        Value a = B.Resize(Source(), "i64", signed);
        Value negative = signed ? B.Compare("slt", a, 0) : LaneBuilder.Int("i1", 0);
        Value size = B.Select(negative, B.Binary("sub", LaneBuilder.Int("i64", 0), a), a);
        // The leading one at bit 63; the bits that the format has no room for decide.
        int precision = to == "float" ? 24 : 53;
        int bias = to == "float" ? 127 : 1023;
        Value leading = B.IntrinsicFlag("ctlz", size, false);
        Value normal = B.Binary("shl", size, B.Intrinsic("umin", leading, LaneBuilder.Int("i64", 63)));
        Value kept = B.Binary("lshr", normal, 64 - precision);
        Value inexact = B.Compare("ne", B.Binary("shl", normal, precision), 0);
        Value away = I.Rounding switch
        {
            IrRounding.Rp => B.Not(negative),
            IrRounding.Rm => negative,
            _ => LaneBuilder.Int("i1", 0),
        };
        Value step = B.Resize(B.Binary("and", inexact, away), "i64", false);
        // A carry out of the fraction raises the exponent by itself.
        Value exponent = B.Binary("sub", LaneBuilder.Int("i64", 62 + bias), leading);
        Value bits = B.Binary("add", B.Binary("add", B.Binary("shl", exponent, precision - 1), kept), step);
        bits = B.Select(B.Compare("eq", size, 0), LaneBuilder.Int("i64", 0), bits);
        long sign = to == "float" ? 1L << 31 : long.MinValue;
        bits = B.Select(negative, B.Binary("or", bits, sign), bits);
        return B.Cast("bitcast", B.Resize(bits, to == "float" ? "i32" : "i64", false), to);
    }

    private Value FloatToInteger()
    {
        Value a = Source();
        if (a.Type == "half")
        {
            a = B.Cast("fpext", a, "float");
        }
        string rounding = I.Rounding switch
        {
            IrRounding.Rni or IrRounding.Rn => "roundeven",
            IrRounding.Rmi or IrRounding.Rm => "floor",
            IrRounding.Rpi or IrRounding.Rp => "ceil",
            IrRounding.Rzi or IrRounding.Rz or IrRounding.None => "trunc",
            _ => throw context.Unsupported($"rounding .{I.Rounding.ToString().ToLowerInvariant()}"),
        };
        // NaN gives 0, except that a conversion from f64 or to 64 bits gives only the top bit.
        int bits = IrTypes.Bits(I.DestType);
        bool signed = IrTypes.IsSigned(I.DestType);
        Value rounded = rounding == "trunc" ? a : B.Intrinsic(rounding, a);
        string type = "i" + bits;
        Value result = B.IntrinsicTo(signed ? "fptosi.sat" : "fptoui.sat", type, rounded);
        if (I.Type == IrType.F64 || bits == 64)
        {
            Value nan = B.CompareFloat("uno", a, a);
            result = B.Select(nan, LaneBuilder.Int(type, bits == 64 ? long.MinValue : 1L << (bits - 1)), result);
        }
        return result;
    }

    private Value FloatToFloat()
    {
        Value a = Source();
        string to = FloatType(I.DestType);
        int from = a.Bits;
        int bits = IrTypes.Bits(I.DestType);
        Value result;
        if (bits == from)
        {
            result = I.Rounding switch
            {
                IrRounding.Rni => B.Intrinsic("roundeven", a),
                IrRounding.Rzi => B.Intrinsic("trunc", a),
                IrRounding.Rmi => B.Intrinsic("floor", a),
                IrRounding.Rpi => B.Intrinsic("ceil", a),
                _ => a,
            };
        }
        else if (bits > from)
        {
            result = B.Cast("fpext", a, to);
        }
        else if (I.Rounding is not (IrRounding.None or IrRounding.Rn))
        {
            result = narrow.Directed(a, to, I.Rounding);
        }
        else if (to == "half" && a.Type == "double")
        {
            result = B.Cast("bitcast", narrow.FromDouble(a, brain: false), "half");
        }
        else
        {
            result = B.Cast("fptrunc", a, to);
        }
        if (I.Ftz && result.Type == "float")
        {
            result = floats.Flush(result);
        }
        if (I.Relu)
        {
            Value zero = LaneBuilder.Float(result.Type, 0);
            result = B.Select(B.CompareFloat("ole", result, zero), zero, result);
        }
        if (result.Type == "half")
        {
            result = floats.Canonical(result);
        }
        return I.Saturate ? floats.Clamp(result) : result;
    }
}
