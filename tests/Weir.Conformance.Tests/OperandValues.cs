using Weir.Oracle;

namespace Weir.Conformance.Tests;

/// <summary>Operands for tests: corner values of a type first, then random ones from a fixed seed.</summary>
internal static class OperandValues
{
    public static IEnumerable<ulong> Of(PtxType type, int random, int seed)
    {
        foreach (var corner in Corners(type))
        {
            yield return corner & type.Mask;
        }
        var source = new Random(seed);
        for (var i = 0; i < random; i++)
        {
            yield return Random(type, source);
        }
    }

    public static ulong Random(PtxType type, Random source)
    {
        var bits = (ulong)source.NextInt64(long.MinValue, long.MaxValue);
        if (!type.IsFloat)
        {
            // Values of every magnitude: as many small ones as large ones.
            return (bits >> source.Next(64)) & type.Mask;
        }
        if (type.IsPacked)
        {
            return Random(type.Element, source) | (Random(type.Element, source) << 16);
        }
        return source.Next(4) switch
        {
            // Any bits at all, or numbers of a size where sums and products stay in range, or whole numbers.
            0 => bits & type.Mask,
            1 => FromDouble(type, source.Next(-100_000, 100_000)),
            2 => FromDouble(type, (source.NextDouble() - 0.5) * 8),
            _ => FromDouble(type, (source.NextDouble() - 0.5) * Math.Pow(2, source.Next(-30, 30))),
        };
    }

    private static ulong FromDouble(PtxType type, double value) =>
        SoftFloat.Of(type).Round(SoftFloat.Double.Unpack(BitConverter.DoubleToUInt64Bits(value)), Rounding.NearestEven);

    private static ulong[] Corners(PtxType type) =>
        type switch
        {
            { Kind: 'p' } => [0, 1],
            { Kind: 'h' } => [0, 0x3c00_bc00, 0x7c00_fc00, 0x7e00_0001, 0x8000_7bff, 0x3555_0400],
            { Kind: 'f', Bits: 16 } =>
            [
                0,
                0x8000,
                1,
                0x8001,
                0x3ff,
                0x400,
                0x3c00,
                0xbc00,
                0x7bff,
                0x7c00,
                0xfc00,
                0x7e00,
                0x3800,
            ],
            { Kind: 'm' } => [0, 0x3f80_bf80, 0x7f80_ff80, 0x7fc0_0001, 0x8000_7f7f, 0x3eab_0080],
            { Kind: 'n' } =>
            [
                0,
                0x8000,
                1,
                0x8001,
                0x7f,
                0x80,
                0x3f80,
                0xbf80,
                0x7f7f,
                0x7f80,
                0xff80,
                0x7fc0,
                0x3f00,
                0x3f81,
                0x1000,
                0x9f81,
            ],
            { Kind: 'f', Bits: 32 } =>
            [
                0,
                0x8000_0000,
                1,
                0x8000_0001,
                0x007f_ffff,
                0x807f_ffff,
                0x0080_0000,
                0x8080_0000,
                0x3f80_0000,
                0xbf80_0000,
                0x7f7f_ffff,
                0xff7f_ffff,
                0x7f80_0000,
                0xff80_0000,
                0x7fc0_0000,
                0xffc0_0001,
                0x7f80_0001,
                0x3f00_0000,
                0x3fc0_0000,
                0xc020_0000,
                0x4b00_0001,
                0x4eff_ffff,
                0x4f00_0000,
                0xcf00_0000,
                0xcf00_0001,
                0x4f80_0000,
                0x5f00_0000,
                0xdf00_0000,
                0x5f80_0000,
                0x437f_0000,
                0x4380_0000,
                0x0000_4000,
                0x3f7f_ffff,
                0x3f80_0001,
            ],
            { Kind: 'f' } =>
            [
                0,
                1UL << 63,
                1,
                0x000f_ffff_ffff_ffff,
                0x0010_0000_0000_0000,
                0x3ff0_0000_0000_0000,
                0xbff0_0000_0000_0000,
                0x7fef_ffff_ffff_ffff,
                0xffef_ffff_ffff_ffff,
                0x7ff0_0000_0000_0000,
                0xfff0_0000_0000_0000,
                0x7ff8_0000_0000_0000,
                0xfff8_0000_0000_0001,
                0x3fe0_0000_0000_0000,
                0x3ff8_0000_0000_0000,
                0xc004_0000_0000_0000,
                0x41df_ffff_ffc0_0000,
                0x41e0_0000_0000_0000,
                0xc1e0_0000_0000_0000,
                0x43e0_0000_0000_0000,
                0xc3e0_0000_0000_0000,
                0x43f0_0000_0000_0000,
                0x36a0_0000_0000_0000,
                0x3690_0000_0000_0000,
                0x47ef_ffff_f000_0000,
                0x380f_ffff_f000_0000,
            ],
            _ =>
            [
                0,
                1,
                2,
                3,
                7,
                8,
                31,
                32,
                33,
                63,
                64,
                255,
                256,
                0x7f,
                0x80,
                0x7fff,
                0x8000,
                0xffff,
                0x7fff_ffff,
                0x8000_0000,
                0xffff_ffff,
                ulong.MaxValue,
                ulong.MaxValue - 1,
                ulong.MaxValue >> 1,
                1UL << 63,
                0x1234_5678_9abc_def0,
            ],
        };
}
