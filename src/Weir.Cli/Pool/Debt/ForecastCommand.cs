using System.CommandLine;
using System.Globalization;
using Weir.Protocol.Rest;

namespace Weir.Cli.Pool.Debt;

/// <summary>`weir forecast`: what will be asked for, and when it exceeds what there is.</summary>
internal static class ForecastCommand
{
    private const long DayMs = 86_400_000;

    public static Command Create()
    {
        var project = new Option<string?>("--project") { Description = "Only this project's demand." };
        var days = new Option<int>("--days")
        {
            Description = "How far, 1 to 120 days: by the hour up to 14, by the day beyond.",
            DefaultValueFactory = _ => 7,
        };
        var more = new Option<int>("--more") { Description = "What would so many more devices change?" };
        var output = OutputFormat.Option();
        return new Command("forecast", "What will be asked for, with intervals, and when devices run out.")
        {
            project,
            days,
            more,
            output,
        }.Does(
            async (parsed, client, _) =>
            {
                string query = FormattableString.Invariant(
                    $"days={parsed.GetValue(days)}&more={parsed.GetValue(more)}"
                );
                if (parsed.GetValue(project) is { } name)
                {
                    query += $"&project={Uri.EscapeDataString(name)}";
                }
                var view = await client.GetAsync($"v1/forecast?{query}", RestJson.Default.ForecastView);
                return parsed.GetValue(output) == "json"
                    ? PoolCommand.Json(view, RestJson.Default.ForecastView)
                    : Show(view);
            }
        );
    }

    private static int Show(ForecastView view)
    {
        Console.WriteLine(
            $"Demand of {view.Project ?? "all projects"} in whole devices; there are {view.Capacity.ToString("0.##", CultureInfo.InvariantCulture)}"
        );
        Console.WriteLine();
        int perDay = (int)Math.Max(1, DayMs / view.StepMs);
        _ = PoolCommand.Table(
            "",
            ["DAY", "EXPECTED", "BUSIEST", "1 OF 10 ABOVE"],
            view.Points.Chunk(perDay)
                .Select(
                    (day, i) =>
                        (string[])
                            [
                                Time(view.From + i * perDay * view.StepMs, "yyyy-MM-dd HH:mm"),
                                Number(day.Average(point => point.Expected)),
                                Number(day.Max(point => point.Expected)),
                                Number(day.Max(point => point.High)),
                            ]
                )
        );
        Console.WriteLine();
        Tell("Devices run out", view.RunsOutAt, view.MayRunOutAt);
        if (view.More > 0)
        {
            Tell($"With {view.More} more they run out", view.WithMoreRunsOutAt, view.WithMoreMayRunOutAt);
        }
        foreach (string note in view.Notes)
        {
            Console.WriteLine(note);
        }
        return ExitCodes.Success;
    }

    private static void Tell(string what, long? expected, long? possible) =>
        Console.WriteLine(
            $"{what}: {(expected is { } at ? Time(at, "yyyy-MM-dd HH:mm") + " UTC" : "not in this time")}"
                + (
                    possible is { } may && may != expected
                        ? $"; in one of ten cases {Time(may, "yyyy-MM-dd HH:mm")} UTC"
                        : ""
                )
        );

    private static string Number(double value) => value.ToString("0.00", CultureInfo.InvariantCulture);

    private static string Time(long ms, string format) =>
        DateTimeOffset.FromUnixTimeMilliseconds(ms).ToString(format, CultureInfo.InvariantCulture);
}
