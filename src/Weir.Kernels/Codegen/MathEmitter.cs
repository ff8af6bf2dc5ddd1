using Weir.Kernels.Ir;

namespace Weir.Kernels.Codegen;

/// <summary>
/// Division, roots and the approximate functions. What PTX calls approximate is here the true value rounded to float:
/// computed in double with a relative error below 1e-14, rounded once.
/// </summary>
internal sealed class MathEmitter(KernelContext context, FloatEmitter floats)
{
    private const double HugeAngle = 536870912.0;

    private LaneBuilder B => context.B;

    private IrInstruction I => context.Instruction;

    /// <summary>div of floats.</summary>
    public void Divide() => Finish(floats.Arithmetic("fdiv", floats.Source(0), floats.Source(1)));

    /// <summary>rcp, sqrt and rsqrt.</summary>
    public void Root()
    {
        Value a = floats.Source(0);
        Value one = LaneBuilder.Float(a.Type, 1);
        switch (I.Op)
        {
            case IrOp.Rcp:
                Finish(floats.Arithmetic("fdiv", one, a));
                break;
            case IrOp.Sqrt:
                Finish(floats.SquareRoot(a));
                break;
            default:
                Value wide = B.Cast("fpext", a, "double");
                Finish(B.Cast("fptrunc", B.Binary("fdiv", D(1), B.Intrinsic("sqrt", wide)), a.Type));
                break;
        }
    }

    /// <summary>sin, cos, ex2, lg2, tanh of f32.</summary>
    public void Transcendental()
    {
        if (I.Type != IrType.F32)
        {
            throw context.Unsupported($"type .{I.Type.ToString().ToLowerInvariant()}");
        }
        Value a = floats.Source(0);
        Value x = B.Cast("fpext", a, "double");
        Finish(B.Cast("fptrunc", Transcendental(x), "float"));
    }

    /// <summary>The operation's function of a double, with a relative error below 1e-14.</summary>
    public Value Transcendental(Value x) =>
        I.Op switch
        {
            IrOp.Sin => SinCos(x, 0),
            IrOp.Cos => SinCos(x, 1),
            IrOp.Ex2 => Exp2(x),
            IrOp.Lg2 => Log2(x),
            _ => Tanh(x),
        };

    /// <summary>testp.</summary>
    public void Test()
    {
        Value a = context.Source(0, I.Type == IrType.F64 ? "double" : "float");
        Value size = B.Intrinsic("fabs", a);
        Value infinity = LaneBuilder.Float(a.Type, double.PositiveInfinity);
        Value smallest = LaneBuilder.Float(
            a.Type,
            a.Type == "float" ? 1.17549435082228751e-38 : 2.2250738585072014e-308
        );
        Value zero = LaneBuilder.Float(a.Type, 0);
        context.Write(
            I.TestP switch
            {
                IrTestP.Finite => B.CompareFloat("olt", size, infinity),
                IrTestP.Infinite => B.CompareFloat("oeq", size, infinity),
                IrTestP.Number => B.CompareFloat("ord", a, a),
                IrTestP.NotANumber => B.CompareFloat("uno", a, a),
                IrTestP.Normal => B.Binary(
                    "and",
                    B.CompareFloat("oge", size, smallest),
                    B.CompareFloat("olt", size, infinity)
                ),
                IrTestP.Subnormal => B.Binary(
                    "and",
                    B.CompareFloat("ogt", size, zero),
                    B.CompareFloat("olt", size, smallest)
                ),
                _ => throw context.Unsupported("the question"),
            }
        );
    }

    private static Value D(double value) => LaneBuilder.Float("double", value);

    private void Finish(Value result) => floats.Finish(floats.Canonical(result));

    private Value Polynomial(Value x, params double[] coefficients)
    {
        // Lowest power first.
        Value sum = D(coefficients[^1]);
        for (int n = coefficients.Length - 2; n >= 0; n--)
        {
            sum = B.Intrinsic("fma", x, sum, D(coefficients[n]));
        }
        return sum;
    }

    private static double[] Reciprocals(int from, int step, int count, bool alternate)
    {
        double[] result = new double[count];
        double factorial = 1;
        int n = 1;
        for (int i = 0; i < count; i++)
        {
            for (; n <= from + i * step; n++)
            {
                factorial *= n;
            }
            result[i] = (alternate && i % 2 == 1 ? -1 : 1) / factorial;
        }
        return result;
    }

    /// <summary>sin(x + quarter·π/2) with the argument reduced to [-π/4, π/4] in two exact steps.</summary>
    private Value SinCos(Value x, int quarter)
    {
        Value turns = B.Intrinsic("roundeven", B.Binary("fmul", x, D(2 / Math.PI)));
        // The leading product is exact for |x| below 2^29: 53 + 30 bits cancel down to what a double holds.
        Value r = B.Intrinsic("fma", turns, D(-1.5707963267948966), x);
        r = B.Intrinsic("fma", turns, D(-6.123233995736766e-17), r);
        Value square = B.Binary("fmul", r, r);
        Value sine = B.Binary("fmul", r, Polynomial(square, Reciprocals(1, 2, 9, alternate: true)));
        Value cosine = Polynomial(square, Reciprocals(0, 2, 10, alternate: true));
        Value place = B.Binary("add", B.IntrinsicTo("fptosi.sat", "i64", turns), quarter);
        Value odd = B.Compare("ne", B.Binary("and", place, 1), 0);
        Value negative = B.Compare("ne", B.Binary("and", place, 2), 0);
        Value value = B.Select(odd, cosine, sine);
        value = B.Select(negative, B.Assign($"fneg {B.Arg(value)}", "double", value.IsVector), value);
        if (quarter == 0)
        {
            // sin(-0) is -0.
            value = B.Select(B.CompareFloat("oeq", x, D(0)), x, value);
        }
        Value large = B.CompareFloat("oge", B.Intrinsic("fabs", x), D(HugeAngle));
        Value finite = B.CompareFloat("olt", B.Intrinsic("fabs", x), D(double.PositiveInfinity));
        value = ByHelper(value, x, B.Binary("and", large, finite), quarter);
        return B.Select(finite, value, D(double.NaN));
    }

