using System.Globalization;
using System.Text;
using Weir.Metering.Debt;
using Weir.Metering.Findings;
using static Weir.Metering.Reports.SafeText;

namespace Weir.Metering.Reports;

/// <summary>What a report is made of.</summary>
/// <param name="Title">Its heading.</param>
/// <param name="Until">The end of the time that it is about, Unix time in milliseconds.</param>
/// <param name="ByProject">The debt by project, with costs.</param>
/// <param name="ByModel">The debt by kind of device.</param>
/// <param name="Findings">What to fix.</param>
/// <param name="Currency">Of costs; null: there is no price list.</param>
/// <param name="KilowattHours">Energy.</param>
/// <param name="CarbonKilograms">Carbon.</param>
/// <param name="Notes">What to know when reading it.</param>
public sealed record ReportContent(
    string Title,
    long Until,
    DebtSummary ByProject,
    DebtSummary ByModel,
    IReadOnlyList<Finding> Findings,
    string? Currency,
    double KilowattHours,
    double CarbonKilograms,
    IReadOnlyList<string> Notes
);

/// <summary>A report for those who pay: one HTML file that needs nothing else, to be read on a screen or printed.</summary>
public static class HtmlReport
{
    private const double UsPerHour = 3.6e9;

    // Colours that people with any colour vision tell apart, from useful to what is nobody's.
    private static readonly (string Name, string Colour, string What)[] s_parts =
    [
        ("useful", "#1b7f5c", "work that counts"),
        ("lost", "#b3261e", "work that failed or was stopped"),
        ("low-use", "#7fb3d5", "held, needed at times, not used"),
        ("over-ask", "#e6a23c", "held, more than was ever needed"),
        ("idle-hold", "#d95f02", "held without work"),
        ("unmetered", "#9aa0a6", "held, use unknown"),
        ("queue-wait", "#7b61b5", "free while something that fits waited"),
        ("stranded", "#c678a8", "rests that fit nothing"),
        ("down", "#5f6368", "out of order"),
        ("no-demand", "#e3e6e8", "free, and nobody wanted it"),
    ];

    /// <summary>The page.</summary>
    public static string Write(ReportContent content)
    {
        DebtParts total = content.ByProject.Total;
        var page = new StringBuilder();
        page.Append("<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>")
            .Append(Html(content.Title))
            .Append("</title><style>")
            .Append(Style)
            .Append("</style></head><body><main><h1>")
            .Append(Html(content.Title))
            .Append("</h1><p class=\"span\">")
            .Append(Date(content.ByProject.Grid.From))
            .Append(" to ")
            .Append(Date(content.Until))
            .Append(" UTC</p>");
        Cards(page, content, total);
        page.Append("<h2>Where the time went</h2>");
        Bar(page, total);
        Legend(page, total);
        page.Append("<h2>Over time</h2>");
        Trend(page, content.ByProject);
        Groups(page, "By project", content.ByProject, content.Currency);
        Groups(page, "By kind of device", content.ByModel, content.Currency);
        FindingList(page, content.Findings);
        page.Append("<h2>How to read this</h2><ul>");
        foreach (string note in content.Notes)
        {
            page.Append("<li>").Append(Html(note)).Append("</li>");
        }
        page.Append(
            "<li>Device hours count whole devices: half of a device for an hour is half an hour. The parts add up to the capacity exactly.</li><li>Energy is estimated from how busy devices were.</li></ul></main></body></html>"
        );
        return page.ToString();
    }

    private static void Cards(StringBuilder page, ReportContent content, in DebtParts total)
    {
        page.Append("<div class=\"cards\">");
        Card(page, "Capacity", Hours(total.Capacity), "device hours");
        Card(page, "Allocated", Percent(total.Allocated, total.Capacity), "of capacity");
        Card(page, "Used", Percent(total.Used, total.Capacity), "of capacity");
        Card(page, "Useful", Percent(total.Useful, total.Capacity), "of capacity");
        Card(page, "Compute debt", Hours(total.Debt), "device hours that did no work that counts");
        if (content.Currency is { } currency)
        {
            decimal wasted = content.ByProject.Groups.Values.Sum(group => group.Wasted);
            decimal cost = content.ByProject.Groups.Values.Sum(group => group.Cost);
            Card(page, "Cost", $"{cost:N0} {currency}", $"of which {wasted:N0} {currency} for the debt");
        }
        Card(page, "Energy", $"{content.KilowattHours:N0} kWh", $"{content.CarbonKilograms:N0} kg CO2e");
        page.Append("</div>");
    }

