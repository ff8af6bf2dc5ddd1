using Weir.Metering.Debt;
using Weir.Metering.Usage;

namespace Weir.Metering.Tests;

/// <summary>Small pools and what was done with them.</summary>
internal static class Days
{
    public const long Hour = 3_600_000;
    public const long Minute = 60_000;
    public const long Gib = 1L << 30;

    // A multiple of a day.
    public const long Start = 20_000 * Retention.DayMs;

    // A device for an hour, in the unit of the parts.
    public const long DeviceHour = 3_600_000_000;

    public static DeviceTimeline Device(string name = "g0", params (long From, long To, bool Usable)[] spans) =>
        new(
            name,
            "n1",
            "default",
            "Card 80",
            80 * Gib,
            spans.Length == 0
                ? [new DeviceSpan(Start, long.MaxValue, true)]
                : [.. spans.Select(span => new DeviceSpan(Start + span.From, Start + span.To, span.Usable))]
        );

    public static Holding Holding(
        long from,
        long to,
        int compute = 100,
        string lease = "l1",
        string device = "g0",
        long memory = 80 * Gib,
        bool isLost = false,
        string project = "p"
    ) => new(lease, device, project, "u", null, "train", compute, memory, [(Start + from, Start + to)], isLost);

    public static DebtInput Input(
        int hours,
        IReadOnlyList<DeviceTimeline> devices,
        IReadOnlyList<Holding> holdings,
        IReadOnlyList<UsageSeries>? usage = null,
        IReadOnlyList<Waiting>? waiting = null,
        IReadOnlyList<TypicalAsk>? typical = null
    ) => new(new TimeGrid(Start, Hour, hours), devices, holdings, usage ?? [], waiting ?? [], typical ?? []);

    /// <summary>A series by minutes: for each minute how busy, in percent of the device, and how much memory.</summary>
    public static UsageSeries Series(
        int minutes,
        Func<int, int> busyPercent,
        Func<int, bool>? holds = null,
        int share = 100,
        long memory = 0,
        string lease = "l1",
        string device = "g0"
    )
    {
        long[] values = new long[minutes * UsageFields.Count];
        for (int minute = 0; minute < minutes; minute++)
        {
            Span<long> bucket = values.AsSpan(minute * UsageFields.Count, UsageFields.Count);
            long busy = busyPercent(minute) * Minute * 10;
            bucket[(int)UsageField.MeteredMs] = Minute;
            bucket[(int)UsageField.BusyUs] = busy;
            bucket[(int)UsageField.UsedUs] = Math.Min(busy, share * Minute * 10);
            bucket[(int)UsageField.IdleMs] = busy == 0 ? Minute : 0;
            bucket[(int)UsageField.HoldMs] = holds?.Invoke(minute) == true ? Minute : 0;
            bucket[(int)UsageField.PeakBusyPermille] = busyPercent(minute) * 10;
            bucket[(int)UsageField.PeakMemoryKib] = memory >> 10;
            bucket[(int)UsageField.MemoryKibSeconds] = (memory >> 10) * 60;
        }
        return new UsageSeries(lease, device, Start, Minute, values);
    }
}
