using System.CommandLine;
using Weir.Cli.Pool.Nodes;
using Weir.Protocol.Rest;

namespace Weir.Cli.Pool.Policy;

/// <summary>`weir calendar`: hours at which a project's terms differ.</summary>
internal static class CalendarCommand
{
    public static Command Create()
    {
        var command = new Command("calendar", "Hours at which a project has another quota, weight or priority.")
        {
            Set(),
            List(),
            PoolsCommand.Remove("calendars"),
        };
        return command;
    }

    private static Command Set()
    {
        var name = new Argument<string>("name");
        var project = new Option<string>("--project") { Description = "The project.", Required = true };
        var from = new Option<string>("--from")
        {
            Description = "When it begins, HH:MM of the controller's local time.",
            Required = true,
        };
        var to = new Option<string>("--to")
        {
            Description = "When it ends; not after --from: on the next day.",
            Required = true,
        };
        var days = new Option<string?>("--days") { Description = "Days on which it begins, e.g. mon-fri or sat,sun." };
        var gpus = new Option<double?>("--gpus") { Description = "Devices that are the project's own meanwhile." };
        var weight = new Option<double?>("--weight") { Description = "Its weight meanwhile." };
        var priority = new Option<int?>("--priority") { Description = "Its priority among siblings meanwhile." };
        return new Command("set", "Make or change a calendar.")
        {
            name,
            project,
            from,
            to,
            days,
            gpus,
            weight,
            priority,
        }.Does(
            async (parsed, client, _) =>
            {
                await client.PutAsync(
                    $"v1/calendars/{NodesCommand.Escaped(parsed.GetValue(name)!)}",
                    new CalendarView
                    {
                        Project = parsed.GetValue(project)!,
                        From = parsed.GetValue(from)!,
                        To = parsed.GetValue(to)!,
                        Days = parsed.GetValue(days),
                        ComputeQuota = parsed.GetValue(gpus) is { } devices ? (int)Math.Round(devices * 100) : null,
                        Weight = parsed.GetValue(weight),
                        Priority = parsed.GetValue(priority),
                    },
                    RestJson.Default.CalendarView
                );
                return ExitCodes.Success;
            }
        );
    }

    private static Command List()
    {
        var output = OutputFormat.Option();
        return new Command("list", "List the calendars.") { output }.Does(
            async (parsed, client, _) =>
            {
                var all = await client.GetAsync("v1/calendars", RestJson.Default.CalendarViewArray);
                return parsed.GetValue(output) == "json"
                    ? PoolCommand.Json(all, RestJson.Default.CalendarViewArray)
                    : PoolCommand.Table(
                        "No calendars.",
                        ["CALENDAR", "PROJECT", "HOURS", "DAYS", "QUOTA", "WEIGHT", "PRIORITY"],
                        all.Select(one =>
                            (string[])
                                [
                                    one.Name,
                                    one.Project,
                                    $"{one.From}-{one.To}",
                                    one.Days ?? "every day",
                                    one.ComputeQuota is { } percent ? $"{percent / 100.0:0.##}" : "-",
                                    $"{one.Weight?.ToString("0.##", System.Globalization.CultureInfo.InvariantCulture) ?? "-"}",
                                    $"{one.Priority?.ToString(System.Globalization.CultureInfo.InvariantCulture) ?? "-"}",
                                ]
                        )
                    );
            }
        );
    }
}
