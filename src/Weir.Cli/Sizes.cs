using System.Globalization;

namespace Weir.Cli;

/// <summary>Sizes for people.</summary>
internal static class Sizes
{
    /// <summary>Binary units, at most one decimal: 7.8 GiB, 512 MiB.</summary>
    public static string Text(ulong bytes)
    {
        string[] units = ["B", "KiB", "MiB", "GiB", "TiB"];
        double value = bytes;
        int unit = 0;
        while (value >= 1024 && unit < units.Length - 1)
        {
            value /= 1024;
            unit++;
        }
        return string.Create(CultureInfo.InvariantCulture, $"{value:0.#} {units[unit]}");
    }
}
