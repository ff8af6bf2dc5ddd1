using System.Globalization;

namespace Weir.Devices.Software.KernelServices;

/// <summary>%a of printf: the digits of a double in base 16, behind "0x".</summary>
internal static class HexFloat
{
    private const int MantissaBits = 52;
    private const int MantissaDigits = MantissaBits / 4;
    private const int Bias = 1023;

    /// <summary>Of a number that is finite and not negative; a negative precision means as many digits as there are.</summary>
    public static string Write(double value, int precision)
    {
        ulong bits = BitConverter.DoubleToUInt64Bits(value);
        int exponent = (int)(bits >> MantissaBits);
        ulong mantissa = bits & ((1ul << MantissaBits) - 1);
        ulong lead = exponent == 0 ? 0ul : 1;
        int power =
            value == 0 ? 0
            : exponent == 0 ? 1 - Bias
            : exponent - Bias;
        ulong whole = lead << MantissaBits | mantissa;
        int digits = MantissaDigits;
        if (precision >= 0 && precision < MantissaDigits)
        {
            // To nearest, halves to even.
            int dropped = 4 * (MantissaDigits - precision);
            ulong half = 1ul << (dropped - 1);
            ulong rest = whole & ((1ul << dropped) - 1);
            whole >>= dropped;
            whole += rest > half || (rest == half && (whole & 1) != 0) ? 1ul : 0;
            digits = precision;
        }
        string fraction =
            digits == 0
                ? ""
                : (whole & ((1ul << (4 * digits)) - 1)).ToString("x" + digits, CultureInfo.InvariantCulture);
        fraction = precision < 0 ? fraction.TrimEnd('0') : fraction.PadRight(precision, '0');
        string point = fraction.Length == 0 ? "" : ".";
        string sign = power < 0 ? "-" : "+";
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{whole >> (4 * digits)}{point}{fraction}p{sign}{Math.Abs(power)}"
        );
    }
}
