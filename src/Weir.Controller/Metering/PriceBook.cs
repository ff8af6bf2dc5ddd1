using System.Text.Json;
using Weir.Controller.Access;
using Weir.Controller.State;
using Weir.Controller.Store;
using Weir.Metering.Debt;
using Weir.Metering.Findings;
using Weir.Metering.Money;
using Weir.Protocol.Rest;

namespace Weir.Controller.Metering;

/// <summary>The price list and the model of energy, kept in the store's meta table.</summary>
internal sealed class PriceBook(ClusterState state, CommitQueue commits, AuditLog audit)
{
    private const string Key = "prices";
    private const double MicrosecondsPerHour = 3.6e9;

    /// <summary>Prices as they are now.</summary>
    public PriceList List { get; private set; } = PriceList.None;

    /// <summary>What projects may cost in a month.</summary>
    public IReadOnlyList<Budget> Budgets { get; private set; } = [];

    /// <summary>Energy and carbon.</summary>
    public EnergyModel Energy { get; set; } = EnergyModel.Default;

    /// <summary>As people see it.</summary>
    public PriceListView View =>
        new(
            List.Currency,
            [
                .. List.Entries.Select(one => new PriceView(
                    one.Model,
                    one.PerHour,
                    one.ListPerHour,
                    one.From,
                    one.To,
                    one.FromHour,
                    one.ToHour
                )),
            ],
            Budgets.Count == 0 ? null : [.. Budgets.Select(one => new BudgetView(one.Project, one.PerMonth))]
        );

    /// <summary>What a microsecond of a device costs then; null: it has no price.</summary>
    public decimal? Price(DeviceTimeline device, long time) => List.PerMicrosecond(device.Model, time);

    /// <summary>Takes up what was written before.</summary>
    public void Load(StoreSession store)
    {
        if (StoreReader.Meta(store, Key) is { } text)
        {
            PriceListView view = JsonSerializer.Deserialize(text, RestJson.Default.PriceListView)!;
            (List, Budgets) = (Of(view), BudgetsOf(view));
        }
    }

    /// <summary>Sets it.</summary>
    public async Task SetAsync(Caller caller, PriceListView view)
    {
        if (view.Entries is null || view.Entries.Any(one => string.IsNullOrWhiteSpace(one.Model)))
        {
            throw ControlException.Invalid("every price names a model, or \"*\"");
        }
        PriceList list = Of(view);
        if (list.Problem() is { } problem)
        {
            throw ControlException.Invalid(problem);
        }
        if (view.Budgets?.Any(one => string.IsNullOrEmpty(one.Project) || one.PerMonth <= 0) == true)
        {
            throw ControlException.Invalid("a budget names a project and an amount above nothing");
        }
        lock (state.Gate)
        {
            (List, Budgets) = (list, BudgetsOf(view));
            audit.Add(caller, "prices.set", "prices", $"{list.Entries.Count} entries, {list.Currency}");
            commits.Post(
                new StoreWrite(Writes.Meta(Key, JsonSerializer.Serialize(view, RestJson.Default.PriceListView)))
            );
        }
        await commits.FlushAsync();
    }

    /// <summary>What a span of time cost.</summary>
    public CostView Cost(DebtInput input, DebtDimension by, long to)
    {
        DebtSummary summary = DebtSummary.Of(input, by, Price);
        bool hasPrices = List.Entries.Count > 0;
        decimal list = 0;
        double energy = 0;
        double carbon = 0;
        DebtCalculator.Run(
            input,
            line =>
            {
                long time = input.Grid.From + line.Bucket * input.Grid.StepMs;
                decimal? perHour = List.Find(line.Device.Model, time)?.ListPerHour;
                list += line.Parts.Capacity * (perHour ?? 0) / (decimal)MicrosecondsPerHour;
                double hours = Energy.KilowattHours(line.Parts.Capacity, line.Parts.Used);
                energy += hours;
                carbon += Energy.Kilograms(hours, DateTimeOffset.FromUnixTimeMilliseconds(time).Hour);
            }
        );
        long unpriced = summary.Groups.Values.Sum(group => group.Unpriced);
        List<string> notes = DebtViews.Notes(summary);
        if (!hasPrices)
        {
            notes.Add("There is no price list: `weir cost prices set FILE` sets one.");
        }
        else if (unpriced > 0)
        {
            notes.Add(
                FormattableString.Invariant(
                    $"{unpriced / MicrosecondsPerHour:0.##} device hours have no price in the list: their cost is unknown and in no sum."
                )
            );
        }
        bool isKnown = hasPrices && unpriced < summary.Total.Capacity;
        return new CostView(
            summary.Grid.From,
            to,
            by.ToString().ToLowerInvariant(),
            hasPrices ? List.Currency : null,
            isKnown ? decimal.Round(summary.Groups.Values.Sum(group => group.Cost), 6) : null,
            list > 0 ? decimal.Round(list, 6) : null,
            isKnown ? decimal.Round(summary.Groups.Values.Sum(group => group.Wasted), 6) : null,
            hasPrices ? unpriced : summary.Total.Capacity,
            energy,
            carbon,
            [
                .. summary
                    .Groups.Values.OrderByDescending(group => group.Cost)
                    .ThenByDescending(group => group.Parts.Capacity)
                    .Select(group => DebtViews.Of(group, hasPrices)),
            ],
            notes
        );
    }

    private static Budget[] BudgetsOf(PriceListView view) =>
        [.. (view.Budgets ?? []).Select(one => new Budget(one.Project, one.PerMonth))];

    private static PriceList Of(PriceListView view) =>
        new(
            view.Currency,
            [
                .. view.Entries.Select(one => new PriceEntry(
                    one.Model,
                    one.PerHour,
                    one.ListPerHour,
                    one.From,
                    one.To,
                    one.FromHour,
                    one.ToHour
                )),
            ]
        );
}
