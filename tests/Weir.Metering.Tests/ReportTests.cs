using Weir.Metering.Debt;
using Weir.Metering.Findings;
using Weir.Metering.Money;
using Weir.Metering.Reports;
using static Weir.Metering.Tests.Days;

namespace Weir.Metering.Tests;

public class ReportTests
{
    private const string Nasty = "<script>alert(1)</script>=cmd";

    [Theory]
    [InlineData("=1+1", "'=1+1")]
    [InlineData("+a", "'+a")]
    [InlineData("-a", "'-a")]
    [InlineData("@a", "'@a")]
    [InlineData("a,b", "\"a,b\"")]
    [InlineData("a\"b", "\"a\"\"b\"")]
    [InlineData("=a\nb", "\"'=a\nb\"")]
    [InlineData("plain", "plain")]
    public void Cells_are_text_and_nothing_else(string text, string cell) => Assert.Equal(cell, SafeText.Csv(text));

    [Fact]
    public void A_report_needs_nothing_else_and_names_in_it_are_text()
    {
        string page = HtmlReport.Write(
            new ReportContent(
                Nasty,
                Start + 2 * Hour,
                Summary(DebtDimension.Project),
                Summary(DebtDimension.Model),
                [new Finding("idle-hold", Nasty, Nasty, Nasty, Nasty, 1, Nasty, Nasty, Nasty, 0)],
                "EUR",
                1,
                2,
                [Nasty]
            )
        );
        Assert.DoesNotContain("<script", page);
        Assert.DoesNotContain("http", page);
        Assert.Contains("&lt;script&gt;", page);
        Assert.Contains("Compute debt", page);
    }

    [Fact]
    public void Cost_records_have_the_columns_and_leave_what_is_not_known_empty()
    {
        using var text = new StringWriter();
        FocusCsv.Write(text, Input(), new PriceList("EUR", [new PriceEntry("Card", 2, To: Start + Hour)]), "pool");
        string[] lines = text.ToString().Split("\r\n", StringSplitOptions.RemoveEmptyEntries);
        string[] names = lines[0].Split(',');
        Assert.Equal(3, lines.Length);
        string[] priced = lines[1].Split(',');
        string[] unpriced = lines[2].Split(',');
        Assert.Equal("2", priced[Array.IndexOf(names, "BilledCost")]);
        Assert.Equal("", unpriced[Array.IndexOf(names, "BilledCost")]);
        Assert.Equal("1", priced[Array.IndexOf(names, "x_AllocatedGpuHours")]);
        Assert.Equal("0.5", priced[Array.IndexOf(names, "ConsumedQuantity")]);
        Assert.Equal("'=evil", priced[Array.IndexOf(names, "SubAccountId")]);
    }

    private static DebtSummary Summary(DebtDimension by) => DebtSummary.Of(Input(), by, (_, _) => 1e-9m);

    private static DebtInput Input() =>
        Days.Input(2, [Device()], [Holding(0, 2 * Hour, project: "=evil")], [Series(120, _ => 50, memory: 80 * Gib)]);
}
