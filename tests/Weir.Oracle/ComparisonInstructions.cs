namespace Weir.Oracle;

/// <summary>set, setp, selp, slct.</summary>
internal static class ComparisonInstructions
{
    public static Step Bind(Instruction at, Binding binding) =>
        at.Name switch
        {
            "setp" => BindSetPredicate(at, binding),
            "set" => BindSet(at, binding),
            "selp" => BindSelect(at, binding),
            "slct" => BindSelectBySign(at, binding),
            _ => throw at.Unknown("no such operation"),
        };

    private static readonly string[] Known =
    [
        "eq",
        "ne",
        "lt",
        "le",
        "gt",
        "ge",
        "lo",
        "ls",
        "hi",
        "hs",
        "equ",
        "neu",
        "ltu",
        "leu",
        "gtu",
        "geu",
        "num",
        "nan",
        "and",
        "or",
        "xor",
        "ftz",
    ];

    private static Step BindSetPredicate(Instruction at, Binding binding)
    {
        Binding.Allow(at, Known);
        var compare = Comparison(at, at.Type.Element);
        var combine = Combination(at);
        var (p, q) = at.Operands[0] is PairOperand pair
            ? (Binding.Write(pair.First, PtxType.Predicate, at), Binding.Write(pair.Second, PtxType.Predicate, at))
            : (Binding.Write(at.Operands[0], PtxType.Predicate, at), (_, _) => { });
        var a = binding.Source(at, 1, at.Type);
        var b = binding.Source(at, 2, at.Type);
        Read? c = combine is null ? null : binding.Source(at, 3, PtxType.Predicate);
        return lane =>
        {
            var other = c is not null && c(lane) != 0;
            if (at.Type.IsPacked)
            {
                // p tells of the low numbers, q of the high ones.
                var low = compare(a(lane) & 0xffff, b(lane) & 0xffff);
                var high = compare(a(lane) >> 16, b(lane) >> 16);
                p(lane, (combine?.Invoke(low, other) ?? low) ? 1UL : 0);
                q(lane, (combine?.Invoke(high, other) ?? high) ? 1UL : 0);
                return;
            }
            var result = compare(a(lane), b(lane));
            var first = combine?.Invoke(result, other) ?? result;
            var second = combine?.Invoke(!result, other) ?? !result;
            p(lane, first ? 1UL : 0);
            q(lane, second ? 1UL : 0);
        };
    }

    private static Step BindSet(Instruction at, Binding binding)
    {
        Binding.Allow(at, Known);
        var to = at.Types[0];
        var from = at.Types[1];
        var compare = Comparison(at, from.Element);
        var combine = Combination(at);
        if (from.IsPacked)
        {
            return BindSetPacked(at, binding, compare, combine);
        }
        var yes = to.IsFloat ? SoftFloat.Of(to).One : to.Mask;
        var write = Binding.Result(at, to);
        var a = binding.Source(at, 1, from);
        var b = binding.Source(at, 2, from);
        Read? c = combine is null ? null : binding.Source(at, 3, PtxType.Predicate);
        return lane =>
        {
            var result = compare(a(lane), b(lane));
            write(lane, combine?.Invoke(result, c!(lane) != 0) ?? result ? yes : 0);
        };
    }

    /// <summary>Each half of the result says it of its own numbers: 1.0, or all bits.</summary>
    private static Step BindSetPacked(
        Instruction at,
        Binding binding,
        Func<ulong, ulong, bool> compare,
        Func<bool, bool, bool>? combine
    )
    {
        var yes = at.Types[0].IsFloat ? SoftFloat.Of(at.Types[0].Element).One : 0xffff;
        var write = Binding.Result(at, at.Types[0]);
        var a = binding.Source(at, 1, at.Types[1]);
        var b = binding.Source(at, 2, at.Types[1]);
        Read? c = combine is null ? null : binding.Source(at, 3, PtxType.Predicate);
        return lane =>
        {
            var other = c is not null && c(lane) != 0;
            var low = compare(a(lane) & 0xffff, b(lane) & 0xffff);
            var high = compare(a(lane) >> 16, b(lane) >> 16);
            low = combine?.Invoke(low, other) ?? low;
            high = combine?.Invoke(high, other) ?? high;
            write(lane, (low ? yes : 0) | ((high ? yes : 0) << 16));
        };
    }

    private static Step BindSelect(Instruction at, Binding binding)
    {
        Binding.Allow(at);
        return binding.Ternary(at, at.Type, at.Type, at.Type, PtxType.Predicate, (a, b, c) => c != 0 ? a : b);
    }

    private static Step BindSelectBySign(Instruction at, Binding binding)
    {
        Binding.Allow(at, "ftz");
        var type = at.Types[0];
        var by = at.Types[1];
        if (!by.IsFloat)
        {
            return binding.Ternary(at, type, type, type, by, (a, b, c) => by.Value(c) >= 0 ? a : b);
        }
        var single = SoftFloat.Single;
        bool IsNotNegative(ulong c)
        {
            c = at.Has("ftz") ? single.FlushSubnormal(c) : c;
            return !single.IsNaN(c) && FloatComparison.Compare(single, c, 0) >= 0;
        }
        return binding.Ternary(at, type, type, type, by, (a, b, c) => IsNotNegative(c) ? a : b);
    }

    private static Func<bool, bool, bool>? Combination(Instruction at) =>
        at.Has("and") ? (a, b) => a && b
        : at.Has("or") ? (a, b) => a || b
        : at.Has("xor") ? (a, b) => a != b
        : null;

    private static Func<ulong, ulong, bool> Comparison(Instruction at, PtxType type)
    {
        var name = at.Modifiers[0];
        if (!type.IsFloat)
        {
            var compared = name is "lo" or "ls" or "hi" or "hs" ? new PtxType('u', type.Bits) : type;
            Func<int, bool> holds = name switch
            {
                "eq" => order => order == 0,
                "ne" => order => order != 0,
                "lt" or "lo" => order => order < 0,
                "le" or "ls" => order => order <= 0,
                "gt" or "hi" => order => order > 0,
                "ge" or "hs" => order => order >= 0,
                _ => throw at.Unknown("comparison"),
            };
            return (a, b) => holds(compared.Value(a).CompareTo(compared.Value(b)));
        }
        var format = SoftFloat.Of(type);
        var ftz = at.Has("ftz");
        var withNaN = name.EndsWith('u') && name != "num";
        Func<int, bool> ordered = name switch
        {
            "eq" or "equ" => order => order == 0,
            "ne" or "neu" => order => order != 0,
            "lt" or "ltu" => order => order < 0,
            "le" or "leu" => order => order <= 0,
            "gt" or "gtu" => order => order > 0,
            "ge" or "geu" => order => order >= 0,
            "num" => _ => true,
            "nan" => _ => false,
            _ => throw at.Unknown("comparison"),
        };
        return (a, b) =>
        {
            if (format.IsNaN(a) || format.IsNaN(b))
            {
                return withNaN || name == "nan";
            }
            return ftz
                ? ordered(FloatComparison.Compare(format, format.FlushSubnormal(a), format.FlushSubnormal(b)))
                : ordered(FloatComparison.Compare(format, a, b));
        };
    }
}
