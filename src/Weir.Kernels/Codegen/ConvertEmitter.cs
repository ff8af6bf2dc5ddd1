using Weir.Kernels.Ir;

namespace Weir.Kernels.Codegen;

/// <summary>cvt (PTX ISA, "Data Movement and Conversion Instructions: cvt").</summary>
internal sealed class ConvertEmitter(KernelContext context, FloatEmitter floats)
{
    private LaneBuilder B => context.B;

    private IrInstruction I => context.Instruction;

    /// <summary>Emits cvt.</summary>
    public void Convert()
    {
        if (I.Type == IrType.F16x2 || I.DestType == IrType.F16x2)
        {
            throw context.Unsupported("f16x2");
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
            if (IrTypes.Bits(I.Type) == 64)
            {
                throw context.Unsupported("64-bit integer to f16");
            }
            // A 32-bit integer is exact in double, so there is one rounding.
            result = NarrowToHalf(B.Cast(op, a, "double"));
        }
        else
        {
            result = B.Cast(op, a, type);
        }
        return I.Saturate ? floats.Clamp(result) : result;
    }

    private Value IntegerToFloatDirected()
    {
        string to = FloatType(I.DestType);
        if (to == "half")
        {
            throw context.Unsupported($"rounding .{I.Rounding.ToString().ToLowerInvariant()} to f16");
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
        else if (I.Rounding is IrRounding.None or IrRounding.Rn)
        {
            result = to == "half" ? NarrowToHalf(a) : B.Cast("fptrunc", a, to);
        }
        else if (to == "float")
        {
            result = NarrowDirected(a);
        }
        else
        {
            throw context.Unsupported($"rounding .{I.Rounding.ToString().ToLowerInvariant()} to f16");
        }
        if (I.Ftz && result.Type == "float")
        {
            result = floats.Flush(result);
        }
        return I.Saturate ? floats.Clamp(result) : result;
    }

    /// <summary>
    /// double to half with one rounding: through a float that is rounded to odd, whose extra bits keep what the second
    /// rounding must know. From float the hardware rounds once by itself.
    /// </summary>
    private Value NarrowToHalf(Value a)
    {
        if (a.Type == "double")
        {
            Value nearest = B.Cast("fptrunc", a, "float");
            Value back = B.Cast("fpext", nearest, "double");
            Value bits = B.Cast("bitcast", nearest, "i32");
            Value inexact = B.CompareFloat("one", back, a);
            Value even = B.Compare("eq", B.Binary("and", bits, 1), 0);
            // Step towards the true value when rounding had gone away from it, so that the low bit is odd.
            Value away = B.CompareFloat("ogt", B.Intrinsic("fabs", back), B.Intrinsic("fabs", a));
            Value odd = B.Select(away, B.Binary("sub", bits, 1), B.Binary("or", bits, 1));
            Value adjust = B.Binary("and", inexact, even);
            a = B.Cast("bitcast", B.Select(adjust, odd, bits), "float");
        }
        return B.Cast("fptrunc", a, "half");
    }

    /// <summary>double to float, rounded towards zero or an infinity: the nearest, then a step back where it overshot.</summary>
    private Value NarrowDirected(Value a)
    {
        Value nearest = B.Cast("fptrunc", a, "float");
        Value back = B.Cast("fpext", nearest, "double");
        Value bits = B.Cast("bitcast", nearest, "i32");
        Value larger = B.CompareFloat("ogt", back, a);
        Value smaller = B.CompareFloat("olt", back, a);
        Value zero = LaneBuilder.Float("double", 0);
        Value positive = B.CompareFloat("ogt", a, zero);
        Value isZero = B.Compare("eq", B.Binary("shl", bits, 1), 0);
        Value signBit = LaneBuilder.Int("i32", int.MinValue);
        // One place down (towards minus infinity) or up in the order of floats.
        Value negativeBits = B.Compare("slt", bits, 0);
        Value down = B.Select(
            isZero,
            LaneBuilder.Int("i32", unchecked((int)0x8000_0001)),
            B.Select(negativeBits, B.Binary("add", bits, 1), B.Binary("sub", bits, 1))
        );
        Value up = B.Select(
            isZero,
            LaneBuilder.Int("i32", 1),
            B.Select(negativeBits, B.Binary("sub", bits, 1), B.Binary("add", bits, 1))
        );
        Value result = I.Rounding switch
        {
            IrRounding.Rm => B.Select(larger, down, bits),
            IrRounding.Rp => B.Select(smaller, up, bits),
            IrRounding.Rz => B.Select(positive, B.Select(larger, down, bits), B.Select(smaller, up, bits)),
            _ => throw context.Unsupported($"rounding .{I.Rounding.ToString().ToLowerInvariant()}"),
        };
        // A step up from a negative subnormal ends at -0, which keeps its sign.
        Value fromNegative = B.Binary(
            "and",
            B.CompareFloat("olt", a, zero),
            B.Compare("eq", B.Binary("shl", result, 1), 0)
        );
        result = B.Select(fromNegative, signBit, result);
        return B.Cast("bitcast", result, "float");
    }
}
