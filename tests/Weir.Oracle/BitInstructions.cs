using System.Numerics;

namespace Weir.Oracle;

/// <summary>Logic, shifts, bit fields, permutations.</summary>
internal static class BitInstructions
{
    public static Step Bind(Instruction at, Binding binding)
    {
        Binding.Allow(at, "shiftamt", "f4e", "b4e", "rc8", "ecl", "ecr", "rc16", "l", "r", "clamp", "wrap");
        var type = at.Type;
        var u32 = PtxType.U32;
        switch (at.Name)
        {
            case "and":
                return binding.Binary(at, type, (a, b) => a & b);
            case "or":
                return binding.Binary(at, type, (a, b) => a | b);
            case "xor":
                return binding.Binary(at, type, (a, b) => a ^ b);
            case "not":
                return binding.Unary(at, type, type, a => ~a & type.Mask);
            case "cnot":
                return binding.Unary(at, type, type, a => a == 0 ? 1UL : 0);
            case "shl":
                return binding.Binary(
                    at,
                    type,
                    type,
                    u32,
                    (a, n) => n >= (ulong)type.Bits ? 0 : (a << (int)n) & type.Mask
                );
            case "shr":
                return binding.Binary(
                    at,
                    type,
                    type,
                    u32,
                    (a, n) => type.Truncate(type.Value(a) >> (int)Math.Min(n, 64))
                );
            case "shf":
                return BindFunnel(at, binding);
            case "popc":
                return binding.Unary(at, u32, type, a => (ulong)BitOperations.PopCount(a));
            case "clz":
                return binding.Unary(at, u32, type, a => (ulong)(BitOperations.LeadingZeroCount(a) - (64 - type.Bits)));
            case "bfind":
                return binding.Unary(at, u32, type, a => FindBit(at, type, a));
            case "brev":
                return binding.Unary(at, type, type, a => Reverse(a, type.Bits));
            case "bfe":
                return binding.Ternary(
                    at,
                    type,
                    type,
                    u32,
                    u32,
                    (a, b, c) => Extract(type, a, (int)b & 255, (int)c & 255)
                );
            case "bfi":
                return BindInsert(at, binding);
            case "lop3":
                return BindTable(at, binding);
            case "prmt":
                return binding.Ternary(at, type, type, type, type, (a, b, c) => Permute(at, a, b, c));
            case "bmsk":
                return binding.Binary(at, type, (a, b) => Mask(a, b, at.Has("clamp")));
            case "szext":
                return binding.Binary(at, type, (a, b) => ExtendFrom(a, b, type.IsSigned, at.Has("clamp")));
            case "fns":
                return binding.Ternary(at, u32, u32, u32, new PtxType('s', 32), FindNth);
            default:
                throw at.Unknown("no such operation");
        }
    }

    /// <summary>bmsk: bits a to a + b - 1 set; a clamped start leaves none, a clamped length all above.</summary>
    private static ulong Mask(ulong a, ulong b, bool clamp)
    {
        if (clamp && a >= 32)
        {
            return 0;
        }
        ulong result = 0;
        var length = clamp && b >= 32 ? 32 : b & 31;
        for (var bit = a & 31; bit < Math.Min(32, (a & 31) + length); bit++)
        {
            result |= 1UL << (int)bit;
        }
        return result;
    }

    /// <summary>szext: a number of b bits, made 32 wide.</summary>
    private static ulong ExtendFrom(ulong a, ulong b, bool signed, bool clamp)
    {
        if (clamp && b >= 32)
        {
            return a;
        }
        var length = (int)(b & 31);
        if (length == 0)
        {
            return 0;
        }
        var field = a & ((1UL << length) - 1);
        var negative = signed && (field >> (length - 1)) != 0;
        return negative ? field | (uint.MaxValue << length) : field;
    }

    private static ulong FindBit(Instruction at, PtxType type, ulong a)
    {
        if (type.IsSigned && type.Value(a) < 0)
        {
            a = ~a & type.Mask;
        }
        if (a == 0)
        {
            return uint.MaxValue;
        }
        var position = BitOperations.Log2(a);
        return (ulong)(at.Has("shiftamt") ? type.Bits - 1 - position : position);
    }

