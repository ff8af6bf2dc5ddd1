using System.Text.Json;
using System.Xml.Linq;
using Weir.Scheduling.Deciding;
using Weir.Simulator.Arrival;
using Weir.Simulator.Reports;
using Weir.Simulator.Timed;

namespace Weir.Simulator.Tests;

public sealed class ReportTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("weir-report").FullName;

    public void Dispose() => Directory.Delete(folder, true);

    [Fact]
    public void Arrival_leaves_a_page_with_plots_that_needs_nothing_else()
    {
        var replay = new ArrivalReplay(Openb.Variant("default"));
        ArrivalResult[] results = [replay.Run("fgd", 1), replay.Run("bestfit", 1)];
        ArrivalReport.Write(folder, results, PublishedTable.Allocation(Openb.Folder), null, ["a <note>"]);
        string page = File.ReadAllText(Path.Combine(folder, "report.html"));
        Assert.Equal(3, Plots(page));
        Assert.Contains("fgd, published", page);
        Assert.Contains("a &lt;note&gt;", page);
        Assert.DoesNotContain("src=", page);
        Assert.DoesNotContain("href=", page);
        Assert.Equal(1 + 2 * 131, File.ReadAllLines(Path.Combine(folder, "report.csv")).Length);
        Assert.Equal(2, Json().GetArrayLength());
    }

    [Fact]
    public void Time_leaves_one_too()
    {
        var scenario = new Scenario(DailyLoad.Generate(1, 100, 0.9, 1), [], new SchedulingPolicy());
        TimedReport.Write(folder, [TimedReplay.Run(scenario)], ["generated"]);
        Assert.Equal(4, Plots(File.ReadAllText(Path.Combine(folder, "report.html"))));
        Assert.Equal(2, File.ReadAllLines(Path.Combine(folder, "report.csv")).Length);
        Assert.Equal(1, Json().GetArrayLength());
    }

    private JsonElement Json()
    {
        using JsonDocument document = JsonDocument.Parse(File.ReadAllText(Path.Combine(folder, "report.json")));
        return document.RootElement.Clone();
    }

    // Every plot must be well-formed by itself.
    private static int Plots(string page)
    {
        string[] parts = page.Split("<svg");
        foreach (string part in parts.Skip(1))
        {
            XElement.Parse("<svg" + part[..(part.IndexOf("</svg>", StringComparison.Ordinal) + 6)]);
        }
        return parts.Length - 1;
    }
}
