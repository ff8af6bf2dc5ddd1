using System.Numerics;

namespace Weir.Oracle;

/// <summary>IEEE rounding directions, and ties away from zero (.rna).</summary>
internal enum Rounding
{
    NearestEven,
    Zero,
    Down,
    Up,
    NearestAway,
}

/// <summary>
/// An exact number: NaN, an infinity, or ±<see cref="Magnitude"/> × 2^<see cref="Exponent"/> with any number of bits.
/// </summary>
internal readonly record struct ExactNumber(
    bool IsNaN,
    bool IsInfinite,
    bool Negative,
    BigInteger Magnitude,
    int Exponent
)
{
    public static readonly ExactNumber NaN = new(true, false, false, 0, 0);

    public static ExactNumber Infinity(bool negative) => new(false, true, negative, 0, 0);

    public static ExactNumber Finite(bool negative, BigInteger magnitude, int exponent) =>
        new(false, false, negative, magnitude, exponent);

    public static ExactNumber Integer(Int128 value) => Finite(value < 0, (BigInteger)Int128.Abs(value), 0);

    public bool IsZero => !IsNaN && !IsInfinite && Magnitude.IsZero;

    public ExactNumber Negate() => this with { Negative = !Negative };
}

/// <summary>
/// Floating-point arithmetic done with whole numbers: exact first, rounded once at the end. Slow and plain; the
/// meaning of every rounding mode is visible in <see cref="Round"/>.
/// </summary>
/// <param name="Bits">Width of the format.</param>
/// <param name="FractionBits">Stored fraction bits.</param>
internal sealed record SoftFloat(int Bits, int FractionBits)
{
    public static readonly SoftFloat Half = new(16, 10);
    public static readonly SoftFloat Single = new(32, 23);
    public static readonly SoftFloat Double = new(64, 52);

    /// <summary>The upper half of a single: bf16.</summary>
    public static readonly SoftFloat Brain = new(16, 7);

    public static SoftFloat Of(PtxType type) =>
        type switch
        {
            { Kind: 'n' } => Brain,
            { Bits: 16 } => Half,
            { Bits: 32 } => Single,
            { Bits: 64 } => Double,
            _ => throw new ArgumentOutOfRangeException(nameof(type)),
        };

    private int ExponentMask => (1 << (Bits - 1 - FractionBits)) - 1;

    private int Bias => ExponentMask >> 1;

    private ulong FractionMask => (1UL << FractionBits) - 1;

    public ulong SignBit => 1UL << (Bits - 1);

    private ulong InfinityBits => (ulong)ExponentMask << FractionBits;

    /// <summary>The NaN that PTX instructions answer: all fraction bits set, except that f64 has the usual quiet one.</summary>
    public ulong CanonicalNaN => Bits == 64 ? 0x7ff8_0000_0000_0000 : SignBit - 1;

    public bool IsNaN(ulong bits) => (bits & ~SignBit) > InfinityBits;

    public bool IsSubnormal(ulong bits) => (bits & InfinityBits) == 0 && (bits & FractionMask) != 0;

    public ulong FlushSubnormal(ulong bits) => IsSubnormal(bits) ? bits & SignBit : bits;

    public ulong One => (ulong)Bias << FractionBits;

    public ExactNumber Unpack(ulong bits)
    {
        var negative = (bits & SignBit) != 0;
        var exponent = (int)((bits >> FractionBits) & (ulong)ExponentMask);
        var fraction = bits & FractionMask;
        if (exponent == ExponentMask)
        {
            return fraction == 0 ? ExactNumber.Infinity(negative) : ExactNumber.NaN;
        }
        return exponent == 0
            ? ExactNumber.Finite(negative, fraction, 1 - Bias - FractionBits)
            : ExactNumber.Finite(negative, fraction | (1UL << FractionBits), exponent - Bias - FractionBits);
    }

    public ulong Round(ExactNumber number, Rounding rounding)
    {
        var sign = number.Negative ? SignBit : 0;
        if (number.IsNaN)
        {
            return CanonicalNaN;
        }
        if (number.IsInfinite)
        {
            return sign | InfinityBits;
        }
        if (number.IsZero)
        {
            return sign;
        }
        // The unit in the last place: precision below the leading bit, but never below the smallest subnormal.
        var leading = number.Exponent + (int)number.Magnitude.GetBitLength() - 1;
        var unit = Math.Max(leading - FractionBits, 1 - Bias - FractionBits);
        var (units, _) = RoundToUnit(number, unit, rounding);
        if (units.GetBitLength() > FractionBits + 1)
        {
            units >>= 1; // all ones became a power of two
            unit++;
        }
        var exponent = unit + FractionBits + Bias;
        if (units.GetBitLength() <= FractionBits)
        {
            return sign | (ulong)units; // zero or subnormal
        }
        if (exponent >= ExponentMask)
        {
            var towardsZero =
                rounding == Rounding.Zero
                || (rounding == Rounding.Down && !number.Negative)
                || (rounding == Rounding.Up && number.Negative);
            return sign | (towardsZero ? InfinityBits - 1 : InfinityBits);
        }
        return sign | ((ulong)exponent << FractionBits) | ((ulong)units & FractionMask);
    }

