using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Weir.Controller.Metering;
using Weir.Controller.State;
using Weir.Metering.Debt;
using Weir.Metering.Usage;
using Weir.Protocol.Rest;

namespace Weir.Controller.Rest;

/// <summary>/v1/debt, /v1/cost and /v1/prices.</summary>
internal sealed class DebtEndpoints(
    ClusterState state,
    DebtQueries queries,
    PriceBook prices,
    ControllerClock clock,
    Callers callers
)
{
    private const long DefaultSpanMs = 7 * Retention.DayMs;

    public void Map(IEndpointRouteBuilder routes)
    {
        routes
            .MapGet("/v1/debt", DebtAsync)
            .Describe(
                "Where the time of devices went",
                "Query: from and to (Unix time in milliseconds; default: the last seven days), by (project, user, workload, program, device, model, node, pool)."
            );
        routes
            .MapGet("/v1/cost", CostAsync)
            .Describe(
                "What the time of devices cost",
                "Query as of /v1/debt. What has no price is told, not left out."
            );
        routes.MapGet("/v1/prices", Prices).Describe("Show the price list", "");
        routes.MapPut("/v1/prices", SetPricesAsync).Describe("Set the price list", "For operators.");
    }

    private async Task<DebtView> DebtAsync(HttpContext context, string? by, long? from, long? to)
    {
        var caller = callers.Of(context);
        DebtDimension dimension = DebtViews.Dimension(by);
        (DebtInput input, Resolution resolution) = await ReadAsync(from, to);
        DebtSummary summary = DebtSummary.Of(DebtViews.Shown(input, caller, state), dimension, prices.Price);
        return DebtViews.Of(summary, resolution, dimension, End(input), prices.List);
    }

    private async Task<CostView> CostAsync(HttpContext context, string? by, long? from, long? to)
    {
        var caller = callers.Of(context);
        DebtDimension dimension = DebtViews.Dimension(by);
        (DebtInput input, _) = await ReadAsync(from, to);
        return prices.Cost(DebtViews.Shown(input, caller, state), dimension, End(input));
    }

    private PriceListView Prices(HttpContext context)
    {
        _ = callers.Of(context);
        return prices.View;
    }

    private async Task<PriceListView> SetPricesAsync(HttpContext context, PriceListView list)
    {
        var caller = callers.Of(context);
        caller.MustOperate("setting prices");
        await prices.SetAsync(caller, list);
        return prices.View;
    }

    private Task<(DebtInput Input, Resolution Resolution)> ReadAsync(long? from, long? to)
    {
        long end = to ?? clock.Now;
        return queries.ReadAsync(from ?? end - DefaultSpanMs, end);
    }

    private long End(DebtInput input) => Math.Min(input.Grid.To, clock.Now);
}
