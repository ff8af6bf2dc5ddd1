using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Weir.Controller.Findings;
using Weir.Controller.Metering;
using Weir.Controller.State;
using Weir.Metering.Debt;
using Weir.Metering.Findings;
using Weir.Metering.Reports;
using Weir.Protocol.Rest;

namespace Weir.Controller.Rest;

/// <summary>/v1/report, /v1/focus and /metrics.</summary>
internal sealed class ReportEndpoints(
    ClusterState state,
    DebtQueries queries,
    FindingService findings,
    PriceBook prices,
    MetricSnapshot metrics,
    ControllerClock clock,
    Callers callers
)
{
    public void Map(IEndpointRouteBuilder routes)
    {
        routes
            .MapGet("/v1/report", ReportAsync)
            .Describe(
                "A report as one HTML page",
                "Query: from and to (Unix time in milliseconds), title. Prints well."
            );
        routes
            .MapGet("/v1/focus", FocusAsync)
            .Describe(
                "Cost records",
                "CSV in the columns of FOCUS 1.2. Query: from and to, Unix time in milliseconds."
            );
        routes
            .MapGet("/metrics", Metrics)
            .Describe("Values of now", "In the text format of Prometheus, or OpenMetrics where that is asked for.");
    }

    private async Task<IResult> ReportAsync(HttpContext context, long from, long to, string? title)
    {
        var caller = callers.Of(context);
        (DebtInput all, _) = await queries.ReadAsync(from, to);
        DebtInput input = DebtViews.Shown(all, caller, state);
        long end = Math.Min(input.Grid.To, clock.Now);
        List<Finding> found = [];
        if (caller.Operator)
        {
            (found, _) = await findings.FindAsync(Math.Max(from, end - FindingService.LookBackMs), end);
        }
        CostView cost = prices.Cost(input, DebtDimension.Project, end);
        string page = HtmlReport.Write(
            new ReportContent(
                title is { Length: > 0 and <= 200 } ? title : "Accelerators: use, debt and cost",
                end,
                DebtSummary.Of(input, DebtDimension.Project, prices.Price),
                DebtSummary.Of(input, DebtDimension.Model, prices.Price),
                found,
                cost.Currency,
                cost.KilowattHours,
                cost.CarbonKilograms,
                cost.Notes
            )
        );
        return Results.Text(page, "text/html; charset=utf-8");
    }

    private async Task<IResult> FocusAsync(HttpContext context, long from, long to)
    {
        var caller = callers.Of(context);
        (DebtInput input, _) = await queries.ReadAsync(from, to);
        using var text = new StringWriter();
        FocusCsv.Write(text, DebtViews.Shown(input, caller, state), prices.List, "weir");
        return Results.Text(text.ToString(), "text/csv; charset=utf-8");
    }

    private IResult Metrics(HttpContext context)
    {
        callers.Of(context).MustOperate("reading the values of all sessions");
        bool isOpenMetrics = context
            .Request.Headers.Accept.ToString()
            .Contains("application/openmetrics-text", StringComparison.OrdinalIgnoreCase);
        context.Response.ContentType = PrometheusText.ContentType(isOpenMetrics);
        return Results.Text(
            PrometheusText.Write(metrics.Read(), isOpenMetrics),
            PrometheusText.ContentType(isOpenMetrics)
        );
    }
}
