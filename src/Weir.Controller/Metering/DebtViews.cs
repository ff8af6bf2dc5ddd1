using Weir.Controller.Access;
using Weir.Controller.State;
using Weir.Metering.Debt;
using Weir.Metering.Money;
using Weir.Metering.Usage;
using Weir.Protocol.Rest;

namespace Weir.Controller.Metering;

/// <summary>The debt as people see it: everybody sees the pool, and the share of each of those whom they may touch.</summary>
internal static class DebtViews
{
    /// <summary>All that the caller may not see by name.</summary>
    public const string Others = "(others)";

    public static DebtPartsView Of(in DebtParts parts) =>
        new(
            parts.Capacity,
            parts.Allocated,
            parts.Used,
            parts.Useful,
            parts.Down,
            parts.Stranded,
            parts.QueueWait,
            parts.NoDemand,
            parts.Unmetered,
            parts.IdleHold,
            parts.OverAsk,
            parts.LowUse,
            parts.Lost,
            parts.Residual
        );

    public static DebtMemoryView Of(in MemoryParts memory) => new(memory.Capacity, memory.Allocated, memory.Used);

    public static DebtDimension Dimension(string? by) =>
        Enum.TryParse(by ?? nameof(DebtDimension.Project), ignoreCase: true, out DebtDimension dimension)
        && Enum.IsDefined(dimension)
        && !int.TryParse(by, out _)
            ? dimension
            : throw ControlException.Invalid(
                $"by={by} is not known: {string.Join(", ", Enum.GetNames<DebtDimension>()).ToLowerInvariant()}"
            );

    /// <summary>The input as the caller may see it: holders that are none of his business have no names.</summary>
    public static DebtInput Shown(DebtInput input, Caller caller, ClusterState state)
    {
        if (caller.Operator)
        {
            return input;
        }
        lock (state.Gate)
        {
            return input with
            {
                Holdings =
                [
                    .. input.Holdings.Select(holding =>
                        caller.MayTouch(state, holding.User, holding.Project)
                            ? holding
                            : holding with
                            {
                                Project = Others,
                                User = Others,
                                Workload = Others,
                                Program = Others,
                            }
                    ),
                ],
            };
        }
    }

    public static DebtGroupView Of(DebtGroup group, bool hasPrices) =>
        new(
            group.Key,
            Of(group.Parts),
            Of(group.Memory),
            hasPrices && group.Unpriced < group.Parts.Capacity ? decimal.Round(group.Cost, 6) : null,
            hasPrices && group.Unpriced < group.Parts.Capacity ? decimal.Round(group.Wasted, 6) : null,
            hasPrices ? group.Unpriced : 0
        );

    public static DebtView Of(DebtSummary summary, Resolution resolution, DebtDimension by, long to, PriceList prices)
    {
        bool hasPrices = prices.Entries.Count > 0;
        return new DebtView(
            summary.Grid.From,
            to,
            summary.Grid.StepMs,
            resolution.Name,
            by.ToString().ToLowerInvariant(),
            Of(summary.Total),
            Of(summary.Memory),
            [
                .. summary
                    .Groups.Values.OrderByDescending(group => group.Parts.Debt)
                    .ThenBy(group => group.Key, StringComparer.Ordinal)
                    .Select(group => Of(group, hasPrices)),
            ],
            [.. summary.Trend.Select(parts => Of(parts))],
            hasPrices ? prices.Currency : null,
            Notes(summary)
        );
    }

    /// <summary>What to know when reading the numbers.</summary>
    public static List<string> Notes(DebtSummary summary)
    {
        List<string> notes = [];
        DebtParts total = summary.Total;
        if (total.Capacity == 0)
        {
            notes.Add("No device was there in this time.");
        }
        if (total.Unmetered > 0 && total.Unmetered * 100 > total.Allocated)
        {
            notes.Add(
                $"Of {100.0 * total.Unmetered / total.Allocated:0} % of what was promised it is not known what it was used for: agents were away, or of an older release."
            );
        }
        return notes;
    }
}
