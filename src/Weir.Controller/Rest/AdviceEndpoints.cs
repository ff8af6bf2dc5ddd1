using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Weir.Controller.Access;
using Weir.Controller.Findings;
using Weir.Controller.Metering;
using Weir.Controller.State;
using Weir.Metering.Debt;
using Weir.Metering.Findings;
using Weir.Protocol.Rest;

namespace Weir.Controller.Rest;

/// <summary>/v1/advise and what follows from findings.</summary>
internal sealed class AdviceEndpoints(
    ClusterState state,
    FindingService findings,
    FindingPolicy policy,
    PriceBook prices,
    ControllerClock clock,
    Callers callers
)
{
    public void Map(IEndpointRouteBuilder routes)
    {
        routes
            .MapGet("/v1/advise", AdviseAsync)
            .Describe(
                "What to fix",
                "The largest saving first; the caller's own and, for operators, everybody's. Query: from and to, Unix time in milliseconds (default: the last six hours)."
            );
        routes.MapGet("/v1/advise/policy", Policy).Describe("What follows from findings", "");
        routes
            .MapPut("/v1/advise/policy", SetPolicyAsync)
            .Describe(
                "Set what follows from findings",
                "For operators: notify, warn, park, cancel, each after a time."
            );
    }

    private async Task<AdviceView> AdviseAsync(HttpContext context, long? from, long? to)
    {
        var caller = callers.Of(context);
        long end = to ?? clock.Now;
        (List<Finding> found, DebtInput input) = await findings.FindAsync(from ?? end - FindingService.LookBackMs, end);
        List<Finding> shown;
        lock (state.Gate)
        {
            shown = [.. found.Where(one => one.Project.Length == 0 || MayTouch(caller, one))];
        }
        return new AdviceView(
            input.Grid.From,
            Math.Min(input.Grid.To, clock.Now),
            prices.List.Entries.Count > 0 ? prices.List.Currency : null,
            [.. shown.Select(one => findings.View(one, input))]
        );
    }

    private FindingPolicyView Policy(HttpContext context)
    {
        _ = callers.Of(context);
        return policy.View;
    }

    private async Task<FindingPolicyView> SetPolicyAsync(HttpContext context, FindingPolicyView view)
    {
        var caller = callers.Of(context);
        caller.MustOperate("setting what follows from findings");
        await policy.SetAsync(caller, view);
        return policy.View;
    }

    private bool MayTouch(Caller caller, Finding finding) => caller.MayTouch(state, finding.User, finding.Project);
}
