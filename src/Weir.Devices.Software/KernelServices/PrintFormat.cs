using System.Globalization;
using System.Text;

namespace Weir.Devices.Software.KernelServices;

/// <summary>
/// The conversions of printf in kernels: those of C without %n, with flags, width and precision, * among them. Arguments lie one after the
/// other, each on its own alignment, as C promotes them: 4 bytes for int, 8 for long, pointers and double.
/// </summary>
internal ref struct PrintFormat(ThreadMemory memory, ulong arguments)
{
    private const int MostTextBytes = 64 << 10;
    private const int MostPrecision = 500;
    private readonly ThreadMemory memory = memory;
    private ulong next = arguments;
    private int count;

    private struct Conversion
    {
        public bool Left;
        public bool Plus;
        public bool Space;
        public bool Alternate;
        public bool Zero;
        public int Width;
        public int Precision;
        public int Bytes;
        public char Letter;
    }

    /// <summary>The text that a format makes; <paramref name="conversions"/> counts the arguments printed.</summary>
    public byte[] Write(ReadOnlySpan<byte> format, out int conversions)
    {
        List<byte> text = [];
        for (int at = 0; at < format.Length && text.Count < MostTextBytes; at++)
        {
            if (format[at] != '%')
            {
                text.Add(format[at]);
                continue;
            }
            int start = at;
            if (!TryParse(format, ref at, out Conversion conversion))
            {
                // As it stands: nobody knows what is meant.
                text.AddRange(format[start..Math.Min(at + 1, format.Length)]);
                continue;
            }
            if (conversion.Letter == '%')
            {
                text.Add((byte)'%');
                continue;
            }
            count++;
            text.AddRange(Convert(conversion));
        }
        conversions = count;
        return [.. text];
    }

    private bool TryParse(ReadOnlySpan<byte> format, ref int at, out Conversion found)
    {
        found = new Conversion { Precision = -1, Bytes = 4 };
        for (at++; at < format.Length; at++)
        {
            switch ((char)format[at])
            {
                case '-':
                    found.Left = true;
                    continue;
                case '+':
                    found.Plus = true;
                    continue;
                case ' ':
                    found.Space = true;
                    continue;
                case '#':
                    found.Alternate = true;
                    continue;
                case '0':
                    found.Zero = true;
                    continue;
            }
            break;
        }
        found.Width = Number(format, ref at);
        if (found.Width < 0)
        {
            found.Left = true;
            found.Width = -found.Width;
        }
        if (at < format.Length && format[at] == '.')
        {
            at++;
            found.Precision = Math.Min(Number(format, ref at), MostPrecision);
        }
        int shortness = 0;
        for (; at < format.Length && "hlLqjzt".Contains((char)format[at], StringComparison.Ordinal); at++)
        {
            shortness += format[at] == 'h' ? 1 : 0;
            found.Bytes = format[at] == 'h' ? 4 : 8;
        }
        if (at >= format.Length)
        {
            return false;
        }
        found.Letter = (char)format[at];
        found.Bytes = shortness switch
        {
            1 => 2,
            > 1 => 1,
            _ => found.Bytes,
        };
        return "diouxXcspfFeEgGaA%".Contains(found.Letter, StringComparison.Ordinal);
    }

    private int Number(ReadOnlySpan<byte> format, ref int at)
    {
        if (at < format.Length && format[at] == '*')
        {
            at++;
            return Math.Clamp((int)Argument(4), -MostTextBytes, MostTextBytes);
        }
        int value = 0;
        for (; at < format.Length && format[at] is >= (byte)'0' and <= (byte)'9'; at++)
        {
            value = Math.Min(value * 10 + format[at] - '0', MostTextBytes);
        }
        return value;
    }

    private ulong Argument(int bytes)
    {
        next = (next + (ulong)bytes - 1) & ~((ulong)bytes - 1);
        _ = memory.TryRead(next, bytes, out ulong value);
        next += (ulong)bytes;
        return value;
    }

    private byte[] Convert(in Conversion conversion)
    {
        switch (conversion.Letter)
        {
            case 'c':
                return Pad(conversion, [(byte)Argument(4)]);
            case 's':
                ulong address = Argument(8);
                int most = conversion.Precision >= 0 ? conversion.Precision : MostTextBytes;
                byte[] text =
                    address == 0 ? "(null)"u8.ToArray()
                    : memory.TryReadText(address, most, out byte[] found) ? found
                    : "(bad address)"u8.ToArray();
                return Pad(conversion, text);
            case 'p':
                ulong pointer = Argument(8);
                string shown = pointer == 0 ? "(nil)" : "0x" + pointer.ToString("x", CultureInfo.InvariantCulture);
                return Pad(conversion, Encoding.ASCII.GetBytes(shown));
            case 'd' or 'i' or 'o' or 'u' or 'x' or 'X':
                return Integer(conversion);
            default:
                return Float(conversion, BitConverter.UInt64BitsToDouble(Argument(8)));
        }
    }

    private byte[] Integer(in Conversion conversion)
    {
        ulong value = Argument(Math.Max(4, conversion.Bytes));
        int unused = 64 - 8 * conversion.Bytes;
        string sign = "";
        if (conversion.Letter is 'd' or 'i')
        {
            long signed = (long)(value << unused) >> unused;
            sign = Sign(conversion, signed < 0);
            value = signed < 0 ? (ulong)-signed : (ulong)signed;
        }
        else
        {
            value = value << unused >> unused;
        }
        string digits = conversion.Letter switch
        {
            'o' => Octal(value),
            'x' => value.ToString("x", CultureInfo.InvariantCulture),
            'X' => value.ToString("X", CultureInfo.InvariantCulture),
            _ => value.ToString(CultureInfo.InvariantCulture),
        };
        digits = conversion.Precision == 0 && value == 0 ? "" : digits;
        digits = conversion.Precision > digits.Length ? digits.PadLeft(conversion.Precision, '0') : digits;
        if (conversion.Alternate)
        {
            sign =
                conversion.Letter is 'x' or 'X' && value != 0 ? "0" + conversion.Letter
                : conversion.Letter == 'o' && !digits.StartsWith('0') ? "0"
                : sign;
        }
        return Pad(conversion, sign, digits, conversion.Zero && conversion.Precision < 0);
    }

    private static byte[] Float(in Conversion conversion, double value)
    {
        string sign = Sign(conversion, double.IsNegative(value));
        double size = Math.Abs(value);
        char letter = char.ToLowerInvariant(conversion.Letter);
        int precision = conversion.Precision < 0 ? 6 : conversion.Precision;
        string digits = !double.IsFinite(value)
            ? double.IsNaN(value)
                ? "nan"
                : "inf"
            : letter switch
            {
                'f' => Fixed(size, precision, conversion.Alternate),
                'e' => Exponential(size, precision, conversion.Alternate),
                'g' => General(size, Math.Max(1, precision), conversion.Alternate),
                _ => HexFloat.Write(size, conversion.Precision),
            };
        if (letter == 'a' && double.IsFinite(value))
        {
            sign += "0x";
        }
        bool upper = char.IsUpper(conversion.Letter);
        return Pad(
            conversion,
            upper ? sign.ToUpperInvariant() : sign,
            upper ? digits.ToUpperInvariant() : digits,
            conversion.Zero && double.IsFinite(value)
        );
    }

    private static string Fixed(double value, int precision, bool point)
    {
        string text = value.ToString(
            "F" + precision.ToString(CultureInfo.InvariantCulture),
            CultureInfo.InvariantCulture
        );
        return precision == 0 && point ? text + "." : text;
    }

    private static string Exponential(double value, int precision, bool point)
    {
        // Custom formats stop at 15 digits; the standard one is exact, with three digits of exponent.
        string text = value.ToString(
            "e" + precision.ToString(CultureInfo.InvariantCulture),
            CultureInfo.InvariantCulture
        );
        int mark = text.IndexOf('e');
        int exponent = int.Parse(text.AsSpan(mark + 1), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
        text = text[..mark] + Exponent(exponent);
        return precision == 0 && point ? text.Insert(text.IndexOf('e'), ".") : text;
    }

    private static string Exponent(int exponent) =>
        (exponent < 0 ? "e-" : "e+") + Math.Abs(exponent).ToString("00", CultureInfo.InvariantCulture);

    private static string General(double value, int precision, bool keepZeros)
    {
        string scientific = Exponential(value, precision - 1, keepZeros);
        int mark = scientific.IndexOf('e');
        int exponent = int.Parse(
            scientific.AsSpan(mark + 1),
            NumberStyles.AllowLeadingSign,
            CultureInfo.InvariantCulture
        );
        if (exponent < precision && exponent >= -4)
        {
            string plain = Fixed(value, precision - 1 - exponent, keepZeros);
            return keepZeros ? plain : Trim(plain);
        }
        return keepZeros ? scientific : Trim(scientific[..mark]) + scientific[mark..];
    }

    private static string Trim(string digits) => digits.Contains('.') ? digits.TrimEnd('0').TrimEnd('.') : digits;

    private static string Octal(ulong value)
    {
        string digits = value == 0 ? "0" : "";
        for (; value != 0; value >>= 3)
        {
            digits = (char)('0' + (value & 7)) + digits;
        }
        return digits;
    }

    private static string Sign(in Conversion conversion, bool isNegative) =>
        isNegative ? "-"
        : conversion.Plus ? "+"
        : conversion.Space ? " "
        : "";

    private static byte[] Pad(in Conversion conversion, string sign, string digits, bool zeros)
    {
        int missing = conversion.Width - sign.Length - digits.Length;
        string text =
            missing <= 0 ? sign + digits
            : conversion.Left ? sign + digits + new string(' ', missing)
            : zeros ? sign + new string('0', missing) + digits
            : new string(' ', missing) + sign + digits;
        return Encoding.ASCII.GetBytes(text);
    }

    private static byte[] Pad(in Conversion conversion, byte[] text)
    {
        int missing = conversion.Width - text.Length;
        if (missing <= 0)
        {
            return text;
        }
        byte[] blanks = new byte[missing];
        Array.Fill(blanks, (byte)' ');
        return conversion.Left ? [.. text, .. blanks] : [.. blanks, .. text];
    }
}
