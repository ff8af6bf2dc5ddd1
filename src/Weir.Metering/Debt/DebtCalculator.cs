using Weir.Metering.Usage;

namespace Weir.Metering.Debt;

/// <summary>
/// The definitions of capacity, allocated, used and useful, and of the parts between them. Each moment of each device is looked at from the top:
/// nobody's or somebody's; then why. See docs/guides/compute-debt.md for the definitions in words.
/// </summary>
public sealed class DebtCalculator
{
    // Percent × milliseconds × this = microseconds of a whole device.
    private const long UsPerPercentMs = 10;
    private const long UsPerMs = 1000;
    private const int Permille = 1000;

    private readonly DebtInput _input;
    private readonly TimeGrid _grid;
    private readonly Dictionary<string, List<Holding>> _byDevice;
    private readonly Dictionary<(string, string), UsageSeries> _usage = [];
    private readonly DemandByBucket _demand;
    private readonly Action<DebtLine> _line;

    private DebtCalculator(DebtInput input, Action<DebtLine> line)
    {
        _input = input;
        _grid = input.Grid;
        _line = line;
        _byDevice = input
            .Holdings.GroupBy(holding => holding.Device, StringComparer.OrdinalIgnoreCase)
            .ToDictionary(group => group.Key, group => group.ToList(), StringComparer.OrdinalIgnoreCase);
        foreach (UsageSeries series in input.Usage)
        {
            _usage[(series.Lease, series.Device)] = series;
        }
        _demand = new DemandByBucket(input);
    }

    /// <summary>Works the debt out.</summary>
    /// <param name="input">What is known.</param>
    /// <param name="line">Told of each device's and each slice's part of each bucket; empty ones are left out.</param>
    public static void Run(DebtInput input, Action<DebtLine> line)
    {
        var calculator = new DebtCalculator(input, line);
        foreach (DeviceTimeline device in input.Devices)
        {
            calculator.Device(device);
        }
    }

    /// <summary>The debt of all devices together.</summary>
    public static DebtParts Total(DebtInput input)
    {
        DebtParts total = default;
        Run(input, line => total.Add(line.Parts));
        return total;
    }

    private void Device(DeviceTimeline device)
    {
        List<Holding> holdings = _byDevice.GetValueOrDefault(device.Uuid) ?? [];
        Slice[] slices = [.. holdings.Select(holding => new Slice(holding, Need(holding, device), Series(holding)))];
        long[] cuts = Cuts(device, holdings);
        int at = 0;
        for (int bucket = 0; bucket < _grid.Count; bucket++)
        {
            long begin = _grid.From + bucket * _grid.StepMs;
            long end = begin + _grid.StepMs;
            DebtParts idle = default;
            MemoryParts memory = default;
            long memoryMib = device.MemoryBytes >> 20;
            List<Slice> present = [.. slices.Where(slice => slice.IsWithin(begin, end))];
            foreach (Slice slice in present)
            {
                slice.Held = 0;
                slice.HeldMs = 0;
            }
            for (long from = begin, to; from < end; from = to)
            {
                while (at < cuts.Length && cuts[at] <= from)
                {
                    at++;
                }
                to = at < cuts.Length ? Math.Min(end, cuts[at]) : end;
                Segment(device, present, bucket, from, to, ref idle);
                if (IsInstalled(device, from, out _))
                {
                    memory.Capacity += memoryMib * (to - from) / 1000;
                }
            }
            if (idle.Capacity > 0)
            {
                _line(new DebtLine(bucket, device, null, idle, memory));
            }
            foreach (Slice slice in present.Where(slice => slice.Held > 0))
            {
                _line(Held(device, slice, bucket, begin, end));
            }
        }
    }

    // A stretch of time in which nothing changes.
    private void Segment(DeviceTimeline device, List<Slice> slices, int bucket, long from, long to, ref DebtParts idle)
    {
        if (!IsInstalled(device, from, out bool isUsable))
        {
            return;
        }
        long length = to - from;
        long capacity = length * UsPerMs;
        long left = capacity;
        int freeCompute = 100;
        long freeMemory = device.MemoryBytes;
        foreach (Slice slice in slices)
        {
            if (!slice.IsHeldAt(from))
            {
                continue;
            }
            // Shares of over-committed devices add up to more than there is: who came first counts first.
            long held = Math.Min(left, slice.Holding.Compute * length * UsPerPercentMs);
            left -= held;
            slice.Held += held;
            slice.HeldMs += length;
            freeCompute -= slice.Holding.Compute;
            freeMemory -= slice.Holding.MemoryBytes;
        }
        // What is held is capacity of its holder's line, what is not of the device's own: together they are all of it.
        idle.Capacity += left;
        if (left == 0)
        {
            return;
        }
        if (!isUsable)
        {
            idle.Down += left;
            return;
        }
        _demand.Divide(bucket, device, left, freeCompute, freeMemory, ref idle);
    }

