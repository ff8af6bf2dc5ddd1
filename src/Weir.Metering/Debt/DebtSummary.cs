namespace Weir.Metering.Debt;

/// <summary>What the debt is told apart by.</summary>
public enum DebtDimension
{
    /// <summary>Who pays.</summary>
    Project,

    /// <summary>Who asked.</summary>
    User,

    /// <summary>The workload, or the lease where there is none.</summary>
    Workload,

    /// <summary>The program that ran.</summary>
    Program,

    /// <summary>The device.</summary>
    Device,

    /// <summary>The kind of device.</summary>
    Model,

    /// <summary>The node.</summary>
    Node,

    /// <summary>The pool.</summary>
    Pool,
}

/// <summary>Where the time of devices went: together, over time, and by one dimension.</summary>
public sealed class DebtSummary
{
    private DebtParts _total;
    private MemoryParts _memory;

    private DebtSummary(TimeGrid grid)
    {
        Grid = grid;
        Trend = new DebtParts[grid.Count];
    }

    /// <summary>Which time.</summary>
    public TimeGrid Grid { get; }

    /// <summary>All together.</summary>
    public DebtParts Total => _total;

    /// <summary>Device memory, all together.</summary>
    public MemoryParts Memory => _memory;

    /// <summary>All together, per bucket.</summary>
    public DebtParts[] Trend { get; }

    /// <summary>By key; "" is nobody's.</summary>
    public Dictionary<string, DebtGroup> Groups { get; } = new(StringComparer.Ordinal);

    /// <summary>Works it out.</summary>
    /// <param name="input">What is known.</param>
    /// <param name="by">What to tell apart.</param>
    /// <param name="price">What a microsecond of a device costs at a time, or null where no price is known; null: nobody wants to know.</param>
    public static DebtSummary Of(DebtInput input, DebtDimension by, Func<DeviceTimeline, long, decimal?>? price = null)
    {
        var summary = new DebtSummary(input.Grid);
        var prices = new Dictionary<(string, int), decimal?>();
        DebtCalculator.Run(
            input,
            line =>
            {
                summary._total.Add(line.Parts);
                summary._memory.Add(line.Memory);
                summary.Trend[line.Bucket].Add(line.Parts);
                string key = Key(line, by);
                if (!summary.Groups.TryGetValue(key, out DebtGroup? group))
                {
                    group = new DebtGroup(key);
                    summary.Groups.Add(key, group);
                }
                decimal? each = null;
                if (price is not null && !prices.TryGetValue((line.Device.Model, line.Bucket), out each))
                {
                    each = price(line.Device, input.Grid.From + line.Bucket * input.Grid.StepMs);
                    prices.Add((line.Device.Model, line.Bucket), each);
                }
                group.Add(line, each);
            }
        );
        return summary;
    }

    /// <summary>What a line belongs to.</summary>
    public static string Key(in DebtLine line, DebtDimension by) =>
        by switch
        {
            DebtDimension.Project => line.Holding?.Project ?? "",
            DebtDimension.User => line.Holding?.User ?? "",
            DebtDimension.Workload => line.Holding is { } held ? held.Workload ?? held.Lease : "",
            DebtDimension.Program => line.Holding?.Program ?? "",
            DebtDimension.Device => line.Device.Uuid,
            DebtDimension.Model => line.Device.Model,
            DebtDimension.Node => line.Device.Node,
            _ => line.Device.Pool,
        };
}

/// <summary>One project, user, device …</summary>
/// <param name="key">Which; "" is nobody.</param>
public sealed class DebtGroup(string key)
{
    private DebtParts _parts;
    private MemoryParts _memory;

    /// <summary>Which; "" is nobody.</summary>
    public string Key => key;

    /// <summary>Where its time went.</summary>
    public DebtParts Parts => _parts;

    /// <summary>Its device memory.</summary>
    public MemoryParts Memory => _memory;

    /// <summary>What the time it held (or, of a device, was there) costs, as far as prices are known.</summary>
    public decimal Cost { get; private set; }

    /// <summary>What the part of it costs that did no work that counts.</summary>
    public decimal Wasted { get; private set; }

    /// <summary>Device time without a price, microseconds: its cost is unknown, not nothing.</summary>
    public long Unpriced { get; private set; }

    /// <summary>Adds a line.</summary>
    internal void Add(in DebtLine line, decimal? price)
    {
        _parts.Add(line.Parts);
        _memory.Add(line.Memory);
        if (price is { } each)
        {
            Cost += line.Parts.Capacity * each;
            Wasted += line.Parts.Debt * each;
        }
        else
        {
            Unpriced += line.Parts.Capacity;
        }
    }
}