    private static ulong Reverse(ulong a, int bits)
    {
        ulong result = 0;
        for (var i = 0; i < bits; i++)
        {
            result |= ((a >> i) & 1) << (bits - 1 - i);
        }
        return result;
    }

    private static ulong Extract(PtxType type, ulong a, int position, int length)
    {
        var last = Math.Min(position + length - 1, type.Bits - 1);
        var sign = type.IsSigned && length > 0 ? (a >> last) & 1 : 0;
        ulong result = 0;
        for (var i = 0; i < type.Bits; i++)
        {
            var bit = i < length && position + i < type.Bits ? (a >> (position + i)) & 1 : sign;
            result |= bit << i;
        }
        return result;
    }

    private static Step BindInsert(Instruction at, Binding binding)
    {
        var type = at.Type;
        var write = Binding.Result(at, type);
        var field = binding.Source(at, 1, type);
        var into = binding.Source(at, 2, type);
        var position = binding.Source(at, 3, PtxType.U32);
        var length = binding.Source(at, 4, PtxType.U32);
        return lane =>
        {
            var result = into(lane);
            var start = (int)position(lane) & 255;
            var count = (int)length(lane) & 255;
            for (var i = 0; i < count && start + i < type.Bits; i++)
            {
                var bit = 1UL << (start + i);
                result = ((field(lane) >> i) & 1) != 0 ? result | bit : result & ~bit;
            }
            write(lane, result);
        };
    }

    private static Step BindTable(Instruction at, Binding binding)
    {
        var type = at.Type;
        var table = binding.Source(at, 4, PtxType.U32);
        var write = Binding.Result(at, type);
        var a = binding.Source(at, 1, type);
        var b = binding.Source(at, 2, type);
        var c = binding.Source(at, 3, type);
        return lane =>
        {
            ulong result = 0;
            for (var i = 0; i < type.Bits; i++)
            {
                var row = (((a(lane) >> i) & 1) << 2) | (((b(lane) >> i) & 1) << 1) | ((c(lane) >> i) & 1);
                result |= ((table(lane) >> (int)row) & 1) << i;
            }
            write(lane, result);
        };
    }

    private static Step BindFunnel(Instruction at, Binding binding)
    {
        var u32 = PtxType.U32;
        return binding.Ternary(
            at,
            u32,
            u32,
            u32,
            u32,
            (a, b, c) =>
            {
                var n = (int)(at.Has("wrap") ? c & 31 : Math.Min(c, 32));
                var both = (b << 32) | a;
                return (at.Has("l") ? (both << n) >> 32 : both >> n) & u32.Mask;
            }
        );
    }

    private static ulong Permute(Instruction at, ulong a, ulong b, ulong c)
    {
        var bytes = (b << 32) | a;
        var n = (int)c & 3;
        ulong result = 0;
        for (var i = 0; i < 4; i++)
        {
            var selector =
                at.Modifiers.Count > 1
                    ? at.Modifiers[1] switch
                    {
                        "f4e" => n + i,
                        "b4e" => (n - i) & 7,
                        "rc8" => n,
                        "ecl" => Math.Max(i, n),
                        "ecr" => Math.Min(i, n),
                        "rc16" => ((n & 1) * 2) + (i & 1),
                        _ => throw at.Unknown("mode"),
                    }
                    : (int)(c >> (4 * i)) & 15;
            var value = (bytes >> (8 * (selector & 7))) & 0xff;
            if ((selector & 8) != 0)
            {
                value = (value & 0x80) != 0 ? 0xffUL : 0;
            }
            result |= value << (8 * i);
        }
        return result;
    }

    /// <summary>fns: position of the n-th set bit counted from a base, upwards (n positive) or downwards.</summary>
    private static ulong FindNth(ulong mask, ulong start, ulong offset)
    {
        var n = (int)(uint)offset;
        if (n == 0)
        {
            return start < 32 && ((mask >> (int)start) & 1) != 0 ? start : uint.MaxValue;
        }
        var left = Math.Abs((long)n);
        for (var i = (long)start; i is >= 0 and < 32; i += Math.Sign(n))
        {
            if (((mask >> (int)i) & 1) != 0 && --left == 0)
            {
                return (ulong)i;
            }
        }
        return uint.MaxValue;
    }
}
