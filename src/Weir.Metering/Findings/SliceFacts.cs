using Weir.Metering.Debt;
using Weir.Metering.Usage;

namespace Weir.Metering.Findings;

/// <summary>What is known of a slice that a lease holds or held, over the time looked at.</summary>
public sealed class SliceFacts
{
    private SliceFacts(Holding holding, DeviceTimeline device)
    {
        Holding = holding;
        Device = device;
    }

    /// <summary>Whose.</summary>
    public Holding Holding { get; }

    /// <summary>Of which device.</summary>
    public DeviceTimeline Device { get; }

    /// <summary>Still held at the end.</summary>
    public bool IsHeld { get; private set; }

    /// <summary>How long it was held, milliseconds.</summary>
    public long HeldMs { get; private set; }

    /// <summary>Sums and peaks of all fields.</summary>
    public long[] Totals { get; } = new long[UsageFields.Count];

    /// <summary>Time in which something ran, milliseconds.</summary>
    public long ActiveMs { get; private set; }

    /// <summary>Time without work at the end, milliseconds.</summary>
    public long IdleAtEndMs { get; private set; }

    /// <summary>Its busiest, 95 % of the time that it ran no busier, thousandths of the device.</summary>
    public long BusyPermille { get; private set; }

    /// <summary>Its fullest, likewise, bytes.</summary>
    public long MemoryBytes { get; private set; }

    /// <summary>Memory in use at the end, bytes.</summary>
    public long LastMemoryBytes { get; private set; }

    /// <summary>By how much memory in use grew over the last quarter of the time that it ran, bytes per hour.</summary>
    public double GrowthPerHour { get; private set; }

    /// <summary>A field's sum or peak.</summary>
    public long this[UsageField field] => Totals[(int)field];

    /// <summary>What is known of all slices.</summary>
    public static List<SliceFacts> Of(DebtInput input, long now)
    {
        Dictionary<string, DeviceTimeline> devices = input.Devices.ToDictionary(
            device => device.Uuid,
            StringComparer.OrdinalIgnoreCase
        );
        Dictionary<(string, string), UsageSeries> usage = input.Usage.ToDictionary(series =>
            (series.Lease, series.Device)
        );
        List<SliceFacts> facts = [];
        foreach (Holding holding in input.Holdings.Where(holding => devices.ContainsKey(holding.Device)))
        {
            var one = new SliceFacts(holding, devices[holding.Device]);
            one.HeldMs = holding.Spans.Sum(span => Math.Min(span.To, now) - span.From);
            one.IsHeld = holding.Spans.Count > 0 && holding.Spans[^1].To >= now;
            if (usage.TryGetValue((holding.Lease, holding.Device), out UsageSeries? series))
            {
                one.Read(series);
            }
            facts.Add(one);
        }
        return facts;
    }

    private void Read(UsageSeries series)
    {
        List<long> busy = [];
        List<(long Time, long Kib)> memory = [];
        long idleSince = -1;
        long end = series.From;
        for (int i = 0; i < series.Count; i++)
        {
            ReadOnlySpan<long> bucket = series.Values.AsSpan(i * UsageFields.Count, UsageFields.Count);
            long metered = bucket[(int)UsageField.MeteredMs];
            if (metered == 0)
            {
                continue;
            }
            UsageFields.Merge(Totals, bucket);
            long time = series.From + i * series.StepMs;
            end = time + metered;
            ActiveMs += metered - Math.Min(metered, bucket[(int)UsageField.IdleMs]);
            if (bucket[(int)UsageField.IdleMs] >= metered)
            {
                idleSince = idleSince < 0 ? time : idleSince;
                continue;
            }
            idleSince = -1;
            busy.Add(bucket[(int)UsageField.PeakBusyPermille]);
            memory.Add((time, bucket[(int)UsageField.MemoryKibSeconds] * 1000 / metered));
        }
        IdleAtEndMs = idleSince < 0 ? 0 : end - idleSince;
        if (busy.Count == 0)
        {
            return;
        }
        busy.Sort();
        BusyPermille = busy[Math.Min(busy.Count - 1, busy.Count * 95 / 100)];
        MemoryBytes = this[UsageField.PeakMemoryKib] << 10;
        LastMemoryBytes = memory[^1].Kib << 10;
        (long Time, long Kib) before = memory[memory.Count * 3 / 4];
        double hours = (memory[^1].Time - before.Time) / 3_600_000.0;
        GrowthPerHour = hours > 0 ? (memory[^1].Kib - before.Kib) * 1024 / hours : 0;
    }
}
