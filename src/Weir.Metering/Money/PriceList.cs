namespace Weir.Metering.Money;

/// <summary>What devices cost, by kind and time. What no entry covers has no price, which is not the same as costing nothing.</summary>
/// <param name="Currency">Three letters (ISO 4217).</param>
/// <param name="Entries">Prices; of several that cover a moment the first counts.</param>
public sealed record PriceList(string Currency, IReadOnlyList<PriceEntry> Entries)
{
    private const decimal MicrosecondsPerHour = 3_600_000_000m;

    /// <summary>A list without prices.</summary>
    public static PriceList None { get; } = new("EUR", []);

    /// <summary>What is wrong with it; null: nothing.</summary>
    public string? Problem()
    {
        if (Currency is not { Length: 3 } || !Currency.All(char.IsAsciiLetterUpper))
        {
            return $"\"{Currency}\" is no currency: three capital letters, e.g. EUR";
        }
        foreach (PriceEntry entry in Entries)
        {
            if (entry.PerHour < 0 || entry.ListPerHour < 0)
            {
                return $"the price of \"{entry.Model}\" is negative";
            }
            if (entry.FromHour is < 0 or > 24 || entry.ToHour is < 0 or > 24)
            {
                return $"the hours of \"{entry.Model}\" are {entry.FromHour} to {entry.ToHour}: write 0 to 24";
            }
            if (entry.From is { } from && entry.To is { } to && from >= to)
            {
                return $"the price of \"{entry.Model}\" ends before it begins";
            }
        }
        return null;
    }

    /// <summary>The entry that covers a device at a time; null: it has no price then.</summary>
    /// <param name="model">As the device's driver names it.</param>
    /// <param name="time">Unix time, milliseconds.</param>
    public PriceEntry? Find(string model, long time) => Entries.FirstOrDefault(entry => entry.Covers(model, time));

    /// <summary>What a microsecond of a whole device costs; null: it has no price then.</summary>
    public decimal? PerMicrosecond(string model, long time) => Find(model, time)?.PerHour / MicrosecondsPerHour;
}

/// <summary>A price.</summary>
/// <param name="Model">A part of the device's model, in any case; "*": every model.</param>
/// <param name="PerHour">Of one device, with all that it needs.</param>
/// <param name="ListPerHour">What a cloud asks for the like, for comparison; null: unknown.</param>
/// <param name="From">From this time on, Unix time in milliseconds; null: since ever.</param>
/// <param name="To">Until then; null: for ever.</param>
/// <param name="FromHour">Only from this hour of the day on, UTC.</param>
/// <param name="ToHour">Until this hour; smaller than <paramref name="FromHour"/>: over midnight.</param>
public sealed record PriceEntry(
    string Model,
    decimal PerHour,
    decimal? ListPerHour = null,
    long? From = null,
    long? To = null,
    int? FromHour = null,
    int? ToHour = null
)
{
    /// <summary>Whether it is the price of that model then.</summary>
    public bool Covers(string model, long time)
    {
        if (
            (Model != "*" && !model.Contains(Model, StringComparison.OrdinalIgnoreCase))
            || time < (From ?? long.MinValue)
            || time >= (To ?? long.MaxValue)
        )
        {
            return false;
        }
        int hour = DateTimeOffset.FromUnixTimeMilliseconds(time).Hour;
        int begin = FromHour ?? 0;
        int end = ToHour ?? 24;
        return begin <= end ? hour >= begin && hour < end : hour >= begin || hour < end;
    }
}
