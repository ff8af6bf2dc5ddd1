namespace Weir.Protocol.Rest;

/// <summary>Where the time of devices went over a span of time. Amounts are microseconds of whole devices.</summary>
/// <param name="From">Beginning, Unix time in milliseconds.</param>
/// <param name="To">End.</param>
/// <param name="StepMs">Length of the buckets of <paramref name="Trend"/>.</param>
/// <param name="Resolution">"raw", "minutes", "hours" or "days": how fine that time is known.</param>
/// <param name="By">What the groups tell apart.</param>
/// <param name="Total">All devices together.</param>
/// <param name="Memory">Their memory.</param>
/// <param name="Groups">By key; "" is nobody's time. Of other people's projects there is one group, "(others)".</param>
/// <param name="Trend">All devices together, per bucket.</param>
/// <param name="Currency">Of the groups' costs; null: there is no price list.</param>
/// <param name="Notes">What to know when reading it, for people.</param>
public sealed record DebtView(
    long From,
    long To,
    long StepMs,
    string Resolution,
    string By,
    DebtPartsView Total,
    DebtMemoryView Memory,
    IReadOnlyList<DebtGroupView> Groups,
    IReadOnlyList<DebtPartsView> Trend,
    string? Currency,
    IReadOnlyList<string> Notes
);

/// <summary>The parts of time of devices, in microseconds of whole devices; docs/guides/compute-debt.md defines them.</summary>
/// <param name="Capacity">All that was installed.</param>
/// <param name="Allocated">Promised to somebody.</param>
/// <param name="Used">Used.</param>
/// <param name="Useful">Used for work that counts.</param>
/// <param name="Down">Nobody's: out of order.</param>
/// <param name="Stranded">Nobody's: of no use to anything that waits or is typical.</param>
/// <param name="QueueWait">Nobody's although something that would fit waited.</param>
/// <param name="NoDemand">Nobody's, and nobody wanted it.</param>
/// <param name="Unmetered">Somebody's, and it is not known what for.</param>
/// <param name="IdleHold">Somebody's, and nothing ran beyond the grace time.</param>
/// <param name="OverAsk">Somebody's, more than ever needed.</param>
/// <param name="LowUse">Somebody's, not used.</param>
/// <param name="Lost">Used for work that was lost.</param>
/// <param name="Residual">What the parts leave unexplained: 0.</param>
public sealed record DebtPartsView(
    long Capacity,
    long Allocated,
    long Used,
    long Useful,
    long Down,
    long Stranded,
    long QueueWait,
    long NoDemand,
    long Unmetered,
    long IdleHold,
    long OverAsk,
    long LowUse,
    long Lost,
    long Residual
);

/// <summary>Device memory over time, MiB × seconds.</summary>
public sealed record DebtMemoryView(long Capacity, long Allocated, long Used);

/// <summary>One project, user, device …</summary>
/// <param name="Key">Which; "" is nobody.</param>
/// <param name="Parts">Where its time went.</param>
/// <param name="Memory">Its device memory.</param>
/// <param name="Cost">What it costs, as far as prices are known; null: no price is known.</param>
/// <param name="Wasted">What the part of it costs that did no work that counts.</param>
/// <param name="Unpriced">Microseconds of devices without a price: their cost is unknown.</param>
public sealed record DebtGroupView(
    string Key,
    DebtPartsView Parts,
    DebtMemoryView Memory,
    decimal? Cost,
    decimal? Wasted,
    long Unpriced
);

/// <summary>Prices of devices, as an operator sets them.</summary>
/// <param name="Currency">ISO 4217.</param>
/// <param name="Entries">Prices; of several that cover a moment the first counts.</param>
/// <param name="Budgets">What projects may cost in a month: at 50, 80 and 100 % it is told.</param>
public sealed record PriceListView(
    string Currency,
    IReadOnlyList<PriceView> Entries,
    IReadOnlyList<BudgetView>? Budgets = null
);

/// <summary>What a project may cost in a month.</summary>
/// <param name="Project">The project.</param>
/// <param name="PerMonth">In the price list's currency.</param>
public sealed record BudgetView(string Project, decimal PerMonth);

/// <summary>A price.</summary>
/// <param name="Model">A part of the device's model, or "*".</param>
/// <param name="PerHour">Of one device.</param>
/// <param name="ListPerHour">What a cloud asks for the like, for comparison.</param>
/// <param name="From">From then on, Unix time in milliseconds.</param>
/// <param name="To">Until then.</param>
/// <param name="FromHour">From this hour of the day on, UTC.</param>
/// <param name="ToHour">Until this hour of the day.</param>
public sealed record PriceView(
    string Model,
    decimal PerHour,
    decimal? ListPerHour = null,
    long? From = null,
    long? To = null,
    int? FromHour = null,
    int? ToHour = null
);

/// <summary>What time of devices cost.</summary>
/// <param name="From">Beginning, Unix time in milliseconds.</param>
/// <param name="To">End.</param>
/// <param name="By">What the groups tell apart.</param>
/// <param name="Currency">Of all amounts; null: there is no price list.</param>
/// <param name="Total">Of all capacity, as far as prices are known.</param>
/// <param name="ListTotal">The same at cloud list prices, as far as these are known; for comparison.</param>
/// <param name="Wasted">The part of <paramref name="Total"/> that did no work that counts.</param>
/// <param name="Unpriced">Microseconds of devices without a price.</param>
/// <param name="KilowattHours">Energy, estimated from how busy devices were.</param>
/// <param name="CarbonKilograms">Carbon of it.</param>
/// <param name="Groups">By key; "" is nobody's time.</param>
/// <param name="Notes">What to know when reading it.</param>
public sealed record CostView(
    long From,
    long To,
    string By,
    string? Currency,
    decimal? Total,
    decimal? ListTotal,
    decimal? Wasted,
    long Unpriced,
    double KilowattHours,
    double CarbonKilograms,
    IReadOnlyList<DebtGroupView> Groups,
    IReadOnlyList<string> Notes
);
