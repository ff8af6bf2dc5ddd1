using Weir.Scheduling.Fairness;

namespace Weir.Scheduling.Deciding;

/// <summary>Changes a project's terms at certain hours, every week anew: inference by day, training by night.</summary>
/// <param name="Project">Name of the project.</param>
/// <param name="FromSecondOfDay">First second of the day, 0 … 86399.</param>
/// <param name="ToSecondOfDay">The second at which it ends; not after From: on the next day.</param>
public sealed record CalendarRule(string Project, int FromSecondOfDay, int ToSecondOfDay)
{
    private const int Day = 86_400;

    /// <summary>Days on which it begins: bit 0 is the first day of the calendar's clock; all seven by default.</summary>
    public int Days { get; init; } = 0x7F;

    /// <summary>The quota meanwhile; null: as usual.</summary>
    public Resources? Quota { get; init; }

    /// <summary>The weight meanwhile; null: as usual.</summary>
    public double? Weight { get; init; }

    /// <summary>The priority meanwhile; null: as usual.</summary>
    public int? Priority { get; init; }

    /// <summary>True when the rule holds at a time of the calendar's clock (seconds).</summary>
    public bool HoldsAt(double seconds)
    {
        long day = (long)Math.Floor(seconds / Day);
        double second = seconds - day * Day;
        bool overnight = ToSecondOfDay <= FromSecondOfDay;
        if (!overnight)
        {
            return second >= FromSecondOfDay && second < ToSecondOfDay && Begins(day);
        }
        return second >= FromSecondOfDay && Begins(day) || second < ToSecondOfDay && Begins(day - 1);
    }

    /// <summary>The project's terms at a time.</summary>
    public ProjectTerms Change(in ProjectTerms terms) =>
        new(Quota ?? terms.Quota, Weight ?? terms.Weight, Priority ?? terms.Priority);

    private bool Begins(long day) => (Days >> (int)((day % 7 + 7) % 7) & 1) != 0;
}
