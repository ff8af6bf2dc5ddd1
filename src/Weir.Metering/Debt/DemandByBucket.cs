namespace Weir.Metering.Debt;

/// <summary>
/// Why a part of a device is nobody's: something waits that would fit (queue-wait, at most as much as waits), something waits and none of it
/// fits (stranded), nothing waits and what is usually asked for would not fit (stranded, by how much of it), or nobody wants it.
/// </summary>
internal sealed class DemandByBucket
{
    private readonly TypicalAsk[] _typical;
    private readonly long _typicalWeight;
    private readonly Dictionary<(int Bucket, string Pool), Demand> _demands = [];
    private readonly long _stepMs;

    public DemandByBucket(DebtInput input)
    {
        _typical = [.. input.Typical];
        _typicalWeight = _typical.Sum(ask => (long)ask.Weight);
        _stepMs = input.Grid.StepMs;
        foreach (Waiting waiting in input.Waiting)
        {
            long from = Math.Max(waiting.From, input.Grid.From);
            long to = Math.Min(waiting.To, input.Grid.To);
            while (from < to)
            {
                int bucket = (int)((from - input.Grid.From) / _stepMs);
                long end = Math.Min(to, input.Grid.From + (bucket + 1) * _stepMs);
                if (!_demands.TryGetValue((bucket, waiting.Pool), out Demand? demand))
                {
                    demand = new Demand();
                    _demands.Add((bucket, waiting.Pool), demand);
                }
                demand.Asks.Add(waiting);
                demand.Begin = Math.Min(demand.Begin, from);
                demand.End = Math.Max(demand.End, end);
                // Percent × milliseconds → microseconds of whole devices.
                demand.Left += (long)waiting.Count * waiting.Compute * (end - from) * 10;
                from = end;
            }
        }
    }

    /// <summary>Divides idle time of a device.</summary>
    public void Divide(
        int bucket,
        DeviceTimeline device,
        long idle,
        int freeCompute,
        long freeMemory,
        ref DebtParts parts
    )
    {
        long awaited = 0;
        if (_demands.TryGetValue((bucket, device.Pool), out Demand? demand))
        {
            awaited = (long)((Int128)idle * (demand.End - demand.Begin) / _stepMs);
            if (
                demand.Asks.Any(ask =>
                    Fits(ask.Compute, ask.MemoryBytes, freeCompute, freeMemory) && Suits(ask, device)
                )
            )
            {
                awaited = Math.Min(awaited, demand.Left);
                demand.Left -= awaited;
                parts.QueueWait += awaited;
            }
            else
            {
                parts.Stranded += awaited;
            }
        }
        long rest = idle - awaited;
        long stranded = (long)((Int128)rest * UnfitPermille(freeCompute, freeMemory) / 1000);
        parts.Stranded += stranded;
        parts.NoDemand += rest - stranded;
    }

    private long UnfitPermille(int freeCompute, long freeMemory)
    {
        if (_typicalWeight == 0)
        {
            return 0;
        }
        long unfit = 0;
        foreach (TypicalAsk ask in _typical)
        {
            unfit += Fits(ask.Compute, ask.MemoryBytes, freeCompute, freeMemory) ? 0 : ask.Weight;
        }
        return unfit * 1000 / _typicalWeight;
    }

    private static bool Suits(Waiting ask, DeviceTimeline device) =>
        ask.Model is null || device.Model.Contains(ask.Model, StringComparison.OrdinalIgnoreCase);

    private static bool Fits(int compute, long memory, int freeCompute, long freeMemory) =>
        compute <= freeCompute && memory <= freeMemory;

    private sealed class Demand
    {
        public List<Waiting> Asks { get; } = [];

        public long Begin { get; set; } = long.MaxValue;

        public long End { get; set; }

        public long Left { get; set; }
    }
}
