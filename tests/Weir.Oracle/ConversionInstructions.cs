using System.Numerics;

namespace Weir.Oracle;

/// <summary>cvt.</summary>
internal static class ConversionInstructions
{
    public static Step Bind(Instruction at, Binding binding)
    {
        Binding.Allow(at, "rn", "rz", "rm", "rp", "rna", "rni", "rzi", "rmi", "rpi", "ftz", "sat", "relu");
        var to = at.Types[0];
        var from = at.Types[1];
        if (to.IsPacked)
        {
            var low = FloatToFloat(at, to.Element, from);
            return binding.Binary(at, to, from, from, (a, b) => low(b) | (low(a) << 16));
        }
        Func<ulong, ulong> convert = (to.IsFloat, from.IsFloat) switch
        {
            (false, false) => IntegerToInteger(at, to, from),
            (false, true) => FloatToInteger(at, to, from),
            (true, false) => IntegerToFloat(at, to, from),
            (true, true) => FloatToFloat(at, to, from),
        };
        return binding.Unary(at, to, from, convert);
    }

    private static Func<ulong, ulong> IntegerToInteger(Instruction at, PtxType to, PtxType from) =>
        at.Has("sat") ? a => to.Clamp(from.Value(a)) : a => to.Truncate(from.Value(a));

    /// <summary>Rounds to a whole number, then clamps. NaN: 0, or the top bit when 64 bits are involved.</summary>
    private static Func<ulong, ulong> FloatToInteger(Instruction at, PtxType to, PtxType from)
    {
        var format = SoftFloat.Of(from);
        var rounding = WholeRounding(at) ?? throw at.Unknown("no rounding to a whole number");
        var ftz = at.Has("ftz") && from.Bits == 32;
        return a =>
        {
            var number = format.Unpack(ftz ? format.FlushSubnormal(a) : a);
            if (number.IsNaN)
            {
                return from.Bits == 64 || to.Bits == 64 ? 1UL << (to.Bits - 1) : 0;
            }
            if (number.IsInfinite)
            {
                return to.Truncate(number.Negative ? to.Min : to.Max);
            }
            var (units, _) = SoftFloat.RoundToUnit(number, 0, rounding);
            var value = number.Negative ? -units : units;
            return to.Truncate((Int128)BigInteger.Clamp(value, (BigInteger)to.Min, (BigInteger)to.Max));
        };
    }

    private static Func<ulong, ulong> IntegerToFloat(Instruction at, PtxType to, PtxType from)
    {
        var format = SoftFloat.Of(to);
        var rounding = FloatInstructions.RoundingOf(at);
        return a => Finish(at, format, format.Round(ExactNumber.Integer(from.Value(a)), rounding));
    }

    private static Func<ulong, ulong> FloatToFloat(Instruction at, PtxType to, PtxType from)
    {
        var source = SoftFloat.Of(from);
        var target = SoftFloat.Of(to);
        var whole = WholeRounding(at);
        var rounding = FloatInstructions.RoundingOf(at);
        var ftz = at.Has("ftz") && from.Bits == 32;
        return a =>
        {
            var number = source.Unpack(ftz ? source.FlushSubnormal(a) : a);
            if (whole is { } direction && !number.IsNaN && !number.IsInfinite)
            {
                var (units, _) = SoftFloat.RoundToUnit(number, 0, direction);
                number = ExactNumber.Finite(number.Negative, units, 0);
            }
            return Finish(at, target, target.Round(number, rounding));
        };
    }

    private static ulong Finish(Instruction at, SoftFloat format, ulong bits)
    {
        if (at.Has("ftz") && format.Bits == 32)
        {
            bits = format.FlushSubnormal(bits);
        }
        if (at.Has("relu") && !format.IsNaN(bits) && (bits & format.SignBit) != 0)
        {
            return 0;
        }
        return at.Has("sat") ? FloatInstructions.Saturate(format, bits) : bits;
    }

    private static Rounding? WholeRounding(Instruction at) =>
        at.Has("rni") ? Rounding.NearestEven
        : at.Has("rzi") ? Rounding.Zero
        : at.Has("rmi") ? Rounding.Down
        : at.Has("rpi") ? Rounding.Up
        : null;
}