    private static DebtLine Held(DeviceTimeline device, Slice slice, int bucket, long begin, long end)
    {
        Span<long> sum = stackalloc long[UsageFields.Count];
        sum.Clear();
        if (slice.Series is { } series)
        {
            for (long time = begin; time < end; time += series.StepMs)
            {
                ReadOnlySpan<long> values = series.At(time);
                if (values.Length > 0)
                {
                    UsageFields.Merge(sum, values);
                }
            }
        }
        int compute = slice.Holding.Compute;
        long left = slice.Held;
        DebtParts parts = default;
        parts.Capacity = left;
        long used = Take(ref left, sum[(int)UsageField.UsedUs]);
        if (slice.Holding.IsLost)
        {
            parts.Lost = used;
        }
        else
        {
            parts.Useful = used;
        }
        long metered = Math.Min(slice.HeldMs, sum[(int)UsageField.MeteredMs]);
        parts.Unmetered = Take(ref left, (slice.HeldMs - metered) * compute * UsPerPercentMs);
        long hold = Math.Min(metered, sum[(int)UsageField.HoldMs]);
        parts.IdleHold = Take(ref left, hold * compute * UsPerPercentMs);
        // Percent × thousandths: the part of the device that was never needed, while something ran.
        long excess = Math.Max(0, compute * 10 - slice.NeedPermille);
        parts.OverAsk = Take(ref left, (metered - hold) * excess * UsPerMs / Permille);
        parts.LowUse = left;
        MemoryParts memory = default;
        memory.Allocated = (slice.Holding.MemoryBytes >> 20) * slice.HeldMs / 1000;
        memory.Used = Math.Min(memory.Allocated, sum[(int)UsageField.MemoryKibSeconds] >> 10);
        return new DebtLine(bucket, device, slice.Holding, parts, memory);
    }

    private static long Take(ref long left, long wanted)
    {
        long taken = Math.Clamp(wanted, 0, left);
        left -= taken;
        return taken;
    }

    // What the slice needed at its busiest and its fullest, thousandths of the device: 95 % of its buckets needed no more.
    private int Need(Holding holding, DeviceTimeline device)
    {
        if (Series(holding) is not { } series)
        {
            return Permille;
        }
        List<long> busy = [];
        List<long> memory = [];
        for (int i = 0; i < series.Count; i++)
        {
            ReadOnlySpan<long> values = series.Values.AsSpan(i * UsageFields.Count, UsageFields.Count);
            if (values[(int)UsageField.BusyUs] > 0)
            {
                busy.Add(values[(int)UsageField.PeakBusyPermille]);
                memory.Add(values[(int)UsageField.PeakMemoryKib]);
            }
        }
        if (busy.Count == 0)
        {
            // Nothing ran: that is holding, not asking for too much.
            return Permille;
        }
        long kib = Math.Max(1, device.MemoryBytes >> 10);
        return (int)Math.Min(Permille, Math.Max(Quantile95(busy), Quantile95(memory) * Permille / kib));
    }

    private static long Quantile95(List<long> values)
    {
        values.Sort();
        return values[Math.Min(values.Count - 1, values.Count * 95 / 100)];
    }

    private UsageSeries? Series(Holding holding) => _usage.GetValueOrDefault((holding.Lease, holding.Device));

    private static bool IsInstalled(DeviceTimeline device, long time, out bool isUsable)
    {
        foreach (DeviceSpan span in device.Spans)
        {
            if (time >= span.From && time < span.To)
            {
                isUsable = span.IsUsable;
                return true;
            }
        }
        isUsable = false;
        return false;
    }

    private long[] Cuts(DeviceTimeline device, List<Holding> holdings) =>
        [
            .. device
                .Spans.SelectMany(span => (long[])[span.From, span.To])
                .Concat(holdings.SelectMany(holding => holding.Spans).SelectMany(span => (long[])[span.From, span.To]))
                .Where(time => time > _grid.From && time < _grid.To)
                .Distinct()
                .Order(),
        ];

    private sealed class Slice(Holding holding, int needPermille, UsageSeries? series)
    {
        public Holding Holding => holding;

        public int NeedPermille => needPermille;

        public UsageSeries? Series => series;

        private readonly long _first = holding.Spans.Count == 0 ? long.MaxValue : holding.Spans[0].From;
        private readonly long _last = holding.Spans.Count == 0 ? long.MinValue : holding.Spans[^1].To;

        public bool IsWithin(long begin, long end) => _first < end && _last > begin;

        public long Held { get; set; }

        public long HeldMs { get; set; }

        public bool IsHeldAt(long time)
        {
            foreach ((long from, long to) in holding.Spans)
            {
                if (time >= from && time < to)
                {
                    return true;
                }
            }
            return false;
        }
    }
}
