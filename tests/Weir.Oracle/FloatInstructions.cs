namespace Weir.Oracle;

/// <summary>
/// Floating-point arithmetic. Addition, multiplication, division, roots and fused products in round-to-nearest run on
/// the processor, which does exactly that; every other rounding, and f16, on <see cref="SoftFloat"/>.
/// </summary>
internal static class FloatInstructions
{
    public static Step Bind(Instruction at, Binding binding)
    {
        Binding.Allow(at, "rn", "rz", "rm", "rp", "approx", "full", "ftz", "sat", "relu", "NaN");
        var type = at.Type;
        if (type.IsPacked)
        {
            var halves = new Unit(at, type.Element);
            return at.Name switch
            {
                "abs" or "neg" or "ex2" or "tanh" => binding.Unary(at, type, type, InBoth(halves.Unary(at.Name))),
                "fma" => binding.Ternary(at, type, type, type, type, InBoth(halves.Ternary())),
                _ => binding.Binary(at, type, InBoth(halves.Binary(at.Name))),
            };
        }
        var unit = new Unit(at, type);
        switch (at.Name)
        {
            case "add" or "sub" or "mul" or "div" or "min" or "max":
                return binding.Binary(at, type, unit.Binary(at.Name));
            case "fma" or "mad":
                return binding.Ternary(at, type, type, type, type, unit.Ternary());
            case "copysign":
                return binding.Binary(at, type, (a, b) => (a & unit.Format.SignBit) | (b & ~unit.Format.SignBit));
            default:
                return binding.Unary(at, type, type, unit.Unary(at.Name));
        }
    }

    /// <summary>testp: a property of a number's class.</summary>
    public static Step BindTest(Instruction at, Binding binding)
    {
        Binding.Allow(at, "finite", "infinite", "number", "notanumber", "normal", "subnormal");
        var format = SoftFloat.Of(at.Type);
        Func<ulong, bool> test = at.Modifiers[0] switch
        {
            "finite" => a => format.Unpack(a) is { IsNaN: false, IsInfinite: false },
            "infinite" => a => format.Unpack(a).IsInfinite,
            "number" => a => !format.IsNaN(a),
            "notanumber" => format.IsNaN,
            "normal" => a =>
                format.Unpack(a) is { IsNaN: false, IsInfinite: false, IsZero: false } && !format.IsSubnormal(a),
            "subnormal" => format.IsSubnormal,
            _ => throw at.Unknown("test"),
        };
        return binding.Unary(at, PtxType.Predicate, at.Type, a => test(a) ? 1UL : 0);
    }

    private static Func<ulong, ulong> InBoth(Func<ulong, ulong> one) => a => one(a & 0xffff) | (one(a >> 16) << 16);

    /// <summary>An operation on one number, done on both of a packed pair.</summary>
    public static Func<ulong, ulong, ulong> InBoth(Func<ulong, ulong, ulong> one) =>
        (a, b) => one(a & 0xffff, b & 0xffff) | (one(a >> 16, b >> 16) << 16);

    private static Func<ulong, ulong, ulong, ulong> InBoth(Func<ulong, ulong, ulong, ulong> one) =>
        (a, b, c) => one(a & 0xffff, b & 0xffff, c & 0xffff) | (one(a >> 16, b >> 16, c >> 16) << 16);

    public static Rounding RoundingOf(Instruction at) =>
        at.Has("rz") ? Rounding.Zero
        : at.Has("rm") ? Rounding.Down
        : at.Has("rp") ? Rounding.Up
        : at.Has("rna") ? Rounding.NearestAway
        : Rounding.NearestEven;

    /// <summary>Operations of one format with one instruction's modifiers: inputs flushed, results finished.</summary>
    internal sealed class Unit(Instruction at, PtxType type)
    {
        private readonly Rounding _rounding = RoundingOf(at);
        private readonly bool _ftz = at.Has("ftz");
        private readonly bool _saturate = at.Has("sat");

        public SoftFloat Format { get; } = SoftFloat.Of(type);

        public ulong In(ulong bits) => _ftz ? Format.FlushSubnormal(bits) : bits;

        public ulong Out(ulong bits)
        {
            if (Format.IsNaN(bits))
            {
                return _saturate ? 0 : Format.CanonicalNaN;
            }
            bits = In(bits);
            if (at.Has("relu") && (bits & Format.SignBit) != 0)
            {
                return 0;
            }
            return _saturate ? Saturate(Format, bits) : bits;
        }

        public Func<ulong, ulong> Unary(string name)
        {
            Func<ulong, ulong> operation = name switch
            {
                "abs" => a => a & ~Format.SignBit,
                "neg" => a => a ^ Format.SignBit,
                "rcp" => a => Divide(Format.One, a),
                "sqrt" => SquareRoot,
                "rsqrt" => Through(x => 1.0 / Math.Sqrt(x)),
                "sin" => Through(Math.Sin),
                "cos" => Through(Math.Cos),
                "lg2" => Through(Math.Log2),
                "ex2" => Through(x => Math.Pow(2, x)),
                "tanh" => Through(Math.Tanh),
                _ => throw at.Unknown("no such operation"),
            };
            return a => Out(operation(In(a)));
        }

