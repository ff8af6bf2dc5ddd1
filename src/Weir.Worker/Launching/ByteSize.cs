using System.Globalization;

namespace Weir.Worker.Launching;

/// <summary>Sizes as people write them: 512MiB, 8GiB, 2g, 1073741824.</summary>
internal static class ByteSize
{
    /// <summary>Bytes of <paramref name="text"/>: a number with an optional decimal part and an optional binary unit.</summary>
    /// <exception cref="FormatException">It is no positive size.</exception>
    public static long Parse(string text)
    {
        int digits = text.AsSpan().IndexOfAnyExceptInRange('0', '9');
        if (digits >= 0 && text[digits] == '.')
        {
            int more = text.AsSpan(digits + 1).IndexOfAnyExceptInRange('0', '9');
            digits = more < 0 ? -1 : digits + 1 + more;
        }
        ReadOnlySpan<char> number = digits < 0 ? text : text.AsSpan(0, digits);
        ReadOnlySpan<char> unit = digits < 0 ? "" : text.AsSpan(digits).Trim();
        int shift = unit switch
        {
            "" or "B" => 0,
            "K" or "k" or "KiB" => 10,
            "M" or "m" or "MiB" => 20,
            "G" or "g" or "GiB" => 30,
            "T" or "t" or "TiB" => 40,
            _ => -1,
        };
        bool ok = decimal.TryParse(
            number,
            NumberStyles.AllowDecimalPoint,
            CultureInfo.InvariantCulture,
            out decimal value
        );
        decimal bytes = ok && shift >= 0 && value < 1L << 40 ? decimal.Truncate(value * (1L << shift)) : 0;
        return bytes is >= 1 and < long.MaxValue
            ? (long)bytes
            : throw new FormatException($"{text} is no size; write for example 8GiB or 512MiB");
    }
}
