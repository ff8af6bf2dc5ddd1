using System.Globalization;

namespace Weir.Dashboard.Parts;

/// <summary>Numbers as people read them.</summary>
internal static class Show
{
    private const double UsPerHour = 3.6e9;

    /// <summary>Device hours.</summary>
    public static string Hours(long microseconds) =>
        (microseconds / UsPerHour).ToString(
            microseconds < 36_000_000 ? "0.0000" : "#,0.00",
            CultureInfo.InvariantCulture
        ) + " h";

    /// <summary>A part of a whole.</summary>
    public static string Percent(double part, double whole) =>
        whole > 0 ? (100 * part / whole).ToString("0.0", CultureInfo.InvariantCulture) + " %" : "–";

    /// <summary>Bytes.</summary>
    public static string Bytes(long bytes) =>
        bytes >= 1L << 30
            ? (bytes / (double)(1L << 30)).ToString("0.0", CultureInfo.InvariantCulture) + " GiB"
            : (bytes >> 20).ToString(CultureInfo.InvariantCulture) + " MiB";

    /// <summary>A time of day and date, UTC.</summary>
    public static string Time(long ms) =>
        DateTimeOffset.FromUnixTimeMilliseconds(ms).ToString("yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture);

    /// <summary>How long ago.</summary>
    public static string Ago(long ms)
    {
        double seconds = Math.Max(0, (DateTimeOffset.UtcNow.ToUnixTimeMilliseconds() - ms) / 1000.0);
        return seconds switch
        {
            < 120 => $"{seconds:0} s",
            < 7200 => $"{seconds / 60:0} min",
            < 172_800 => $"{seconds / 3600:0} h",
            _ => $"{seconds / 86_400:0} d",
        };
    }

    /// <summary>Money, or that it is not known.</summary>
    public static string Money(decimal? amount, string? currency) =>
        amount is { } known && currency is not null
            ? $"{known.ToString("N2", CultureInfo.InvariantCulture)} {currency}"
            : "unknown";
}
