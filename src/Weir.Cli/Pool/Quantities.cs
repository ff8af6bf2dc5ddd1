using System.Globalization;

namespace Weir.Cli.Pool;

/// <summary>Sizes and times as people write them.</summary>
internal static class Quantities
{
    private static readonly (string Suffix, long Factor)[] SizeUnits =
    [
        ("KiB", 1L << 10),
        ("MiB", 1L << 20),
        ("GiB", 1L << 30),
        ("TiB", 1L << 40),
        ("K", 1L << 10),
        ("M", 1L << 20),
        ("G", 1L << 30),
        ("T", 1L << 40),
        ("B", 1),
        ("", 1),
    ];

    private static readonly (string Suffix, long Factor)[] TimeUnits =
    [
        ("ms", 1),
        ("s", 1000),
        ("m", 60_000),
        ("h", 3_600_000),
        ("d", 86_400_000),
    ];

    /// <summary>"8GiB", "512MiB", "1.5G": bytes. Throws <see cref="FormatException"/>.</summary>
    public static long Bytes(string text) =>
        Read(text, SizeUnits) is { } bytes and > 0
            ? bytes
            : throw new FormatException($"\"{text}\" is not a size: write e.g. 8GiB or 512MiB");

    /// <summary>"90s", "15m", "2h", "1d": milliseconds. Throws <see cref="FormatException"/>.</summary>
    public static long Milliseconds(string text) =>
        Read(text, TimeUnits) is { } milliseconds and > 0
            ? milliseconds
            : throw new FormatException($"\"{text}\" is not a time: write e.g. 90s, 15m, 2h or 1d");

    /// <summary>"2", "0.5": thousandths of a processor. Throws <see cref="FormatException"/>.</summary>
    public static int Processors(string text) =>
        decimal.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out decimal number)
        && number is > 0 and <= 4096
            ? (int)(number * 1000)
            : throw new FormatException($"\"{text}\" is not a number of CPUs: write e.g. 2 or 0.5");

    private static long? Read(string text, (string Suffix, long Factor)[] units)
    {
        foreach (var (suffix, factor) in units)
        {
            if (
                text.EndsWith(suffix, StringComparison.OrdinalIgnoreCase)
                && decimal.TryParse(
                    text[..^suffix.Length],
                    NumberStyles.AllowDecimalPoint,
                    CultureInfo.InvariantCulture,
                    out decimal number
                )
                && number < 1_000_000_000_000_000_000m / factor
            )
            {
                return (long)(number * factor);
            }
        }
        return null;
    }
}
