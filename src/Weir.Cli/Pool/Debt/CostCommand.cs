using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Weir.Protocol.Rest;

namespace Weir.Cli.Pool.Debt;

/// <summary>`weir cost`, `weir cost prices`.</summary>
internal static class CostCommand
{
    public static Command Create()
    {
        Option<string> by = DebtCommand.ByOption();
        var output = OutputFormat.Option();
        var span = new TimeSpanOptions();
        var command = new Command("cost", "What the time of devices cost, and what of it did no work.") { by, output };
        span.AddTo(command);
        command.Does(
            async (parsed, client, _) =>
            {
                var view = await client.GetAsync(
                    $"v1/cost?by={parsed.GetValue(by)}{span.Query(parsed)}",
                    RestJson.Default.CostView
                );
                return parsed.GetValue(output) == "json"
                    ? PoolCommand.Json(view, RestJson.Default.CostView)
                    : Show(view);
            }
        );
        command.Subcommands.Add(CreatePrices());
        return command;
    }

    private static Command CreatePrices()
    {
        var command = new Command("prices", "Show the price list as JSON, in the form that `set` takes.");
        command.Does(
            async (_, client, _) =>
                PoolCommand.Json(
                    await client.GetAsync("v1/prices", RestJson.Default.PriceListView),
                    RestJson.Default.PriceListView
                )
        );
        var file = new Argument<string>("file")
        {
            Description = "JSON: {\"currency\":\"EUR\",\"entries\":[{\"model\":\"A100\",\"perHour\":1.9}]}",
        };
        command.Subcommands.Add(
            new Command("set", "Set the price list.") { file }.Does(
                async (parsed, client, _) =>
                {
                    PriceListView list = Read(parsed.GetValue(file)!);
                    list = await client.PutAsync("v1/prices", list, RestJson.Default.PriceListView);
                    Console.WriteLine($"{list.Entries.Count} prices in {list.Currency}.");
                    return ExitCodes.Success;
                }
            )
        );
        return command;
    }

    private static PriceListView Read(string path)
    {
        try
        {
            return JsonSerializer.Deserialize(File.ReadAllBytes(path), RestJson.Default.PriceListView)
                ?? throw new PoolException($"{path} is empty");
        }
        catch (JsonException malformed)
        {
            throw new PoolException($"{path} is no price list: {malformed.Message}");
        }
    }

    private static int Show(CostView view)
    {
        Console.WriteLine($"Cost of device time, {DebtCommand.Span(view.From, view.To)}");
        Console.WriteLine();
        if (view.Currency is { } currency)
        {
            Console.WriteLine($"total          {DebtCommand.Money(view.Total, currency), 18}");
            Console.WriteLine($"  wasted       {DebtCommand.Money(view.Wasted, currency), 18}");
            if (view.ListTotal is { } list)
            {
                Console.WriteLine(
                    $"  list prices  {DebtCommand.Money(list, currency), 18}  (a cloud's, for comparison)"
                );
            }
        }
        Console.WriteLine(
            string.Create(
                CultureInfo.InvariantCulture,
                $"energy         {view.KilowattHours, 14:0.00} kWh  (estimated from how busy devices were)"
            )
        );
        Console.WriteLine(
            string.Create(CultureInfo.InvariantCulture, $"carbon         {view.CarbonKilograms, 14:0.00} kg CO2e")
        );
        Console.WriteLine();
        if (view.Currency is { } unit)
        {
            _ = PoolCommand.Table(
                "",
                [view.By.ToUpperInvariant(), "DEVICE TIME", "COST", "WASTED", "NO PRICE"],
                view.Groups.Select(group =>
                    (string[])
                        [
                            group.Key.Length > 0 ? group.Key : "(nobody)",
                            DebtCommand.Hours(group.Parts.Capacity),
                            DebtCommand.Money(group.Cost, unit),
                            DebtCommand.Money(group.Wasted, unit),
                            group.Unpriced > 0 ? DebtCommand.Hours(group.Unpriced) : "",
                        ]
                )
            );
        }
        foreach (string note in view.Notes)
        {
            Console.WriteLine(note);
        }
        return ExitCodes.Success;
    }
}
