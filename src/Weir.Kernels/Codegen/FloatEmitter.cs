using Weir.Kernels.Ir;

namespace Weir.Kernels.Codegen;

/// <summary>f32 and f64 arithmetic with IEEE results (PTX ISA, "Floating Point Instructions").</summary>
internal sealed class FloatEmitter(KernelContext context)
{
    private readonly DirectedArithmetic _directed = new(context);

    private LaneBuilder B => context.B;

    private IrInstruction I => context.Instruction;

    private string Type => I.Type == IrType.F64 ? "double" : "float";

    /// <summary>add, sub, mul, div.</summary>
    public void Binary(string op) => Finish(Arithmetic(op, Source(0), Source(1)));

    /// <summary>fadd, fsub, fmul or fdiv, rounded as the operation says.</summary>
    public Value Arithmetic(string op, Value a, Value b) =>
        DirectedArithmetic.Is(I.Rounding) ? _directed.Apply(op[1..], I.Rounding, a, b) : B.Binary(op, a, b);

    /// <summary>The square root, rounded as the operation says.</summary>
    public Value SquareRoot(Value a) =>
        DirectedArithmetic.Is(I.Rounding) ? _directed.Apply("sqrt", I.Rounding, a) : B.Intrinsic("sqrt", a);

    /// <summary>fma and mad.</summary>
    public void Fused()
    {
        (Value a, Value b, Value c) = (Source(0), Source(1), Source(2));
        Finish(DirectedArithmetic.Is(I.Rounding) ? _directed.Fused(I.Rounding, a, b, c) : B.Intrinsic("fma", a, b, c));
    }

    /// <summary>abs and neg.</summary>
    public void Sign()
    {
        Value a = Source(0);
        Finish(I.Op == IrOp.Abs ? B.Intrinsic("fabs", a) : B.Assign($"fneg {B.Arg(a)}", a.Type, a.IsVector));
    }

    /// <summary>copysign: the magnitude of b with the sign of a.</summary>
    public void CopySign() => Finish(B.Intrinsic("copysign", Source(1), Source(0)));

    /// <summary>min and max: a NaN loses against a number unless .NaN says otherwise, and -0 is below +0.</summary>
    public void MinMax()
    {
        Value a = Source(0);
        Value b = Source(1);
        bool min = I.Op == IrOp.Min;
        string bits = Type == "float" ? "i32" : "i64";
        Value first = B.CompareFloat(min ? "olt" : "ogt", a, b);
        Value result = B.Select(first, a, b);
        Value ai = B.Cast("bitcast", a, bits);
        Value bi = B.Cast("bitcast", b, bits);
        Value same = B.Cast("bitcast", B.Binary(min ? "or" : "and", ai, bi), Type);
        result = B.Select(B.CompareFloat("oeq", a, b), same, result);
        if (I.Flag)
        {
            Finish(B.Select(B.CompareFloat("uno", a, b), CanonicalNan(Type), result));
            return;
        }
        result = B.Select(B.CompareFloat("uno", b, b), a, result);
        Finish(Canonical(result));
    }

    /// <summary>Source <paramref name="n"/>, flushed when the operation says so.</summary>
    public Value Source(int n)
    {
        Value value = context.Source(n, Type);
        return I.Ftz ? Flush(value) : value;
    }

    /// <summary>Writes a result after flushing and clamping as the operation says.</summary>
    public void Finish(Value result)
    {
        if (I.Ftz)
        {
            result = Flush(result);
        }
        context.Write(I.Saturate ? Clamp(result) : result);
    }

    /// <summary>Subnormal f32 values become zero of the same sign; f64 is never flushed.</summary>
    public Value Flush(Value value)
    {
        if (value.Type != "float")
        {
            return value;
        }
        Value small = B.CompareFloat(
            "olt",
            B.Intrinsic("fabs", value),
            LaneBuilder.Float("float", 1.17549435082228751e-38)
        );
        Value zero = B.Intrinsic("copysign", LaneBuilder.Float("float", 0), value);
        return B.Select(small, zero, value);
    }

    /// <summary>NaN becomes the one NaN that the hardware gives.</summary>
    public Value Canonical(Value value) =>
        B.Select(B.CompareFloat("uno", value, value), CanonicalNan(value.Type), value);

    /// <summary>.sat: clamps to [0, 1], NaN to +0.</summary>
    public Value Clamp(Value value)
    {
        Value zero = LaneBuilder.Float(value.Type, 0);
        Value one = LaneBuilder.Float(value.Type, 1);
        Value positive = B.Select(B.CompareFloat("ogt", value, zero), value, zero);
        return B.Select(B.CompareFloat("olt", positive, one), positive, one);
    }

    private static Value CanonicalNan(string type) =>
        type == "float" ? KernelContext.Constant(0x7fff_ffff, "float")
        : type == "half" ? KernelContext.Constant(0x7fff, "half")
        : KernelContext.Constant(0x7ff8_0000_0000_0000, "double");
}
