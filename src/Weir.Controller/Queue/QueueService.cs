using Microsoft.Extensions.Logging;
using Weir.Controller.Access;
using Weir.Controller.Leases;
using Weir.Controller.Placement;
using Weir.Controller.Sessions;
using Weir.Controller.State;
using Weir.Controller.Workloads;
using Weir.Protocol.Rest;
using Weir.Scheduling.Deciding;

namespace Weir.Controller.Queue;

/// <summary>
/// Takes claims, queued workloads and parked leases to the scheduling library, and carries out what it decides: grants, parking for
/// others, refusals. What fails on the way is taken back in the library's books.
/// </summary>
internal sealed class QueueService(
    ClusterState state,
    Books books,
    LeaseService leases,
    WorkloadService workloads,
    LeaseRooms rooms,
    ISessionMover mover,
    AwaitedStarts awaited,
    WorkloadIntake intake,
    Reasons reasons,
    DecisionLog events,
    ControllerClock clock,
    ILogger log
)
{
    // Each round starts something or finds an obstacle, so this is never reached but by a defect.
    private const int MostRounds = 1000;
    private const int MostReasons = 50;
    private const int MostLooks = 200_000;
    private const long ReasonsEveryMs = 2000;
    private const long PricesEveryMs = 1000;
    private const long NextLookMs = 200;

    // A session that could not be parked is not asked again and again.
    private const long StaysMs = 300_000;

    private readonly List<QueueEntry> _fresh = [];
    private readonly List<LeaseState> _stay = [];
    private bool _serving;
    private bool _again;
    private bool _stale = true;
    private long _reasonsAt;
    private long _pricesAt;

    /// <summary>
    /// The lease and its ticket, after the grant reached the disk. Throws <see cref="ControlException"/> when there is no
    /// room in time, or never can be.
    /// </summary>
    public async Task<GrantView> ClaimAsync(Caller caller, ClaimRequest request, CancellationToken cancellation)
    {
        PendingClaim pending;
        QueueEntry entry;
        lock (state.Gate)
        {
            var claim = ClaimRules.Resolve(state, caller, request);
            if (reasons.WhyNever(claim, preemptible: false) is { } never)
            {
                throw never;
            }
            long until = clock.Now + Math.Max(0, request.WaitMs);
            pending = new PendingClaim(Identifiers.New("c"), claim, clock.Now, until);
            BringUpToDate();
            entry = books.Enter(pending);
            Serve();
            if (entry.Lease is null && !pending.Answer.Task.IsCompleted && !awaited.Has(entry))
            {
                if (request.WaitMs <= 0)
                {
                    var refusal = reasons.WhyNotNow(entry);
                    Refuse(entry, refusal);
                }
                else
                {
                    TellThatItWaits(entry);
                }
            }
        }
        using var registration = cancellation.Register(() => Withdraw(pending, entry));
        return await pending.Answer.Task;
    }

    /// <summary>Devices came or went, or terms changed. Called under the gate.</summary>
    public void RoomChanged()
    {
        _stale = true;
        Serve();
    }

    /// <summary>Time passed. Called under the gate.</summary>
    public void Tick()
    {
        long now = clock.Now;
        foreach (
            var entry in books
                .Entries.Where(one =>
                    one is { Pending.Until: var until, Lease: null } && until <= now && !awaited.Has(one)
                )
                .ToArray()
        )
        {
            Refuse(entry, reasons.WhyNotNow(entry));
        }
        rooms.Tick();
        _stale = true;
        if (now - _pricesAt >= PricesEveryMs)
        {
            _pricesAt = now;
            BringUpToDate();
            books.Reprice();
        }
        Serve();
        if (now - _reasonsAt >= ReasonsEveryMs)
        {
            _reasonsAt = now;
            GiveReasons(books.Entries);
        }
    }

    /// <summary>Decides, and carries it out. Called under the gate.</summary>
    public void Serve()
    {
        if (_serving)
        {
            // What is being served changed the room itself.
            _again = true;
            return;
        }
        _serving = true;
        try
        {
            int rounds = 0;
            do
            {
                _again = false;
                BringUpToDate();
                StartAwaited();
                foreach (var decision in books.Scheduler.Decide(books.Now))
                {
                    CarryOut(decision);
                }
                foreach (var lease in _stay.ToArray())
                {
                    Stays(lease, "it cannot leave its devices at the moment");
                }
                _stay.Clear();
            } while (_again && ++rounds < MostRounds);
            GiveReasons(_fresh);
            _fresh.Clear();
            if (_again)
            {
                log.LogError(
                    "the queue was served {Rounds} times in a row and is not done: the rest waits for the next round",
                    rounds
                );
            }
        }
        finally
        {
            _serving = false;
        }
    }

    /// <summary>The library's books describe the pool as it is. Called under the gate.</summary>
    public void BringUpToDate()
    {
        if (!_stale && !books.MustBeMadeAnew)
        {
            return;
        }
        _stale = false;
        books.Refresh();
        _fresh.AddRange(intake.Take());
        books.LookAtObstacles();
    }

    private void CarryOut(Decision decision)
    {
        if (books.Find(decision.Claim) is not { } entry)
        {
            return;
        }
        switch (decision)
        {
            case StartDecision start:
                Start(entry, start);
                break;
            case ParkDecision park:
                Park(entry, park);
                break;
            case RefuseDecision refuse:
                entry.Refused = refuse.Reason;
                if (entry.Pending is not null)
                {
                    Refuse(entry, new ControlException(422, "impossible", refuse.Reason));
                }
                else
                {
                    events.Add("refuse", entry, refuse.Reason);
                    if (entry is { IsParked: false, Workload: { } never })
                    {
                        never.Reason = refuse.Reason;
                    }
                }
                break;
            default:
                throw new InvalidOperationException($"nobody asked for {decision}");
        }
    }

    private void Start(QueueEntry entry, StartDecision start)
    {
        if (entry.Pending is { Answer.Task.IsCompleted: true })
        {
            books.Remove(entry);
            return;
        }
        IReadOnlyList<SliceView>? slices =
            entry.IsParked ? entry.Lease!.Slices
            : entry.Claim is null ? null
            : books.Slices(entry, start.Places);
        if (slices is not null && awaited.MustWait(slices, entry.Pool))
        {
            awaited.Add(entry, slices, start.Reason);
            return;
        }
        Start(entry, slices, start.Reason);
    }

    private void StartAwaited()
    {
        foreach (var start in awaited.TakeReady())
        {
            if (state.HasRoom(start.Slices, start.Entry.Pool))
            {
                Start(start.Entry, start.Slices, start.Reason);
            }
            else
            {
                TakeBack(start.Entry, () => null, "what was parked for it went elsewhere");
            }
        }
    }

    private void Start(QueueEntry entry, IReadOnlyList<SliceView>? slices, string reason)
    {
        if (Obstacle(entry, slices) is { } obstacle)
        {
            TakeBack(entry, obstacle);
            return;
        }
        if (entry is { IsParked: true, Lease: { } parked })
        {
            if (!rooms.TryTake(parked))
            {
                TakeBack(
                    entry,
                    () => state.HasRoom(parked.Slices, parked.Pool) ? null : "its devices are not free again"
                );
                return;
            }
            books.Kept(entry);
            events.Add("resume", entry, $"{reason}: {Where(slices)}");
            return;
        }
        if (entry.Workload is { } workload)
        {
            try
            {
                workloads.Start(workload, entry.Claim, slices);
            }
            catch (ControlException noNode)
            {
                TakeBack(entry, () => NodeFor(workload, noNode.Message));
                return;
            }
            if (workload.Lease is { } id && state.Leases.TryGetValue(id, out var lease))
            {
                books.Granted(entry, lease);
            }
        }
        else
        {
            var grant = leases.Grant(entry.Claim!, slices!, null, out var lease);
            books.Granted(entry, lease);
            Answer(entry.Pending!, grant);
        }
        events.Decided(entry, mover.MayBorrow(entry.Workload), "start", $"{reason}: {Where(slices)}");
    }

    // What the library does not count: memory of devices per project, and devices that went away since it looked.
    private Func<string?>? Obstacle(QueueEntry entry, IReadOnlyList<SliceView>? slices)
    {
        if (slices is null)
        {
            return null;
        }
        if (slices.Any(slice => !(state.Devices.TryGetValue(slice.Uuid, out var device) && state.Placeable(device))))
        {
            _stale = true;
            return () => null;
        }
        if (!state.HasRoom(slices, entry.Pool))
        {
            long soon = clock.Now + NextLookMs;
            return () => clock.Now >= soon ? null : "its devices are not free yet";
        }
        long memory = slices.Sum(slice => slice.Memory);
        string? Over() => ClaimRules.OverMemoryQuota(state, entry.Project, memory, out _);
        return Over() is null ? null : Over;
    }

    private void TakeBack(QueueEntry entry, Func<string?> obstacle, string? why = null)
    {
        books.StartFailed(entry, obstacle);
        events.Add("undo", entry, why ?? obstacle() ?? "a device went away meanwhile");
        // What it had been given is for others now.
        _stale = true;
        _again = true;
    }

    private string? NodeFor(WorkloadState workload, string last)
    {
        try
        {
            RunNodes.Choose(state, workload.Request, null);
            return null;
        }
        catch (ControlException refusal)
        {
            return refusal.Message.Length > 0 ? refusal.Message : last;
        }
    }

    private void Park(QueueEntry entry, ParkDecision park)
    {
        if (entry.Lease is not { } lease)
        {
            return;
        }
        string whom = books.Find(park.For)?.Id ?? "another";
        // The library speaks of claims by number.
        string reason =
            $"makes room for {whom}: {park.Reason.Replace($"claim {park.For} ", $"{whom} ", StringComparison.Ordinal)}";
        events.Add("park", entry, reason);
        mover.Park(lease, reason);
        if (lease is { Yielding: null, Active: true })
        {
            _stay.Add(lease);
        }
        if (lease.Active)
        {
            // Should it stay, it gets its places back; else it asks for them when its program wants them.
            books.Hold(entry, () => "it is being parked");
        }
    }

    /// <summary>What was to be parked stays: who was to get its room waits again. Called under the gate.</summary>
    public void Stays(LeaseState lease, string why)
    {
        lease.StaysUntil = clock.Now + StaysMs;
        if (books.OfLease(lease.Id) is not { } entry)
        {
            return;
        }
        if (mover.Stop(lease, $"it is stopped for others, because it cannot be parked: {why}"))
        {
            return;
        }
        foreach (var start in awaited.TakeWaitingFor(lease))
        {
            TakeBack(start.Entry, () => null, $"{entry.Id} could not be parked: {why}");
        }
        books.Kept(entry);
        events.Add("stay", entry, why);
        Serve();
    }

    /// <summary>A session of a parked lease wants the lease's slices. Called under the gate.</summary>
    public void Return(LeaseState lease)
    {
        BringUpToDate();
        if (books.EnterParked(lease) is { } entry)
        {
            events.Add("wait", entry, "its program goes on, and it waits for its devices");
            Serve();
        }
    }

    private void Answer(PendingClaim pending, Task<GrantView> grant) =>
        grant.ContinueWith(
            done =>
            {
                if (done.IsFaulted)
                {
                    pending.Answer.TrySetException(done.Exception!.InnerException!);
                }
                else if (!pending.Answer.TrySetResult(done.Result))
                {
                    // The caller left while the grant was being written.
                    lock (state.Gate)
                    {
                        if (state.Leases.TryGetValue(done.Result.Lease.Id, out var lease))
                        {
                            leases.End(lease, "its claimant left");
                        }
                    }
                }
            },
            TaskScheduler.Default
        );

    private void Refuse(QueueEntry entry, ControlException refusal)
    {
        events.Decided(entry, false, "refuse", refusal.Message);
        books.Remove(entry);
        entry.Pending!.Answer.TrySetException(refusal);
    }

    private void Withdraw(PendingClaim pending, QueueEntry entry)
    {
        lock (state.Gate)
        {
            if (!pending.Answer.TrySetCanceled() || entry.Lease is not null)
            {
                return;
            }
            events.Decided(entry, false, "withdraw", "its claimant left");
            books.Remove(entry);
        }
    }

    private void GiveReasons(IEnumerable<QueueEntry> entries)
    {
        // A reason takes a look at every device.
        int left = Math.Clamp(MostLooks / Math.Max(1, state.Devices.Count), 1, MostReasons);
        foreach (var entry in entries)
        {
            if (entry is { Lease: null, Workload: { State: "queued" } workload } && left-- > 0)
            {
                workload.Reason = awaited.Has(entry)
                    ? $"it starts when {string.Join(", ", awaited.For(entry).Select(one => one.Id))} has left its devices"
                    : reasons.WhyNotNow(entry).Message;
                TellThatItWaits(entry);
            }
        }
    }

    private void TellThatItWaits(QueueEntry entry)
    {
        if (!entry.WaitTold)
        {
            entry.WaitTold = true;
            events.Add("wait", entry, reasons.WhyNotNow(entry).Message);
        }
    }

    private static string Where(IReadOnlyList<SliceView>? slices) =>
        slices is null
            ? "no devices"
            : string.Join(", ", slices.GroupBy(slice => slice.Node).Select(node => $"{node.Count()} on {node.Key}"));
}
