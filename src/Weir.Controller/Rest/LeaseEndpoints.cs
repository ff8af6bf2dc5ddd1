using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Weir.Controller.Leases;
using Weir.Controller.Queue;
using Weir.Controller.Sessions;
using Weir.Controller.State;
using Weir.Controller.Store;
using Weir.Protocol.Agents;
using Weir.Protocol.Rest;
using SessionState = Weir.Controller.State.SessionState;

namespace Weir.Controller.Rest;

/// <summary>/v1/leases and /v1/sessions.</summary>
internal sealed class LeaseEndpoints(
    ClusterState state,
    LeaseService leases,
    QueueService queue,
    SessionService moves,
    History history,
    Callers callers
)
{
    public void Map(IEndpointRouteBuilder routes)
    {
        routes
            .MapPost(
                "/v1/leases",
                (HttpContext context, ClaimRequest claim) =>
                    queue.ClaimAsync(callers.Of(context), claim, context.RequestAborted)
            )
            .Describe(
                "Claim slices",
                "The answer comes when the grant is on disk; it carries the ticket for the agents."
            );
        routes
            .MapGet("/v1/leases", List)
            .Describe("List leases", "Active ones of the caller; with all=true ended ones too.");
        routes
            .MapGet("/v1/leases/{id}", (HttpContext context, string id) => One(context, id))
            .Describe("Show a lease", "");
        routes
            .MapDelete(
                "/v1/leases/{id}",
                (HttpContext context, string id) => leases.EndAsync(callers.Of(context), id, "ended")
            )
            .Describe("End a lease", "Its holders are fenced.");
        routes
            .MapPost(
                "/v1/leases/{id}/takeover",
                (HttpContext context, string id, string? boot) => leases.TakeOverAsync(callers.Of(context), id, boot)
            )
            .Describe("Take a lease over", "A new epoch and a new ticket; whoever holds an older one is fenced.");
        foreach (
            (string verb, SessionAction action, string what) in ((string, SessionAction, string)[])
                [
                    (
                        "park",
                        SessionAction.SessionPark,
                        "Its state leaves its device; when all sessions of its lease are parked, the slices go back to the pool."
                    ),
                    (
                        "resume",
                        SessionAction.SessionResume,
                        "Its state comes back to its device, when there is room. Query: to, another node."
                    ),
                    (
                        "snapshot",
                        SessionAction.SessionSnapshot,
                        "Its state is written into an image on its node, and it goes on. Query: image, a name."
                    ),
                    (
                        "restore",
                        SessionAction.SessionRestore,
                        "A session whose worker was lost goes on from its last image. Query: image, another one by its name."
                    ),
                    (
                        "migrate",
                        SessionAction.SessionMigrate,
                        "Another worker of its node takes it over. Query: to, a node whose worker does instead."
                    ),
                ]
        )
        {
            routes
                .MapPost(
                    $"/v1/sessions/{{node}}/{{session}}/{verb}",
                    (HttpContext context, string node, string session, string? image, string? to) =>
                        to is not null && action is (SessionAction.SessionMigrate or SessionAction.SessionResume)
                            ? moves.GoAsync(callers.Of(context), $"{node}/{session}", action, to)
                            : moves.DoAsync(callers.Of(context), $"{node}/{session}", action, image)
                )
                .Describe($"{char.ToUpperInvariant(verb[0])}{verb[1..]} a session", what);
        }
        routes.MapGet("/v1/sessions", Sessions).Describe("List sessions", "Open ones; with all=true ended ones too.");
    }

    private LeaseView[] List(HttpContext context, bool all = false)
    {
        var caller = callers.Of(context);
        List<LeaseState> found;
        lock (state.Gate)
        {
            found = [.. state.Leases.Values.Where(lease => lease.Durable)];
        }
        if (all)
        {
            found.AddRange(history.Read(store => StoreReader.Leases(store, "ended IS NOT NULL", History.Most)));
        }
        lock (state.Gate)
        {
            return
            [
                .. found
                    .Where(lease => caller.MayTouch(state, lease.User, lease.Project))
                    .OrderBy(lease => lease.GrantedAt)
                    .Select(LeaseViews.Of),
            ];
        }
    }

    private LeaseView One(HttpContext context, string id)
    {
        var caller = callers.Of(context);
        lock (state.Gate)
        {
            if (state.Leases.ContainsKey(id))
            {
                return LeaseViews.Of(leases.Find(caller, id));
            }
        }
        var ended = history.Read(store => StoreReader.Leases(store, "id = @p0", 1, id)).FirstOrDefault();
        lock (state.Gate)
        {
            return ended is not null && caller.MayTouch(state, ended.User, ended.Project)
                ? LeaseViews.Of(ended)
                : throw ControlException.Unknown(
                    "unknown-lease",
                    $"there is no lease {id} of yours: `weir leases --all` lists them"
                );
        }
    }

    private SessionView[] Sessions(HttpContext context, bool all = false)
    {
        var caller = callers.Of(context);
        List<SessionState> found;
        lock (state.Gate)
        {
            found = [.. state.Sessions.Values];
        }
        if (all)
        {
            found.AddRange(history.Read(store => StoreReader.Sessions(store, "ended IS NOT NULL", History.Most)));
        }
        lock (state.Gate)
        {
            return
            [
                .. found
                    .Where(session => caller.MayTouch(state, session.User, session.Project))
                    .OrderBy(session => session.StartedAt)
                    .Select(session => new SessionView(
                        session.Id,
                        session.Lease,
                        session.Node,
                        session.Project,
                        session.User,
                        session.Program,
                        (int)session.Process,
                        session.Host,
                        session.EndedAt is null ? session.Condition : "ended",
                        session.Devices,
                        session.ComputeUsed,
                        session.Memory,
                        session.Launches,
                        session.StartedAt,
                        session.EndedAt,
                        session.Reason
                    )),
            ];
        }
    }
}
