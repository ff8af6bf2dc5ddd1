using System.Numerics;

namespace Weir.Oracle;

/// <summary>Integer arithmetic: computed without loss in 128 bits, then cut to the type.</summary>
internal static class IntegerInstructions
{
    public static Step Bind(Instruction at, Binding binding)
    {
        Binding.Allow(at, "lo", "hi", "wide", "sat", "cc");
        var type = at.Type;
        switch (at.Name)
        {
            case "add" or "sub" or "addc" or "subc" or "mad" or "madc" when at.Has("cc") || at.Name.EndsWith('c'):
                return BindCarry(at, binding);
            case "add":
                return binding.Binary(at, type, Cut(at, (a, b) => a + b));
            case "sub":
                return binding.Binary(at, type, Cut(at, (a, b) => a - b));
            case "min":
                return binding.Binary(at, type, Cut(at, Int128.Min));
            case "max":
                return binding.Binary(at, type, Cut(at, Int128.Max));
            case "div":
                // By zero: all bits set, as the hardware answers.
                return binding.Binary(at, type, Cut(at, (a, b) => b == 0 ? -1 : a / b));
            case "rem":
                return binding.Binary(at, type, Cut(at, (a, b) => b == 0 ? a : a - (a / b * b)));
            case "abs":
                return binding.Unary(at, type, type, a => type.Truncate(Int128.Abs(type.Value(a))));
            case "neg":
                return binding.Unary(at, type, type, a => type.Truncate(-type.Value(a)));
            case "mul":
                return BindProduct(at, binding, hasAddend: false);
            case "mad":
                return BindProduct(at, binding, hasAddend: true);
            case "mul24" or "mad24":
                return BindProduct24(at, binding);
            case "sad":
                return binding.Ternary(
                    at,
                    type,
                    type,
                    type,
                    type,
                    (a, b, c) => type.Truncate(type.Value(c) + Int128.Abs(type.Value(a) - type.Value(b)))
                );
            default:
                throw at.Unknown("no such operation");
        }
    }

    /// <summary>dp4a and dp2a: bytes times bytes, or half-words times bytes, added up.</summary>
    public static Step BindDotProduct(Instruction at, Binding binding)
    {
        Binding.Allow(at, "lo", "hi");
        var (first, second) = (at.Types[0], at.Types[1]);
        var four = at.Name == "dp4a";
        var firstByte = new PtxType(first.Kind, four ? 8 : 16);
        var secondByte = new PtxType(second.Kind, 8);
        var start = at.Has("hi") ? 16 : 0;
        var result = first.IsSigned || second.IsSigned ? new PtxType('s', 32) : PtxType.U32;
        return binding.Ternary(
            at,
            result,
            first,
            second,
            result,
            (a, b, c) =>
            {
                var sum = result.Value(c);
                for (var i = 0; i < (four ? 4 : 2); i++)
                {
                    sum += firstByte.Value(a >> (i * firstByte.Bits)) * secondByte.Value(b >> (start + (i * 8)));
                }
                return result.Truncate(sum);
            }
        );
    }

    private static Func<ulong, ulong, ulong> Cut(Instruction at, Func<Int128, Int128, Int128> operation)
    {
        var type = at.Type;
        return at.Has("sat")
            ? (a, b) => type.Clamp(operation(type.Value(a), type.Value(b)))
            : (a, b) => type.Truncate(operation(type.Value(a), type.Value(b)));
    }

    private static Step BindProduct(Instruction at, Binding binding, bool hasAddend)
    {
        var type = at.Type;
        var result = at.Has("wide") ? new PtxType(type.Kind, type.Bits * 2) : type;
        ulong Multiply(ulong a, ulong b, ulong c)
        {
            var product = Value(type, a) * Value(type, b);
            if (at.Has("hi"))
            {
                product >>= type.Bits;
            }
            var sum = product + Value(result, c);
            return at.Has("sat")
                ? result.Clamp(
                    (Int128)BigInteger.Max(BigInteger.Min(sum, (BigInteger)result.Max), (BigInteger)result.Min)
                )
                : (ulong)(sum & result.Mask);
        }
        return hasAddend
            ? binding.Ternary(at, result, type, type, result, Multiply)
            : binding.Binary(at, result, type, type, (a, b) => Multiply(a, b, 0));
    }

    private static BigInteger Value(PtxType type, ulong bits) => (BigInteger)type.Value(bits);

    private static Step BindProduct24(Instruction at, Binding binding)
    {
        var type = at.Type;
        var narrow = new PtxType(type.Kind, 24);
        ulong Multiply(ulong a, ulong b, ulong c)
        {
            var product = narrow.Value(a) * narrow.Value(b);
            if (at.Has("hi"))
            {
                product >>= 16;
            }
            var part = type.Value(type.Truncate(product));
            return at.Has("sat") ? type.Clamp(part + type.Value(c)) : type.Truncate(part + type.Value(c));
        }
        return at.Name == "mad24"
            ? binding.Ternary(at, type, type, type, type, Multiply)
            : binding.Binary(at, type, (a, b) => Multiply(a, b, 0));
    }

    /// <summary>Extended precision: the carry of an unsigned addition, the borrow of a subtraction.</summary>
    private static Step BindCarry(Instruction at, Binding binding)
    {
        var type = new PtxType('u', at.Type.Bits);
        var signed = at.Type;
        var carryIn = at.Name is "addc" or "subc" or "madc";
        var carryOut = at.Has("cc");
        var minus = at.Name.StartsWith("sub", StringComparison.Ordinal);
        var product = at.Name.StartsWith("mad", StringComparison.Ordinal);
        var write = Binding.Result(at, type);
        var a = binding.Source(at, 1, at.Type);
        var b = binding.Source(at, 2, at.Type);
        Read? c = product ? binding.Source(at, 3, type) : null;
        return lane =>
        {
            Int128 left = a(lane);
            Int128 right = b(lane);
            if (c is not null)
            {
                var whole = Value(signed, (ulong)left) * Value(signed, (ulong)right);
                left = (Int128)((at.Has("hi") ? whole >> type.Bits : whole) & type.Mask);
                right = c(lane);
            }
            var carry = carryIn && lane.Carry ? 1 : 0;
            var result = minus ? left - right - carry : left + right + carry;
            if (carryOut)
            {
                lane.Carry = result < 0 || result > type.Max;
            }
            write(lane, type.Truncate(result));
        };
    }
}
