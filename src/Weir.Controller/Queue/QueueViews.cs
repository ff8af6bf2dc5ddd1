using System.Globalization;
using Weir.Controller.Access;
using Weir.Controller.Placement;
using Weir.Controller.State;
using Weir.Protocol.Rest;
using Weir.Scheduling.Deciding;

namespace Weir.Controller.Queue;

/// <summary>What waits and why, as people see it. Called under the gate, with the books up to date.</summary>
internal sealed class QueueViews(
    ClusterState state,
    Books books,
    Reasons reasons,
    ISessionMover mover,
    AwaitedStarts awaited
)
{
    private const int MostReasons = 100;
    private const int MostRooms = 20;
    private const int MovesForOne = 8;

    public QueueView Queue(Caller caller)
    {
        List<WaitingView> waiting = [];
        int position = 0;
        foreach (var entry in InOrder())
        {
            position++;
            if (!caller.MayTouch(state, entry.User, entry.Project))
            {
                continue;
            }
            waiting.Add(
                new WaitingView(
                    position,
                    entry.Id,
                    entry.Project,
                    entry.User,
                    entry.Pool,
                    entry.Claim?.Priority ?? entry.Lease?.Priority ?? 0,
                    Asks(entry),
                    entry.Since,
                    entry.IsParked || entry.Workload?.Stops > 0,
                    waiting.Count < MostReasons || entry.IsParked || entry.Workload?.Reason is not { Length: > 0 } known
                        ? reasons.WhyNotNow(entry).Message
                        : known
                )
            );
        }
        return new QueueView(waiting, [.. Shares(caller)]);
    }

    /// <summary>What waits or runs; null when it does neither.</summary>
    public ExplanationView? Explain(Caller caller, string id)
    {
        var entry = books.Entries.FirstOrDefault(one =>
            one.Id == id || one.Lease?.Id == id || one.Pending?.Id == id && one.Lease is null
        );
        if (
            entry is null
            && state.Leases.Values.FirstOrDefault(one => one.Released && (one.Id == id || one.Workload == id))
                is { } parked
            && caller.MayTouch(state, parked.User, parked.Project)
        )
        {
            return Over(id, "is parked: its slices are the pool's until its program makes a call") with
            {
                State = "parked",
            };
        }
        if (entry is null || !caller.MayTouch(state, entry.User, entry.Project))
        {
            return null;
        }
        if (!books.Pool.Claims.ContainsKey(entry.Number))
        {
            return Over(id, $"waits: {entry.Refused}") with { State = "waits", Needs = [entry.Refused ?? ""] };
        }
        var told = books.Scheduler.Explain(entry.Number, books.Now);
        bool isAwaited = awaited.Has(entry);
        bool waits = told.Phase != ClaimPhase.Running || isAwaited;
        List<string> needs = [.. told.Needs];
        if (waits && entry.Claim is not null && needs.Count == 0 && told.Best.Count == 0)
        {
            needs.Add(reasons.WhyNotNow(entry).Message);
        }
        return new ExplanationView(
            id,
            told.Phase switch
            {
                _ when isAwaited => "waits",
                _ when entry is { Lease.Yielding: not null } or { IsParked: true } => "parked",
                ClaimPhase.Running => "runs",
                ClaimPhase.Parked => "parked",
                _ => "waits",
            },
            isAwaited
                ? $"starts when {string.Join(", ", awaited.For(entry).Select(lease => lease.Id))} has left its devices: {told.Summary}"
                : told.Summary,
            [.. told.Removed.Select(filter => new FilterView(filter.Filter, filter.Nodes))],
            [.. told.Best.Select(node => new ScoreView(node.Node, node.Score))],
            needs,
            waits && double.IsFinite(told.Earliest) ? (long)(told.Earliest * 1000) : null,
            waits && !isAwaited ? Moves(books.Scheduler.PlanRoom(entry.Number, MovesForOne)) : [],
            []
        );
    }

    public RebalanceView Rebalance(int most)
    {
        List<RoomView> rooms = [];
        foreach (var entry in InOrder().Where(entry => entry.Claim is not null).Take(MostRooms))
        {
            if (Moves(books.Scheduler.PlanRoom(entry.Number, Math.Min(most, MovesForOne))) is { Count: > 0 } moves)
            {
                rooms.Add(new RoomView(entry.Id, Asks(entry), moves));
            }
        }
        return new RebalanceView(rooms, Moves(books.Scheduler.PlanRebalance(most)));
    }

    /// <summary>Claims that wait now, as part of the past.</summary>
    public IEnumerable<HistoryClaim> Waiting(long since)
    {
        foreach (var entry in InOrder())
        {
            if (entry.Claim is { Demand: var demand } claim && entry.Since >= since)
            {
                yield return new HistoryClaim(
                    entry.Id,
                    entry.Project,
                    entry.Pool,
                    demand.Count,
                    demand.Compute,
                    demand.Memory,
                    demand.Model,
                    claim.Priority,
                    mover.MayBorrow(entry.Workload),
                    entry.Since,
                    null,
                    null
                );
            }
        }
    }

    /// <summary>Something that neither waits nor runs.</summary>
    public static ExplanationView Over(string id, string summary) =>
        new(id, "ended", summary, [], [], [], null, [], []);

    private IEnumerable<QueueEntry> InOrder() =>
        books.Scheduler.WaitingInOrder(books.Now).Select(books.Find).OfType<QueueEntry>();

    private IEnumerable<ShareView> Shares(Caller caller)
    {
        var pool = books.Pool;
        var shares = books.Scheduler.Shares;
        foreach (var project in state.Projects.Values.OrderBy(project => project.Name, StringComparer.Ordinal))
        {
            int number = pool.Projects.TryFind(project.Name);
            if (number < 0 || !caller.MemberOf(state, project))
            {
                continue;
            }
            var terms = shares.Terms(number);
            yield return new ShareView(
                project.Name,
                project.Parent ?? "",
                terms.Quota.DeviceMilli > 0 ? Percent(terms.Quota.DeviceMilli) : null,
                project.ComputeLimit,
                terms.Weight,
                Percent(pool.Projects.Used(number).DeviceMilli),
                Percent(pool.Projects.Waiting(number).DeviceMilli),
                Percent((long)Math.Round(shares.Share(number, 0))),
                Math.Round(Math.Min(shares.Dominant(number), 1000), 3)
            );
        }
    }

    private static int Percent(long milli) => (int)Math.Min(int.MaxValue, milli / 10);

    private List<MoveView> Moves(IReadOnlyList<MoveDecision>? moves)
    {
        List<MoveView> shown = [];
        foreach (var move in moves ?? [])
        {
            if (books.Find(move.Claim) is not { Lease: { } lease } entry)
            {
                continue;
            }
            string[] from = [.. books.Layout.Devices(move.From)];
            shown.Add(
                new MoveView(
                    lease.Id,
                    entry.Workload?.Id,
                    books.Layout.Machine(move.From.Node),
                    from,
                    books.Layout.Machine(move.To.Node),
                    [.. books.Layout.Devices(move.To)],
                    lease.Slices.Where(slice => from.Contains(slice.Uuid)).Sum(slice => slice.Memory),
                    ForPeople(move.Reason)
                )
            );
        }
        return shown;
    }

    // The library speaks of claims by number.
    private string ForPeople(string reason)
    {
        int at = reason.LastIndexOf("claim ", StringComparison.Ordinal);
        return
            at >= 0
            && long.TryParse(reason.AsSpan(at + 6), CultureInfo.InvariantCulture, out long number)
            && books.Find(number) is { } entry
            ? $"{reason[..at]}{entry.Id}"
            : reason;
    }

    private static string Asks(QueueEntry entry)
    {
        var request = entry.Workload?.Request;
        List<string> parts = [];
        if (entry is { IsParked: true, Lease: { } lease })
        {
            parts.Add(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"{lease.Slices.Count} × {lease.Slices[0].Compute / 100.0:0.##} device, as before"
                )
            );
        }
        else if (entry.Claim?.Demand is { } demand)
        {
            parts.Add(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"{demand.Count} × {demand.Compute / 100.0:0.##} device{(demand.Memory is { } bytes ? $" {bytes >> 20} MiB" : "")}"
                )
            );
        }
        if (request?.ProcessorsMilli > 0)
        {
            parts.Add(
                string.Create(CultureInfo.InvariantCulture, $"{request.ProcessorsMilli / 1000.0:0.##} processors")
            );
        }
        return parts.Count > 0 ? string.Join(", ", parts) : "a process";
    }
}
