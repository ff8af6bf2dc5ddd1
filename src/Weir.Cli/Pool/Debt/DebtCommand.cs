using System.CommandLine;
using System.Globalization;
using Weir.Protocol.Rest;

namespace Weir.Cli.Pool.Debt;

/// <summary>`weir debt`: where the time of devices went.</summary>
internal static class DebtCommand
{
    /// <summary>What groups can tell apart.</summary>
    public static readonly string[] Dimensions =
    [
        "project",
        "user",
        "workload",
        "program",
        "device",
        "model",
        "node",
        "pool",
    ];

    public static Command Create()
    {
        Option<string> by = ByOption();
        var output = OutputFormat.Option();
        var span = new TimeSpanOptions();
        var command = new Command(
            "debt",
            "Where the time of devices went: capacity, allocated, used, useful, and the parts between them."
        )
        {
            by,
            output,
        };
        span.AddTo(command);
        return command.Does(
            async (parsed, client, _) =>
            {
                var view = await client.GetAsync(
                    $"v1/debt?by={parsed.GetValue(by)}{span.Query(parsed)}",
                    RestJson.Default.DebtView
                );
                return parsed.GetValue(output) == "json"
                    ? PoolCommand.Json(view, RestJson.Default.DebtView)
                    : Show(view);
            }
        );
    }

    /// <summary>The option --by.</summary>
    public static Option<string> ByOption()
    {
        var by = new Option<string>("--by")
        {
            Description = "What to tell apart.",
            DefaultValueFactory = _ => "project",
        };
        by.AcceptOnlyFromAmong(Dimensions);
        return by;
    }

    /// <summary>Device hours, for people.</summary>
    public static string Hours(long microseconds)
    {
        double hours = microseconds / 3.6e9;
        return hours is > 0 and < 0.01
            ? string.Create(CultureInfo.InvariantCulture, $"{microseconds / 1e6:0.0}s")
            : string.Create(CultureInfo.InvariantCulture, $"{hours:0.00}h");
    }

    /// <summary>A part of a whole, percent.</summary>
    public static string Percent(long part, long whole) =>
        whole > 0 ? string.Create(CultureInfo.InvariantCulture, $"{100.0 * part / whole:0.0} %") : "–";

    /// <summary>A span of time, for people.</summary>
    public static string Span(long from, long to) => $"{Text(from)} to {Text(to)} UTC";

    private static string Text(long ms) =>
        DateTimeOffset.FromUnixTimeMilliseconds(ms).ToString("yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture);

    private static int Show(DebtView view)
    {
        DebtPartsView total = view.Total;
        Console.WriteLine($"Device time, {Span(view.From, view.To)} (by {view.Resolution})");
        Console.WriteLine();
        (string, long, string)[] lines =
        [
            ("capacity", total.Capacity, "all devices"),
            ("  down", total.Down, "out of order, drained, away"),
            ("  stranded", total.Stranded, "too small a rest for what waits or is usual"),
            ("  queue-wait", total.QueueWait, "free while something that fits waited"),
            ("  no-demand", total.NoDemand, "free, and nobody wanted it"),
            ("allocated", total.Allocated, "promised to leases"),
            ("  unmetered", total.Unmetered, "promised, use unknown"),
            ("  idle-hold", total.IdleHold, "held without work, beyond the grace time"),
            ("  over-ask", total.OverAsk, "more than was ever needed"),
            ("  low-use", total.LowUse, "needed at times, not used"),
            ("used", total.Used, ""),
            ("  lost", total.Lost, "for work that failed or was stopped"),
            ("useful", total.Useful, ""),
        ];
        foreach ((string name, long amount, string what) in lines)
        {
            string line = $"{name, -14}{Hours(amount), 12}{Percent(amount, total.Capacity), 9}  {what}";
            Console.WriteLine(line.TrimEnd());
        }
        Console.WriteLine();
        _ = PoolCommand.Table(
            "",
            [
                view.By.ToUpperInvariant(),
                "HELD",
                "USED",
                "USEFUL",
                "IDLE-HOLD",
                "OVER-ASK",
                "LOW-USE",
                "LOST",
                "MEMORY USED",
                .. Cost(view),
            ],
            view.Groups.Where(group => group.Parts.Allocated > 0)
                .Select(group =>
                    (string[])
                        [
                            group.Key,
                            Hours(group.Parts.Allocated),
                            Hours(group.Parts.Used),
                            Percent(group.Parts.Useful, group.Parts.Allocated),
                            Hours(group.Parts.IdleHold),
                            Hours(group.Parts.OverAsk),
                            Hours(group.Parts.LowUse),
                            Hours(group.Parts.Lost),
                            Percent(group.Memory.Used, group.Memory.Allocated),
                            .. view.Currency is null ? [] : (string[])[Money(group.Wasted, view.Currency)],
                        ]
                )
        );
        foreach (string note in view.Notes)
        {
            Console.WriteLine(note);
        }
        return ExitCodes.Success;
    }

    /// <summary>An amount of money, or that it is not known.</summary>
    public static string Money(decimal? amount, string currency) =>
        amount is { } known ? string.Create(CultureInfo.InvariantCulture, $"{known:N2} {currency}") : "unknown";

    private static string[] Cost(DebtView view) => view.Currency is null ? [] : ["WASTED"];
}
