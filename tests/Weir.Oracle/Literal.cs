using System.Globalization;

namespace Weir.Oracle;

/// <summary>Constants of the text.</summary>
internal static class Literal
{
    /// <summary>The bits that a constant has in an operation of the given type.</summary>
    public static ulong Bits(string text, bool negative, PtxType type, int line)
    {
        if (text.StartsWith("0f", StringComparison.OrdinalIgnoreCase) && text.Length == 10)
        {
            var bits = uint.Parse(text.AsSpan(2), NumberStyles.HexNumber) ^ (negative ? 0x8000_0000 : 0);
            return type is { Kind: 'f', Bits: not 32 } or { Kind: 'n' } ? Convert(bits, SoftFloat.Single, type) : bits;
        }
        if (text.StartsWith("0d", StringComparison.OrdinalIgnoreCase) && text.Length == 18)
        {
            var bits = ulong.Parse(text.AsSpan(2), NumberStyles.HexNumber) ^ (negative ? 1UL << 63 : 0);
            return type is { Kind: 'f', Bits: not 64 } or { Kind: 'n' } ? Convert(bits, SoftFloat.Double, type) : bits;
        }
        if (text.Contains('.') || type.Kind == 'f')
        {
            var value = double.Parse(text, CultureInfo.InvariantCulture);
            var bits = BitConverter.DoubleToUInt64Bits(negative ? -value : value);
            return type is { Kind: 'f', Bits: not 64 } or { Kind: 'n' } ? Convert(bits, SoftFloat.Double, type) : bits;
        }
        var integer = Integer(text, line);
        return (negative ? 0 - integer : integer) & type.Mask;
    }

    public static ulong Integer(string text, int line)
    {
        var digits = text.TrimEnd('U', 'u');
        try
        {
            return digits switch
            {
                _ when digits.StartsWith("0x", StringComparison.OrdinalIgnoreCase) => System.Convert.ToUInt64(
                    digits[2..],
                    16
                ),
                _ when digits.StartsWith("0b", StringComparison.OrdinalIgnoreCase) => System.Convert.ToUInt64(
                    digits[2..],
                    2
                ),
                _ when digits.Length > 1 && digits[0] == '0' => System.Convert.ToUInt64(digits[1..], 8),
                _ => ulong.Parse(digits, CultureInfo.InvariantCulture),
            };
        }
        catch (Exception e) when (e is FormatException or OverflowException or ArgumentException)
        {
            throw new OracleSyntaxException(line, $"'{text}' is no number");
        }
    }

    private static ulong Convert(ulong bits, SoftFloat from, PtxType to) =>
        SoftFloat.Of(to).Round(from.Unpack(bits), Rounding.NearestEven);
}
