using Weir.Kernels.Ir;

namespace Weir.Kernels.Codegen;

/// <summary>
/// Arithmetic and comparison of f16 and bf16, one or two in a register (PTX ISA, "Half Precision Floating Point Instructions").
/// Computed in a wider format in which nothing is lost that the one rounding at the end must know.
/// </summary>
internal sealed class HalfEmitter(KernelContext context, MathEmitter math, NarrowEmitter narrow)
{
    private const int Nan = 0x7fff;
    private const int Sign = 0x8000;

    private LaneBuilder B => context.B;

    private IrInstruction I => context.Instruction;

    private bool IsBrain => I.Type is IrType.BF16 or IrType.BF16x2;

    private bool IsPacked => IrTypes.IsPacked(I.Type);

    /// <summary>True for operations that this class does.</summary>
    public static bool Applies(IrInstruction i) =>
        IrTypes.IsHalf(i.Type)
        && i.Op
            is IrOp.Add
                or IrOp.Sub
                or IrOp.Mul
                or IrOp.Fma
                or IrOp.Abs
                or IrOp.Neg
                or IrOp.Min
                or IrOp.Max
                or IrOp.Ex2
                or IrOp.Tanh;

    /// <summary>Emits the operation.</summary>
    public void Emit()
    {
        Value[] sources = new Value[I.Sources.Count];
        for (int n = 0; n < sources.Length; n++)
        {
            sources[n] = context.Source(n, IsPacked ? "i32" : "i16");
        }
        if (!IsPacked)
        {
            context.Write(Compute(sources));
            return;
        }
        Value low = Compute(Array.ConvertAll(sources, Low));
        Value high = Compute(Array.ConvertAll(sources, High));
        context.Write(Join(low, high));
    }

    /// <summary>
    /// The comparison of sources 0 and 1 as floats: once, or for the low and the high values of packed ones.
    /// </summary>
    public Value[] Compared(string predicate)
    {
        if (!IsPacked)
        {
            return [B.CompareFloat(predicate, Wide(context.Source(0, "i16")), Wide(context.Source(1, "i16")))];
        }
        Value a = context.Source(0, "i32");
        Value b = context.Source(1, "i32");
        return
        [
            B.CompareFloat(predicate, Wide(Low(a)), Wide(Low(b))),
            B.CompareFloat(predicate, Wide(High(a)), Wide(High(b))),
        ];
    }

    /// <summary>Two 16-bit values in one register.</summary>
    public Value Join(Value low, Value high) =>
        B.Binary("or", B.Resize(low, "i32", false), B.Binary("shl", B.Resize(high, "i32", false), 16));

    private Value Low(Value pair) => B.Resize(pair, "i16", false);

    private Value High(Value pair) => B.Resize(B.Binary("lshr", pair, 16), "i16", false);

    private Value Compute(Value[] v)
    {
        switch (I.Op)
        {
            case IrOp.Abs:
                return Finish(B.Binary("and", v[0], Nan));
            case IrOp.Neg:
                return Finish(B.Binary("xor", v[0], Sign));
            case IrOp.Add:
                return Finish(narrow.FromFloat(B.Binary("fadd", Wide(v[0]), Wide(v[1])), IsBrain));
            case IrOp.Sub:
                return Finish(narrow.FromFloat(B.Binary("fsub", Wide(v[0]), Wide(v[1])), IsBrain));
            case IrOp.Mul when !IsBrain:
                return Finish(narrow.FromFloat(B.Binary("fmul", Wide(v[0]), Wide(v[1])), brain: false));
            case IrOp.Mul:
                return Finish(narrow.FromDouble(B.Binary("fmul", Double(v[0]), Double(v[1])), brain: true));
            case IrOp.Fma:
                // The product is exact in double; what its sum with c loses goes into the last bit.
                Value product = B.Binary("fmul", Double(v[0]), Double(v[1]));
                return Finish(narrow.FromDouble(narrow.SumToOdd(product, Double(v[2])), IsBrain));
            case IrOp.Min or IrOp.Max:
                return MinMax(v[0], v[1]);
            default:
                return Finish(narrow.FromDouble(math.Transcendental(Double(v[0])), IsBrain));
        }
    }

    private Value MinMax(Value a, Value b)
    {
        (a, b) = (Flush(a), Flush(b));
        (Value x, Value y) = (Wide(a), Wide(b));
        bool min = I.Op == IrOp.Min;
        Value result = B.Select(B.CompareFloat(min ? "olt" : "ogt", x, y), a, b);
        // Of two zeros, -0 is the smaller.
        result = B.Select(B.CompareFloat("oeq", x, y), B.Binary(min ? "or" : "and", a, b), result);
        if (I.Flag)
        {
            result = B.Select(B.CompareFloat("uno", x, y), LaneBuilder.Int("i16", Nan), result);
        }
        else
        {
            result = B.Select(B.CompareFloat("uno", y, y), a, result);
        }
        return Finish(result);
    }

    /// <summary>16 bits as a float of the same value, flushed when the operation says so.</summary>
    private Value Wide(Value bits)
    {
        bits = Flush(bits);
        return IsBrain
            ? B.Cast("bitcast", B.Binary("shl", B.Resize(bits, "i32", false), 16), "float")
            : B.Cast("fpext", B.Cast("bitcast", bits, "half"), "float");
    }

    private Value Double(Value bits) => B.Cast("fpext", Wide(bits), "double");

    /// <summary>Subnormal f16 becomes zero of the same sign; .ftz of bf16 is only said of ex2, where it changes nothing smaller than 1.</summary>
    private Value Flush(Value bits)
    {
        if (!I.Ftz)
        {
            return bits;
        }
        Value small = B.Compare("eq", B.Binary("and", bits, IsBrain ? 0x7f80 : 0x7c00), 0);
        return B.Select(small, B.Binary("and", bits, Sign), bits);
    }

    private Value Finish(Value bits)
    {
        Value size = B.Binary("and", bits, Nan);
        Value isNan = B.Compare("ugt", size, IsBrain ? 0x7f80 : 0x7c00);
        bits = Flush(bits);
        Value negative = B.Compare("slt", bits, 0);
        if (I.Saturate)
        {
            bits = B.Intrinsic("umin", bits, LaneBuilder.Int("i16", IsBrain ? 0x3f80 : 0x3c00));
            return B.Select(B.Binary("or", negative, isNan), LaneBuilder.Int("i16", 0), bits);
        }
        if (I.Relu)
        {
            bits = B.Select(negative, LaneBuilder.Int("i16", 0), bits);
        }
        return B.Select(isNan, LaneBuilder.Int("i16", Nan), bits);
    }
}