    private static void Card(StringBuilder page, string name, string value, string what) =>
        page.Append("<div class=\"card\"><div>")
            .Append(Html(name))
            .Append("</div><strong>")
            .Append(Html(value))
            .Append("</strong><div>")
            .Append(Html(what))
            .Append("</div></div>");

    private static void Bar(StringBuilder page, DebtParts parts)
    {
        page.Append(
            "<svg class=\"bar\" viewBox=\"0 0 1000 36\" preserveAspectRatio=\"none\" role=\"img\" aria-label=\"Parts of the capacity\">"
        );
        double x = 0;
        foreach ((string name, string colour, _) in s_parts)
        {
            double width = parts.Capacity > 0 ? 1000.0 * Amount(parts, name) / parts.Capacity : 0;
            page.Append(
                CultureInfo.InvariantCulture,
                $"<rect x=\"{x:0.##}\" y=\"0\" width=\"{width:0.##}\" height=\"36\" fill=\"{colour}\"/>"
            );
            x += width;
        }
        page.Append("</svg>");
    }

    private static void Legend(StringBuilder page, DebtParts parts)
    {
        page.Append(
            "<table><thead><tr><th>Part</th><th>Device hours</th><th>Of capacity</th><th>Meaning</th></tr></thead><tbody>"
        );
        foreach ((string name, string colour, string what) in s_parts)
        {
            page.Append("<tr><td><i style=\"background:")
                .Append(colour)
                .Append("\"></i>")
                .Append(name)
                .Append("</td><td>")
                .Append(Hours(Amount(parts, name)))
                .Append("</td><td>")
                .Append(Percent(Amount(parts, name), parts.Capacity))
                .Append("</td><td>")
                .Append(what)
                .Append("</td></tr>");
        }
        page.Append("</tbody></table>");
    }

    private static void Trend(StringBuilder page, DebtSummary summary)
    {
        DebtParts[] trend = summary.Trend;
        page.Append(
            "<svg class=\"trend\" viewBox=\"0 0 1000 220\" role=\"img\" aria-label=\"Parts of the capacity over time\">"
        );
        double width = 1000.0 / Math.Max(1, trend.Length);
        long most = Math.Max(1, trend.Max(parts => parts.Capacity));
        for (int i = 0; i < trend.Length; i++)
        {
            double y = 200;
            foreach ((string name, string colour, _) in s_parts)
            {
                double height = 200.0 * Amount(trend[i], name) / most;
                if (height < 0.05)
                {
                    continue;
                }
                y -= height;
                page.Append(
                    CultureInfo.InvariantCulture,
                    $"<rect x=\"{i * width:0.##}\" y=\"{y:0.##}\" width=\"{width + 0.3:0.##}\" height=\"{height:0.##}\" fill=\"{colour}\"/>"
                );
            }
        }
        page.Append("<text x=\"0\" y=\"216\">")
            .Append(Date(summary.Grid.From))
            .Append("</text><text x=\"1000\" y=\"216\" text-anchor=\"end\">")
            .Append(Date(summary.Grid.To))
            .Append("</text></svg>");
    }

    private static void Groups(StringBuilder page, string title, DebtSummary summary, string? currency)
    {
        page.Append("<h2>")
            .Append(title)
            .Append(
                "</h2><table><thead><tr><th></th><th>Device hours</th><th>Used</th><th>Useful</th><th>Held idle</th><th>Asked too much</th>"
            );
        page.Append(currency is null ? "" : "<th>Cost</th><th>Of it for the debt</th>").Append("</tr></thead><tbody>");
        foreach (DebtGroup group in summary.Groups.Values.OrderByDescending(group => group.Parts.Capacity))
        {
            DebtParts parts = group.Parts;
            page.Append("<tr><td>")
                .Append(group.Key.Length > 0 ? Html(group.Key) : "(nobody)")
                .Append("</td><td>")
                .Append(Hours(parts.Capacity))
                .Append("</td><td>")
                .Append(Percent(parts.Used, parts.Capacity))
                .Append("</td><td>")
                .Append(Percent(parts.Useful, parts.Capacity))
                .Append("</td><td>")
                .Append(Hours(parts.IdleHold))
                .Append("</td><td>")
                .Append(Hours(parts.OverAsk))
                .Append("</td>");
            if (currency is not null)
            {
                bool isKnown = group.Unpriced < parts.Capacity;
                page.Append("<td>").Append(isKnown ? $"{group.Cost:N2} {currency}" : "unknown");
                page.Append("</td><td>").Append(isKnown ? $"{group.Wasted:N2} {currency}" : "unknown").Append("</td>");
            }
            page.Append("</tr>");
        }
        page.Append("</tbody></table>");
    }

