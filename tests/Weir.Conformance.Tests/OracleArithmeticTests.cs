using Weir.Oracle;
using Xunit;

namespace Weir.Conformance.Tests;

/// <summary>
/// The oracle's whole-number floating point against the processor's, which is correct in round-to-nearest, and its
/// other roundings against their definition.
/// </summary>
public class OracleArithmeticTests
{
    private static readonly ulong[] Singles = [.. OperandValues.Of(new PtxType('f', 32), 60, seed: 11)];
    private static readonly ulong[] Doubles = [.. OperandValues.Of(new PtxType('f', 64), 60, seed: 12)];

    [Fact]
    public void Single_precision_rounds_to_nearest_as_the_processor_does()
    {
        var soft = SoftFloat.Single;
        foreach (var a in Singles)
        {
            var x = BitConverter.UInt32BitsToSingle((uint)a);
            Same(soft, MathF.Sqrt(x), soft.SquareRoot(a, Rounding.NearestEven), a);
            foreach (var b in Singles)
            {
                var y = BitConverter.UInt32BitsToSingle((uint)b);
                Same(soft, x + y, soft.Add(a, b, Rounding.NearestEven), a, b);
                Same(soft, x * y, soft.Multiply(a, b, Rounding.NearestEven), a, b);
                Same(soft, x / y, soft.Divide(a, b, Rounding.NearestEven), a, b);
                var c = Singles[(a + b) % (ulong)Singles.Length];
                var z = BitConverter.UInt32BitsToSingle((uint)c);
                Same(soft, MathF.FusedMultiplyAdd(x, y, z), soft.MultiplyAdd(a, b, c, Rounding.NearestEven), a, b, c);
            }
        }
    }

    [Fact]
    public void Double_precision_rounds_to_nearest_as_the_processor_does()
    {
        var soft = SoftFloat.Double;
        foreach (var a in Doubles)
        {
            var x = BitConverter.UInt64BitsToDouble(a);
            Same(soft, Math.Sqrt(x), soft.SquareRoot(a, Rounding.NearestEven), a);
            foreach (var b in Doubles)
            {
                var y = BitConverter.UInt64BitsToDouble(b);
                Same(soft, x + y, soft.Add(a, b, Rounding.NearestEven), a, b);
                Same(soft, x * y, soft.Multiply(a, b, Rounding.NearestEven), a, b);
                Same(soft, x / y, soft.Divide(a, b, Rounding.NearestEven), a, b);
                var c = Doubles[(a + b) % (ulong)Doubles.Length];
                var z = BitConverter.UInt64BitsToDouble(c);
                Same(soft, Math.FusedMultiplyAdd(x, y, z), soft.MultiplyAdd(a, b, c, Rounding.NearestEven), a, b, c);
            }
        }
    }

    /// <summary>A product of floats is exact in double precision, so the directions can be checked by comparing.</summary>
    [Fact]
    public void Directed_roundings_enclose_the_exact_product_with_neighbours()
    {
        var soft = SoftFloat.Single;
        foreach (var a in Singles)
        {
            foreach (var b in Singles)
            {
                var exact = (double)BitConverter.UInt32BitsToSingle((uint)a) * BitConverter.UInt32BitsToSingle((uint)b);
                if (!double.IsFinite(exact) || Math.Abs(exact) is > float.MaxValue or < 1e-300 and > 0)
                {
                    continue;
                }
                var down = Single(soft.Multiply(a, b, Rounding.Down));
                var up = Single(soft.Multiply(a, b, Rounding.Up));
                var zero = Single(soft.Multiply(a, b, Rounding.Zero));
                Assert.True(down <= exact && exact <= up, $"{a:x} {b:x}");
                Assert.True(down == up ? down == exact : MathF.BitIncrement(down) == up, $"{a:x} {b:x}");
                Assert.Equal(exact < 0 ? up : down, zero);
            }
        }
    }

    [Fact]
    public void Halves_convert_as_the_processor_does()
    {
        for (var bits = 0; bits <= ushort.MaxValue; bits++)
        {
            var half = BitConverter.UInt16BitsToHalf((ushort)bits);
            var exact = SoftFloat.Single.Round(SoftFloat.Half.Unpack((ulong)bits), Rounding.NearestEven);
            Same(SoftFloat.Single, (float)half, exact, (ulong)bits);
        }
        foreach (var a in Singles)
        {
            var rounded = SoftFloat.Half.Round(SoftFloat.Single.Unpack(a), Rounding.NearestEven);
            var expected = BitConverter.HalfToUInt16Bits((Half)BitConverter.UInt32BitsToSingle((uint)a));
            Assert.True(SoftFloat.Half.IsNaN(rounded) ? SoftFloat.Half.IsNaN(expected) : rounded == expected, $"{a:x}");
        }
    }

    [Fact]
    public void Whole_numbers_become_floats_as_the_processor_does_it()
    {
        foreach (var bits in OperandValues.Of(new PtxType('s', 64), 500, seed: 13))
        {
            var value = (long)bits;
            Same(
                SoftFloat.Single,
                value,
                SoftFloat.Single.Round(ExactNumber.Integer(value), Rounding.NearestEven),
                bits
            );
            Same(
                SoftFloat.Double,
                (double)value,
                SoftFloat.Double.Round(ExactNumber.Integer(value), Rounding.NearestEven),
                bits
            );
        }
    }

    private static float Single(ulong bits) => BitConverter.UInt32BitsToSingle((uint)bits);

    private static void Same(SoftFloat soft, double expected, ulong actual, params ReadOnlySpan<ulong> operands)
    {
        var bits =
            soft.Bits == 32
                ? BitConverter.SingleToUInt32Bits((float)expected)
                : BitConverter.DoubleToUInt64Bits(expected);
        if (double.IsNaN(expected) ? actual != soft.CanonicalNaN : bits != actual)
        {
            Assert.Fail(
                $"{string.Join(' ', operands.ToArray().Select(o => o.ToString("x")))}: {bits:x} expected, {actual:x} found"
            );
        }
    }
}
