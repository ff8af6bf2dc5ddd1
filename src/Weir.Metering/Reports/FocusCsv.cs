using System.Globalization;
using Weir.Metering.Debt;
using Weir.Metering.Money;

namespace Weir.Metering.Reports;

/// <summary>
/// Cost records in the columns of FOCUS 1.2 (FinOps Open Cost and Usage Specification): a row per project, device and charge period, in
/// GPU-hours; what is Weir's own has the prefix x_. A price that is not known leaves its columns empty.
/// </summary>
public static class FocusCsv
{
    private const double UsPerHour = 3.6e9;

    private static readonly string[] s_columns =
    [
        "BilledCost",
        "EffectiveCost",
        "ContractedCost",
        "ListCost",
        "BillingAccountId",
        "BillingAccountName",
        "BillingCurrency",
        "BillingPeriodStart",
        "BillingPeriodEnd",
        "ChargePeriodStart",
        "ChargePeriodEnd",
        "ChargeCategory",
        "ChargeClass",
        "ChargeDescription",
        "PricingQuantity",
        "PricingUnit",
        "ConsumedQuantity",
        "ConsumedUnit",
        "ListUnitPrice",
        "ContractedUnitPrice",
        "PricingCategory",
        "ProviderName",
        "PublisherName",
        "InvoiceIssuerName",
        "ServiceCategory",
        "ServiceName",
        "SkuId",
        "ResourceId",
        "ResourceName",
        "ResourceType",
        "SubAccountId",
        "SubAccountName",
        "x_AllocatedGpuHours",
        "x_UsedGpuHours",
        "x_UsefulGpuHours",
        "x_IdleHoldGpuHours",
        "x_OverAskGpuHours",
    ];

    /// <summary>Writes all rows.</summary>
    /// <param name="to">Where to.</param>
    /// <param name="input">What is known.</param>
    /// <param name="prices">Prices.</param>
    /// <param name="pool">Name of the pool, as billing account.</param>
    public static void Write(TextWriter to, DebtInput input, PriceList prices, string pool)
    {
        Line(to, s_columns);
        Dictionary<(int Bucket, string Project, string Device), (DeviceTimeline Device, DebtParts Parts)> rows = [];
        DebtCalculator.Run(
            input,
            line =>
            {
                if (line.Holding is { } holding)
                {
                    (int, string, string) key = (line.Bucket, holding.Project, line.Device.Uuid);
                    (DeviceTimeline Device, DebtParts Parts) row = rows.GetValueOrDefault(key, (line.Device, default));
                    row.Parts.Add(line.Parts);
                    rows[key] = row;
                }
            }
        );
        foreach (
            var row in rows.OrderBy(row => row.Key.Bucket)
                .ThenBy(row => row.Key.Project, StringComparer.Ordinal)
                .ThenBy(row => row.Key.Device, StringComparer.Ordinal)
        )
        {
            Row(to, input, prices, pool, row.Key.Bucket, row.Key.Project, row.Value.Device, row.Value.Parts);
        }
    }

    private static void Row(
        TextWriter to,
        DebtInput input,
        PriceList prices,
        string pool,
        int bucket,
        string project,
        DeviceTimeline device,
        in DebtParts parts
    )
    {
        long from = input.Grid.From + bucket * input.Grid.StepMs;
        PriceEntry? price = prices.Find(device.Model, from);
        decimal hours = parts.Allocated / (decimal)UsPerHour;
        string cost = Money(price?.PerHour * hours);
        DateTimeOffset begin = DateTimeOffset.FromUnixTimeMilliseconds(from);
        var month = new DateTimeOffset(begin.Year, begin.Month, 1, 0, 0, 0, TimeSpan.Zero);
        Line(
            to,
            [
                cost,
                cost,
                cost,
                Money((price?.ListPerHour ?? price?.PerHour) * hours),
                SafeText.Csv(pool),
                SafeText.Csv(pool),
                prices.Currency,
                Time(month),
                Time(month.AddMonths(1)),
                Time(begin),
                Time(begin.AddMilliseconds(input.Grid.StepMs)),
                "Usage",
                "",
                SafeText.Csv($"{device.Model} held by {project}"),
                Number(hours),
                "GPU-Hours",
                Number(parts.Used / (decimal)UsPerHour),
                "GPU-Hours",
                Money(price?.ListPerHour ?? price?.PerHour),
                Money(price?.PerHour),
                "Standard",
                "Weir",
                "Weir",
                SafeText.Csv(pool),
                "Compute",
                "Accelerators",
                SafeText.Csv(device.Model),
                SafeText.Csv(device.Uuid),
                SafeText.Csv($"{device.Node}/{device.Uuid}"),
                "Accelerator",
                SafeText.Csv(project),
                SafeText.Csv(project),
                Number(hours),
                Number(parts.Used / (decimal)UsPerHour),
                Number(parts.Useful / (decimal)UsPerHour),
                Number(parts.IdleHold / (decimal)UsPerHour),
                Number(parts.OverAsk / (decimal)UsPerHour),
            ]
        );
    }

    private static void Line(TextWriter to, IEnumerable<string> cells)
    {
        to.Write(string.Join(',', cells));
        to.Write("\r\n");
    }

    private static string Time(DateTimeOffset time) =>
        time.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    private static string Number(decimal value) => decimal.Round(value, 6).ToString(CultureInfo.InvariantCulture);

    private static string Money(decimal? value) =>
        value is { } known ? decimal.Round(known, 6).ToString(CultureInfo.InvariantCulture) : "";
}