    private static void FindingList(StringBuilder page, IReadOnlyList<Finding> findings)
    {
        page.Append("<h2>What to fix first</h2>");
        if (findings.Count == 0)
        {
            page.Append("<p>Nothing was found.</p>");
            return;
        }
        page.Append(
            "<table><thead><tr><th>Finding</th><th>About</th><th>Measured</th><th>Would free</th><th>Remedy</th></tr></thead><tbody>"
        );
        foreach (Finding finding in findings.Take(25))
        {
            page.Append("<tr><td>")
                .Append(Html(finding.Detector))
                .Append("</td><td>")
                .Append(
                    Html(
                        finding.Project.Length > 0
                            ? $"{finding.Subject} ({finding.Project}, {finding.User})"
                            : finding.Subject
                    )
                )
                .Append("</td><td>")
                .Append(Html(finding.Evidence))
                .Append("</td><td>")
                .Append(finding.SavingUs > 0 ? Hours(finding.SavingUs) + " h" : "")
                .Append("</td><td>")
                .Append(Html(finding.Remedy))
                .Append("</td></tr>");
        }
        page.Append("</tbody></table>");
    }

    private static long Amount(in DebtParts parts, string name) =>
        name switch
        {
            "useful" => parts.Useful,
            "lost" => parts.Lost,
            "low-use" => parts.LowUse,
            "over-ask" => parts.OverAsk,
            "idle-hold" => parts.IdleHold,
            "unmetered" => parts.Unmetered,
            "queue-wait" => parts.QueueWait,
            "stranded" => parts.Stranded,
            "down" => parts.Down,
            _ => parts.NoDemand,
        };

    private static string Hours(long microseconds) =>
        (microseconds / UsPerHour).ToString("#,0.##", CultureInfo.InvariantCulture);

    private static string Percent(long part, long whole) =>
        whole > 0 ? (100.0 * part / whole).ToString("0.0", CultureInfo.InvariantCulture) + " %" : "–";

    private static string Date(long ms) =>
        DateTimeOffset.FromUnixTimeMilliseconds(ms).ToString("yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture);

    private const string Style = """
        body{font:15px/1.45 system-ui,sans-serif;color:#202124;margin:0;background:#fff}
        main{max-width:1000px;margin:0 auto;padding:24px}
        h1{margin:0 0 4px}h2{margin:32px 0 8px;font-size:19px}.span{color:#5f6368;margin:0 0 16px}
        .cards{display:flex;flex-wrap:wrap;gap:12px}.card{flex:1 1 150px;border:1px solid #dadce0;border-radius:8px;padding:10px 14px;font-size:13px;color:#5f6368}
        .card strong{display:block;font-size:22px;color:#202124}
        svg{display:block;width:100%}.bar{height:36px;border-radius:4px}.trend{height:auto}text{font-size:12px;fill:#5f6368}
        table{border-collapse:collapse;width:100%;font-size:14px}th,td{text-align:right;padding:5px 8px;border-bottom:1px solid #e8eaed;vertical-align:top}
        th:first-child,td:first-child,td:last-child,th:last-child{text-align:left}i{display:inline-block;width:12px;height:12px;border-radius:3px;margin-right:7px}
        @media (prefers-color-scheme:dark){body{background:#16181b;color:#e8eaed}.card{border-color:#3c4043}.card strong{color:#e8eaed}th,td{border-color:#303134}}
        @media print{body{background:#fff;color:#000}.card strong{color:#000}tr{break-inside:avoid}}
        """;
}