    /// <summary>Replaces the lanes of <paramref name="where"/> by what the C library says; a rare path.</summary>
    private Value ByHelper(Value value, Value x, Value where, int helper)
    {
        bool vector = value.IsVector;
        string slot = B.Alloca(B.TypeOf(value), zero: false);
        B.Store(value, slot);
        Value bits = vector ? B.Bits(where) : B.Resize(where, "i32", false);
        string left = B.Alloca(bits.Type);
        B.Store(bits, left);
        string loop = B.NewLabel("huge");
        string work = B.NewLabel("hugelane");
        string done = B.NewLabel("hugedone");
        B.Branch(loop);
        B.Label(loop);
        Value rest = B.Load(bits.Type, false, left);
        B.Branch(B.Compare("eq", rest, 0), done, work, likely: true);
        B.Label(work);
        Value lane = B.Resize(B.IntrinsicFlag("cttz", rest, true), "i64", false);
        B.Store(B.Binary("and", rest, B.Binary("sub", rest, 1)), left);
        Value table = context.LaunchField(80, "ptr");
        Value place = context.Head($"getelementptr ptr, ptr {table.Text}, i64 {helper}", "ptr");
        Value function = B.Load("ptr", false, place.Text);
        Value argument = vector ? B.Lane(x, lane) : x;
        Value answer = B.Assign($"call double {function.Text}(double {argument.Text})", "double", false);
        Value old = B.Load("double", vector, slot);
        Value changed = vector
            ? B.Assign($"insertelement {B.Arg(old)}, double {answer.Text}, i64 {lane.Text}", "double", true)
            : answer;
        B.Store(changed, slot);
        B.Branch(loop);
        B.Label(done);
        return B.Load("double", vector, slot);
    }

    private Value Exp2(Value x)
    {
        Value low = B.Select(B.CompareFloat("olt", x, D(-200)), D(-200), x);
        Value clamped = B.Select(B.CompareFloat("ogt", low, D(200)), D(200), low);
        Value whole = B.Intrinsic("roundeven", clamped);
        Value rest = B.Binary("fmul", B.Binary("fsub", clamped, whole), D(0.69314718055994531));
        return B.Binary("fmul", Polynomial(rest, Reciprocals(0, 1, 15, alternate: false)), PowerOfTwo(whole));
    }

    private Value PowerOfTwo(Value whole)
    {
        Value exponent = B.Binary("add", B.IntrinsicTo("fptosi.sat", "i64", whole), 1023);
        return B.Cast("bitcast", B.Binary("shl", exponent, 52), "double");
    }

    private Value Log2(Value x)
    {
        Value bits = B.Cast("bitcast", x, "i64");
        // Exponent so that the mantissa lies in [sqrt(1/2), sqrt(2)).
        Value shifted = B.Binary("sub", bits, BitConverter.DoubleToInt64Bits(0.70710678118654752));
        Value exponent = B.Binary("ashr", shifted, 52);
        Value mantissa = B.Cast("bitcast", B.Binary("sub", bits, B.Binary("shl", exponent, 52)), "double");
        Value s = B.Binary("fdiv", B.Binary("fsub", mantissa, D(1)), B.Binary("fadd", mantissa, D(1)));
        Value square = B.Binary("fmul", s, s);
        double[] series = [.. Enumerable.Range(0, 11).Select(n => 2 / (Math.Log(2) * (2 * n + 1)))];
        Value fraction = B.Binary("fmul", s, Polynomial(square, series));
        Value result = B.Binary("fadd", B.Cast("sitofp", exponent, "double"), fraction);
        result = B.Select(B.CompareFloat("oeq", x, D(0)), D(double.NegativeInfinity), result);
        result = B.Select(B.CompareFloat("oeq", x, D(double.PositiveInfinity)), x, result);
        return B.Select(
            B.CompareFloat("uge", x, D(0)),
            B.Select(B.CompareFloat("uno", x, x), x, result),
            D(double.NaN)
        );
    }

    private Value Tanh(Value x)
    {
        Value size = B.Intrinsic("fabs", x);
        Value twice = B.Binary("fmul", B.Select(B.CompareFloat("ogt", size, D(20)), D(20), size), D(2));
        Value whole = B.Intrinsic("roundeven", B.Binary("fmul", twice, D(1.4426950408889634)));
        Value rest = B.Intrinsic("fma", whole, D(-0.69314718055994529), twice);
        rest = B.Intrinsic("fma", whole, D(-2.3190468138462996e-17), rest);
        Value less = B.Binary("fmul", rest, Polynomial(rest, Reciprocals(1, 1, 15, alternate: false)));
        Value power = PowerOfTwo(whole);
        Value e = B.Intrinsic("fma", power, less, B.Binary("fsub", power, D(1)));
        Value result = B.Binary("fdiv", e, B.Binary("fadd", e, D(2)));
        return B.Intrinsic("copysign", result, x);
    }
}
