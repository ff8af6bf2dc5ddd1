using Weir.Kernels.Ir;

namespace Weir.Kernels.Codegen;

/// <summary>
/// Narrowing of floats with exactly one rounding. Where a value has to pass through a format in between it is rounded <em>to odd</em>
/// there: an inexact value gets an odd last bit, which tells the rounding after it on which side of everything the true value lies.
/// </summary>
internal sealed class NarrowEmitter(KernelContext context)
{
    private LaneBuilder B => context.B;

    /// <summary>float to the bits of f16 or bf16, to nearest even. A NaN stays one.</summary>
    public Value FromFloat(Value a, bool brain)
    {
        if (!brain)
        {
            return B.Cast("bitcast", B.Cast("fptrunc", a, "half"), "i16");
        }
        Value bits = B.Cast("bitcast", a, "i32");
        Value odd = B.Binary("and", B.Binary("lshr", bits, 16), 1);
        Value rounded = B.Binary("add", B.Binary("add", bits, 0x7fff), odd);
        Value isNan = B.CompareFloat("uno", a, a);
        rounded = B.Select(isNan, LaneBuilder.Int("i32", 0x7fff_0000), rounded);
        return B.Resize(B.Binary("lshr", rounded, 16), "i16", false);
    }

    /// <summary>double to the bits of f16 or bf16, to nearest even. A NaN stays one.</summary>
    public Value FromDouble(Value a, bool brain) => FromFloat(FloatToOdd(a), brain);

    /// <summary>double to float, rounded to odd.</summary>
    public Value FloatToOdd(Value a)
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
        return B.Cast("bitcast", B.Select(adjust, odd, bits), "float");
    }

    /// <summary>The sum of two doubles, rounded to odd.</summary>
    public Value SumToOdd(Value a, Value b)
    {
        Value sum = B.Binary("fadd", a, b);
        // What the sum lost, exactly (Knuth).
        Value part = B.Binary("fsub", sum, a);
        Value lost = B.Binary("fadd", B.Binary("fsub", a, B.Binary("fsub", sum, part)), B.Binary("fsub", b, part));
        Value bits = B.Cast("bitcast", sum, "i64");
        Value even = B.Compare("eq", B.Binary("and", bits, 1), 0);
        Value inexact = B.CompareFloat("one", lost, LaneBuilder.Float("double", 0));
        Value grows = B.Compare(
            "eq",
            B.Compare("slt", bits, 0),
            B.CompareFloat("olt", lost, LaneBuilder.Float("double", 0))
        );
        Value odd = B.Select(grows, B.Binary("or", bits, 1), B.Binary("sub", bits, 1));
        return B.Cast("bitcast", B.Select(B.Binary("and", inexact, even), odd, bits), "double");
    }

    /// <summary>
    /// A wider float to float or half, rounded towards zero or an infinity: the nearest, then a step back where it overshot.
    /// </summary>
    public Value Directed(Value a, string to, IrRounding rounding)
    {
        Value nearest =
            to == "half" && a.Type == "double" ? B.Cast("fptrunc", FloatToOdd(a), to) : B.Cast("fptrunc", a, to);
        string type = to == "half" ? "i16" : "i32";
        Value back = B.Cast("fpext", nearest, a.Type);
        Value bits = B.Cast("bitcast", nearest, type);
        Value larger = B.CompareFloat("ogt", back, a);
        Value smaller = B.CompareFloat("olt", back, a);
        Value zero = LaneBuilder.Float(a.Type, 0);
        Value positive = B.CompareFloat("ogt", a, zero);
        Value isZero = B.Compare("eq", B.Binary("shl", bits, 1), 0);
        long sign = to == "half" ? 0x8000 : 0x8000_0000;
        // One place down (towards minus infinity) or up in the order of floats.
        Value negativeBits = B.Compare("slt", bits, 0);
        Value down = B.Select(
            isZero,
            LaneBuilder.Int(type, sign | 1),
            B.Select(negativeBits, B.Binary("add", bits, 1), B.Binary("sub", bits, 1))
        );
        Value up = B.Select(
            isZero,
            LaneBuilder.Int(type, 1),
            B.Select(negativeBits, B.Binary("sub", bits, 1), B.Binary("add", bits, 1))
        );
        Value result = rounding switch
        {
            IrRounding.Rm => B.Select(larger, down, bits),
            IrRounding.Rp => B.Select(smaller, up, bits),
            _ => B.Select(positive, B.Select(larger, down, bits), B.Select(smaller, up, bits)),
        };
        // A step up from a negative subnormal ends at -0, which keeps its sign.
        Value fromNegative = B.Binary(
            "and",
            B.CompareFloat("olt", a, zero),
            B.Compare("eq", B.Binary("shl", result, 1), 0)
        );
        result = B.Select(fromNegative, LaneBuilder.Int(type, sign), result);
        return B.Cast("bitcast", result, to);
    }
}
