using Weir.Metering.Debt;

namespace Weir.Metering.Findings;

/// <summary>What a project may cost in a month.</summary>
/// <param name="Project">The project.</param>
/// <param name="PerMonth">Money, in the price list's currency.</param>
public sealed record Budget(string Project, decimal PerMonth);

/// <summary>Warns when half, four fifths and all of a month's budget are spent.</summary>
public static class Budgets
{
    /// <summary>Name of the detector.</summary>
    public const string Detector = "budget";

    private static readonly int[] s_levels = [100, 80, 50];

    /// <summary>Projects that have spent so much of their budget.</summary>
    /// <param name="month">The debt of the month so far, by project, with prices.</param>
    /// <param name="budgets">Budgets.</param>
    /// <param name="currency">Of both.</param>
    public static IEnumerable<Finding> Check(DebtSummary month, IEnumerable<Budget> budgets, string currency)
    {
        foreach (Budget budget in budgets)
        {
            if (!month.Groups.TryGetValue(budget.Project, out DebtGroup? group) || budget.PerMonth <= 0)
            {
                continue;
            }
            decimal part = 100 * group.Cost / budget.PerMonth;
            int level = Array.Find(s_levels, one => part >= one);
            if (level > 0)
            {
                yield return new Finding(
                    Detector,
                    $"{budget.Project}:{level}",
                    budget.Project,
                    "",
                    $"{part:0.#} % of this month's budget are spent: {group.Cost:0.00} of {budget.PerMonth:0.00} {currency}"
                        + (group.Unpriced > 0 ? ", and some time has no price" : ""),
                    0,
                    "See what it was spent for, and what of it did no work.",
                    $"weir cost --by user --from {DateTimeOffset.FromUnixTimeMilliseconds(month.Grid.From):yyyy-MM-dd}",
                    $"{level} % of the budget",
                    month.Grid.From
                );
            }
        }
    }
}