        public Func<ulong, ulong, ulong> Binary(string name)
        {
            Func<ulong, ulong, ulong> operation = name switch
            {
                "add" => Add,
                "sub" => (a, b) => Add(a, b ^ Format.SignBit),
                "mul" => Multiply,
                "div" => Divide,
                "min" => (a, b) => Choose(a, b, smaller: true),
                "max" => (a, b) => Choose(a, b, smaller: false),
                _ => throw at.Unknown("no such operation"),
            };
            return (a, b) => Out(operation(In(a), In(b)));
        }

        public Func<ulong, ulong, ulong, ulong> Ternary() => (a, b, c) => Out(MultiplyAdd(In(a), In(b), In(c)));

        private bool OnProcessor => _rounding == Rounding.NearestEven && type.Bits >= 32;

        private ulong Add(ulong a, ulong b) =>
            !OnProcessor ? Format.Add(a, b, _rounding)
            : type.Bits == 32 ? Bits(Single(a) + Single(b))
            : Bits(Double(a) + Double(b));

        private ulong Multiply(ulong a, ulong b) =>
            !OnProcessor ? Format.Multiply(a, b, _rounding)
            : type.Bits == 32 ? Bits(Single(a) * Single(b))
            : Bits(Double(a) * Double(b));

        private ulong MultiplyAdd(ulong a, ulong b, ulong c) =>
            !OnProcessor ? Format.MultiplyAdd(a, b, c, _rounding)
            : type.Bits == 32 ? Bits(MathF.FusedMultiplyAdd(Single(a), Single(b), Single(c)))
            : Bits(Math.FusedMultiplyAdd(Double(a), Double(b), Double(c)));

        private ulong Divide(ulong a, ulong b) =>
            !OnProcessor ? Format.Divide(a, b, _rounding)
            : type.Bits == 32 ? Bits(Single(a) / Single(b))
            : Bits(Double(a) / Double(b));

        private ulong SquareRoot(ulong a) =>
            !OnProcessor ? Format.SquareRoot(a, _rounding)
            : type.Bits == 32 ? Bits(MathF.Sqrt(Single(a)))
            : Bits(Math.Sqrt(Double(a)));

        /// <summary>The double-precision function of the operand, rounded once.</summary>
        private Func<ulong, ulong> Through(Func<double, double> function) =>
            type.Bits switch
            {
                16 => a => Format.Round(SoftFloat.Double.Unpack(Bits(function(Value(a)))), Rounding.NearestEven),
                32 => a => Bits((float)function(Single(a))),
                _ => a => Bits(function(Double(a))),
            };

        private double Value(ulong a) =>
            type.Kind == 'n' ? Single(a << 16) : (double)BitConverter.UInt16BitsToHalf((ushort)a);

        /// <summary>NaN loses against a number unless .NaN is written; −0 is less than +0.</summary>
        private ulong Choose(ulong a, ulong b, bool smaller)
        {
            if (Format.IsNaN(a) || Format.IsNaN(b))
            {
                var other = Format.IsNaN(a) ? b : a;
                return at.Has("NaN") ? Format.CanonicalNaN : other;
            }
            return (FloatComparison.Order(Format, a, b) < 0) == smaller ? a : b;
        }
    }

    /// <summary>Clamps to [0, 1]; NaN and −0 become +0.</summary>
    public static ulong Saturate(SoftFloat format, ulong bits)
    {
        if (format.IsNaN(bits) || (bits & format.SignBit) != 0)
        {
            return 0;
        }
        return Math.Min(bits, format.One); // positive floats are ordered as their bits are
    }

    private static float Single(ulong bits) => BitConverter.UInt32BitsToSingle((uint)bits);

    private static double Double(ulong bits) => BitConverter.UInt64BitsToDouble(bits);

    private static ulong Bits(float value) => BitConverter.SingleToUInt32Bits(value);

    private static ulong Bits(double value) => BitConverter.DoubleToUInt64Bits(value);
}

/// <summary>Order of floating-point numbers.</summary>
internal static class FloatComparison
{
    /// <summary>Total order of numbers (not NaN), with −0 below +0.</summary>
    public static int Order(SoftFloat format, ulong a, ulong b) => Key(format, a).CompareTo(Key(format, b));

    /// <summary>Order of values: −0 equals +0.</summary>
    public static int Compare(SoftFloat format, ulong a, ulong b)
    {
        var bothZero = ((a | b) & ~format.SignBit) == 0;
        return bothZero ? 0 : Order(format, a, b);
    }

    private static Int128 Key(SoftFloat format, ulong bits)
    {
        var magnitude = (Int128)(bits & ~format.SignBit);
        return (bits & format.SignBit) != 0 ? -magnitude - 1 : magnitude;
    }
}
