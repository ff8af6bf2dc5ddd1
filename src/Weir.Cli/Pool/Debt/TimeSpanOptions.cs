using System.CommandLine;
using System.Globalization;

namespace Weir.Cli.Pool.Debt;

/// <summary>The options --from and --to of commands about a span of time.</summary>
internal sealed class TimeSpanOptions(string usual = "7d")
{
    private readonly Option<string?> _from = new("--from")
    {
        Description =
            $"Beginning: a date or time (UTC), e.g. 2026-10-01 or 2026-10-01T08:00, or how long ago: 90m, 12h, 7d (default: {usual}).",
    };

    private readonly Option<string?> _to = new("--to") { Description = "End, likewise (default: now)." };

    /// <summary>Adds the options to a command.</summary>
    public void AddTo(Command command)
    {
        command.Options.Add(_from);
        command.Options.Add(_to);
    }

    /// <summary>"from=…&amp;to=…" for a query, with "&amp;" before each.</summary>
    /// <param name="parsed">The command line.</param>
    /// <exception cref="PoolException">A time is not understood.</exception>
    public string Query(ParseResult parsed)
    {
        string text = "";
        if (parsed.GetValue(_from) is { } from)
        {
            text += $"&from={Time(from).ToString(CultureInfo.InvariantCulture)}";
        }
        if (parsed.GetValue(_to) is { } to)
        {
            text += $"&to={Time(to).ToString(CultureInfo.InvariantCulture)}";
        }
        return text;
    }

    /// <summary>A time as people write it, Unix time in milliseconds.</summary>
    /// <exception cref="PoolException">It is not understood.</exception>
    public static long Time(string text)
    {
        if (
            DateTimeOffset.TryParse(
                text,
                CultureInfo.InvariantCulture,
                DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal,
                out DateTimeOffset time
            )
        )
        {
            return time.ToUnixTimeMilliseconds();
        }
        double unit = text.Length > 1 ? UnitMs(text[^1]) : 0;
        if (
            unit > 0
            && double.TryParse(
                text[..^1],
                NumberStyles.AllowDecimalPoint,
                CultureInfo.InvariantCulture,
                out double amount
            )
            && amount * unit < 1e14
        )
        {
            return DateTimeOffset.UtcNow.ToUnixTimeMilliseconds() - (long)(amount * unit);
        }
        throw new PoolException(
            $"\"{text}\" is no time: write a date like 2026-10-01, a time like 2026-10-01T08:00 (UTC), or how long ago, like 90m, 12h or 7d"
        );
    }

    private static double UnitMs(char unit) =>
        unit switch
        {
            's' => 1000,
            'm' => 60_000,
            'h' => 3_600_000,
            'd' => 86_400_000,
            'w' => 7 * 86_400_000.0,
            _ => 0,
        };
}
