using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Weir.Controller.Access;
using Weir.Controller.Placement;
using Weir.Controller.Queue;
using Weir.Controller.State;
using Weir.Controller.Store;
using Weir.Protocol.Rest;

namespace Weir.Controller.Rest;

/// <summary>/v1/queue, /v1/explain, /v1/rebalance and /v1/history.</summary>
internal sealed class QueueEndpoints(
    ClusterState state,
    Books books,
    QueueService queue,
    QueueViews views,
    Rebalancer rebalancer,
    History history,
    Callers callers
)
{
    private const int MostEvents = 50;
    private const int MostClaims = 200_000;
    private const int MostMoves = 10_000;
    private const long Month = 31L * 86_400_000;

    public void Map(IEndpointRouteBuilder routes)
    {
        routes
            .MapGet("/v1/queue", Queue)
            .Describe(
                "Show the queue",
                "What waits, in the order in which it is served, and what each project should have."
            );
        routes
            .MapGet("/v1/explain/{id}", Explain)
            .Describe(
                "Explain a workload, a claim or a lease",
                "Which filter removed which devices, how the rest scored, what would let it start, and what was decided about it."
            );
        routes
            .MapGet("/v1/rebalance", Rebalance)
            .Describe("Plan moves", "Which sessions to move to make room for what; changes nothing.");
        routes
            .MapPost("/v1/rebalance", MoveAsync)
            .Describe("Move sessions", "Carries the plan out; each move says what became of it.");
        routes
            .MapGet("/v1/events", Events)
            .Describe("Read decisions", "The latest of all projects that the caller administers, oldest first.");
        routes
            .MapGet("/v1/history", Past)
            .Describe(
                "Read the pool's past",
                "Claims since a time (Unix, milliseconds; default: a month ago), for replays."
            );
    }

    private QueueView Queue(HttpContext context)
    {
        var caller = callers.Of(context);
        lock (state.Gate)
        {
            queue.Serve();
            return views.Queue(caller);
        }
    }

    private ExplanationView Explain(HttpContext context, string id)
    {
        var caller = callers.Of(context);
        ExplanationView? found;
        List<string> subjects = [id];
        lock (state.Gate)
        {
            queue.Serve();
            found = views.Explain(caller, id);
            if (state.Leases.TryGetValue(id, out var active) && active.Workload is { } workload)
            {
                subjects.Add(workload);
            }
        }
        found ??= Ended(caller, id, subjects);
        return found with { Events = history.Read(store => StoreReader.Events(store, MostEvents, subjects)) };
    }

    private EventView[] Events(HttpContext context, int most = 200)
    {
        var caller = callers.Of(context);
        if (most is < 1 or > History.Most)
        {
            throw ControlException.Invalid($"most: {most} is out of range: 1 to {History.Most}");
        }
        var all = history.Read(store => StoreReader.Events(store, most));
        lock (state.Gate)
        {
            return [.. all.Where(told => caller.MayTouch(state, "", told.Project))];
        }
    }

    // Of what is over the store knows how it ended.
    private ExplanationView Ended(Caller caller, string id, List<string> subjects)
    {
        var lease = history.Read(store => StoreReader.Leases(store, "id = @p0", 1, id)).FirstOrDefault();
        var workload = history.Read(store => StoreReader.Workloads(store, "id = @p0", 1, id)).FirstOrDefault();
        lock (state.Gate)
        {
            if (lease is not null && caller.MayTouch(state, lease.User, lease.Project))
            {
                subjects.AddRange(lease.Workload is { } held ? [held] : []);
                return QueueViews.Over(id, $"ended: {lease.Reason ?? "it is not known why"}");
            }
            if (workload is not null && caller.MayTouch(state, workload.User, workload.Project))
            {
                // One that waits for other workloads is not in the queue yet.
                return QueueViews.Over(id, $"{workload.State}: {workload.Reason ?? "no reason was kept"}") with
                {
                    State = workload.Ended ? "ended" : "waits",
                };
            }
        }
        throw ControlException.Unknown(
            "unknown-subject",
            $"there is no workload, claim or lease {id} of yours: `weir queue` and `weir leases --all` list them"
        );
    }

    private RebalanceView Rebalance(HttpContext context, int moves = 100)
    {
        var caller = callers.Of(context);
        caller.MustOperate("planning moves of other people's sessions");
        CheckMoves(moves);
        lock (state.Gate)
        {
            queue.Serve();
            return views.Rebalance(moves);
        }
    }

    private async Task<RebalanceView> MoveAsync(HttpContext context, int moves = 100)
    {
        var caller = callers.Of(context);
        caller.MustOperate("moving other people's sessions");
        CheckMoves(moves);
        return await rebalancer.RunAsync(caller, moves);
    }

    private static void CheckMoves(int moves)
    {
        if (moves is < 1 or > MostMoves)
        {
            throw ControlException.Invalid($"moves: {moves} is out of range: 1 to {MostMoves}");
        }
    }

    private HistoryView Past(HttpContext context, long? since = null)
    {
        var caller = callers.Of(context);
        caller.MustOperate("reading the whole pool's past");
        List<HistoryNode> nodes;
        List<HistoryProject> projects;
        List<HistoryClaim> waiting;
        List<HistoryCalendar> calendars;
        double offset;
        long from;
        lock (state.Gate)
        {
            queue.Serve();
            from = since ?? (long)(books.Now * 1000) - Month;
            nodes =
            [
                .. state
                    .Devices.Values.GroupBy(device => (device.Node, device.Pool, device.Model, device.Memory))
                    .OrderBy(group => group.Key.Node, StringComparer.Ordinal)
                    .Select(group => new HistoryNode(
                        group.Key.Node,
                        group.Key.Pool,
                        group.Key.Model,
                        group.Count(),
                        group.Key.Memory
                    )
                    {
                        ComputeLimit = state.Pools.GetValueOrDefault(group.Key.Pool)?.ComputeLimit ?? 100,
                        MemoryLimit = state.Pools.GetValueOrDefault(group.Key.Pool)?.MemoryLimit ?? 100,
                    }),
            ];
            calendars = [.. Calendars.Past(state.Calendars.Values)];
            offset = Calendars.Offset(
                TimeZoneInfo.Local.GetUtcOffset(DateTimeOffset.FromUnixTimeMilliseconds((long)(books.Now * 1000)))
            );
            projects = [.. ProjectForest.Past(state.Projects.Values)];
            waiting = [.. views.Waiting(from)];
        }
        var claims = history.Read(store => StoreReader.Claims(store, from, MostClaims));
        return new HistoryView(nodes, projects, [.. claims.Concat(waiting).OrderBy(claim => claim.Submitted)])
        {
            Calendars = calendars,
            CalendarOffset = offset,
        };
    }
}