    /// <summary>The magnitude as a whole number of 2^unit, rounded.</summary>
    public static (BigInteger Units, bool Inexact) RoundToUnit(ExactNumber number, int unit, Rounding rounding)
    {
        var shift = unit - number.Exponent;
        if (shift <= 0)
        {
            return (number.Magnitude << -shift, false);
        }
        var whole = number.Magnitude >> shift;
        var rest = number.Magnitude - (whole << shift);
        var half = BigInteger.One << (shift - 1);
        var up = rounding switch
        {
            Rounding.Zero => false,
            Rounding.Down => number.Negative && !rest.IsZero,
            Rounding.Up => !number.Negative && !rest.IsZero,
            Rounding.NearestAway => rest >= half,
            _ => rest > half || (rest == half && !whole.IsEven),
        };
        return (up ? whole + 1 : whole, !rest.IsZero);
    }

    public ulong Add(ulong a, ulong b, Rounding rounding) => Round(Sum(Unpack(a), Unpack(b), rounding), rounding);

    public ulong Multiply(ulong a, ulong b, Rounding rounding) => Round(Product(Unpack(a), Unpack(b)), rounding);

    public ulong MultiplyAdd(ulong a, ulong b, ulong c, Rounding rounding) =>
        Round(Sum(Product(Unpack(a), Unpack(b)), Unpack(c), rounding), rounding);

    public ulong Divide(ulong a, ulong b, Rounding rounding) => Round(Quotient(Unpack(a), Unpack(b)), rounding);

    public ulong SquareRoot(ulong a, Rounding rounding) => Round(Root(Unpack(a)), rounding);

    private static ExactNumber Sum(ExactNumber a, ExactNumber b, Rounding rounding)
    {
        if (a.IsNaN || b.IsNaN || (a.IsInfinite && b.IsInfinite && a.Negative != b.Negative))
        {
            return ExactNumber.NaN;
        }
        if (a.IsInfinite || b.IsInfinite)
        {
            return a.IsInfinite ? a : b;
        }
        var exponent = Math.Min(a.Exponent, b.Exponent);
        var sum = Signed(a, exponent) + Signed(b, exponent);
        // An exact zero is positive, except of two negatives and when rounding down.
        var negative = sum.IsZero
            ? (a.Negative && b.Negative) || (a.Negative != b.Negative && rounding == Rounding.Down)
            : sum.Sign < 0;
        return ExactNumber.Finite(negative, BigInteger.Abs(sum), exponent);
    }

    private static BigInteger Signed(ExactNumber number, int exponent)
    {
        var magnitude = number.Magnitude << (number.Exponent - exponent);
        return number.Negative ? -magnitude : magnitude;
    }

    private static ExactNumber Product(ExactNumber a, ExactNumber b)
    {
        if (a.IsNaN || b.IsNaN || (a.IsInfinite && b.IsZero) || (a.IsZero && b.IsInfinite))
        {
            return ExactNumber.NaN;
        }
        var negative = a.Negative != b.Negative;
        return a.IsInfinite || b.IsInfinite
            ? ExactNumber.Infinity(negative)
            : ExactNumber.Finite(negative, a.Magnitude * b.Magnitude, a.Exponent + b.Exponent);
    }

    /// <summary>Quotient with at least 64 bits; the last one says that a remainder was left.</summary>
    private static ExactNumber Quotient(ExactNumber a, ExactNumber b)
    {
        if (a.IsNaN || b.IsNaN || (a.IsInfinite && b.IsInfinite) || (a.IsZero && b.IsZero))
        {
            return ExactNumber.NaN;
        }
        var negative = a.Negative != b.Negative;
        if (a.IsInfinite || b.IsZero)
        {
            return ExactNumber.Infinity(negative);
        }
        if (b.IsInfinite)
        {
            return ExactNumber.Finite(negative, 0, 0);
        }
        const int Extra = 128;
        var quotient = BigInteger.DivRem(a.Magnitude << Extra, b.Magnitude, out var remainder);
        return ExactNumber.Finite(
            negative,
            (quotient << 1) + (remainder.IsZero ? 0 : 1),
            a.Exponent - b.Exponent - Extra - 1
        );
    }

    private static ExactNumber Root(ExactNumber a)
    {
        if (a.IsNaN || a.IsZero)
        {
            return a;
        }
        if (a.Negative)
        {
            return ExactNumber.NaN;
        }
        if (a.IsInfinite)
        {
            return a;
        }
        var shift = 128 + (a.Exponent & 1);
        var square = a.Magnitude << shift;
        // Newton from above reaches the floor of the root.
        var root = BigInteger.One << (int)((square.GetBitLength() + 1) / 2);
        while (true)
        {
            var next = (root + (square / root)) >> 1;
            if (next >= root)
            {
                break;
            }
            root = next;
        }
        var inexact = root * root != square;
        return ExactNumber.Finite(false, (root << 1) + (inexact ? 1 : 0), ((a.Exponent - shift) / 2) - 1);
    }
}
