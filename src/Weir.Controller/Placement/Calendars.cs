using System.Globalization;
using Weir.Protocol.Rest;
using Weir.Scheduling.Deciding;
using Weir.Scheduling.Fairness;

namespace Weir.Controller.Placement;

/// <summary>Calendars as people write them, for the scheduling library.</summary>
internal static class Calendars
{
    private static readonly string[] Names = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

    // 1 January 1970 was a Thursday; the library's clock begins on a Monday.
    private const double SecondsToMonday = 3 * 86_400;

    /// <summary>What is added to Unix time so that the library's days are local days and its weeks begin on Mondays.</summary>
    public static double Offset(TimeSpan utcOffset) => utcOffset.TotalSeconds + SecondsToMonday;

    /// <summary>The library's rule. Throws <see cref="ControlException"/> when it is not understood.</summary>
    public static CalendarRule Rule(CalendarView view)
    {
        if (view.ComputeQuota is null && view.Weight is null && view.Priority is null)
        {
            throw ControlException.Invalid("the calendar changes nothing: give a quota, a weight or a priority");
        }
        if (view.ComputeQuota < 0 || view.Weight is { } weight && !(weight >= 0 && double.IsFinite(weight)))
        {
            throw ControlException.Invalid("a quota or a weight cannot be below 0");
        }
        return new CalendarRule(view.Project, Second(view.From), Second(view.To))
        {
            Days = Days(view.Days),
            Quota = view.ComputeQuota is { } percent
                ? new Resources(percent * 10L, Resources.Unlimited, Resources.Unlimited)
                : null,
            Weight = view.Weight,
            Priority = view.Priority,
        };
    }

    /// <summary>Calendars for replays, in their order.</summary>
    public static IEnumerable<HistoryCalendar> Past(IEnumerable<CalendarView> calendars) =>
        calendars
            .OrderBy(calendar => calendar.Name, StringComparer.Ordinal)
            .Select(Rule)
            .Select(rule => new HistoryCalendar(
                rule.Project,
                rule.FromSecondOfDay,
                rule.ToSecondOfDay,
                rule.Days,
                rule.Quota?.DeviceMilli,
                rule.Weight,
                rule.Priority
            ));

    /// <summary>Bits of days from a list like "mon-fri,sun"; bit 0 is Monday.</summary>
    internal static int Days(string? text)
    {
        if (string.IsNullOrWhiteSpace(text))
        {
            return 0x7F;
        }
        int bits = 0;
        foreach (string part in text.Split(',', StringSplitOptions.TrimEntries))
        {
            string[] ends = part.Split('-', StringSplitOptions.TrimEntries);
            int from = Day(ends[0], text);
            int to = ends.Length == 2 ? Day(ends[1], text) : from;
            if (ends.Length > 2)
            {
                throw NotDays(text);
            }
            for (int day = from; ; day = (day + 1) % 7)
            {
                bits |= 1 << day;
                if (day == to)
                {
                    break;
                }
            }
        }
        return bits;
    }

    private static int Day(string name, string all)
    {
        int at = Array.IndexOf(Names, name.ToLowerInvariant());
        return at >= 0 ? at : throw NotDays(all);
    }

    private static int Second(string text) =>
        TimeOnly.TryParseExact(text, "HH:mm", CultureInfo.InvariantCulture, DateTimeStyles.None, out var time)
            ? time.Hour * 3600 + time.Minute * 60
            : throw ControlException.Invalid($"\"{text}\" is no time of day: write HH:MM, e.g. 22:00");

    private static ControlException NotDays(string text) =>
        ControlException.Invalid($"\"{text}\" are no days: write e.g. mon-fri, or sat,sun");
}
