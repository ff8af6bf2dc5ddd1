using Weir.Scheduling.Cluster;
using Weir.Scheduling.Fairness;
using Weir.Scheduling.Fragmentation;
using Weir.Scheduling.Placement;

namespace Weir.Scheduling.Deciding;

/// <summary>
/// Books, new claims, policy and time in; decisions out. Keeps nothing that can't be computed again from the books:
/// queues and scores only make it fast. Equal histories give equal decisions.
/// </summary>
public sealed class Scheduler
{
    private const int MaxPreemptionsPerRound = 16;
    private const double ShieldCheckSeconds = 30;
    private const int HeadsPerQueue = 8;
    private const int MaxVictims = 1000;

    private readonly PoolState pool;
    private readonly SchedulingPolicy policy;
    private readonly PlacementEngine engine;
    private readonly GangPlacer gangs;
    private readonly FairShares shares;
    private readonly VictimChooser victims;
    private readonly Reservations reservations;
    private readonly RoomMaker rooms;
    private readonly CalendarTerms terms;
    private readonly Feasibility feasibility;
    private readonly ClaimQueues queues;
    private readonly List<ClaimState> chosen = [];
    private readonly List<ClaimState> unplaced = [];
    private readonly List<Decision> decisions = [];
    private int withTimeout;
    private bool shields;
    private double renewed = double.NegativeInfinity;

    /// <summary>A scheduler for the books.</summary>
    /// <param name="pool">The books; this scheduler alone decides in them.</param>
    /// <param name="policy">How to decide.</param>
    /// <param name="typical">The tasks that are usual here, for policies that look at fragmentation; may be empty.</param>
    /// <param name="speeds">How fast the models are at the kinds of work; null: all alike.</param>
    /// <exception cref="ArgumentException">The policy names a placement policy, project or pool that does not exist.</exception>
    public Scheduler(
        PoolState pool,
        SchedulingPolicy policy,
        ReadOnlySpan<TypicalTask> typical = default,
        SpeedTable? speeds = null
    )
    {
        this.pool = pool;
        this.policy = policy;
        var meter = new FragmentationMeter(pool.Cluster, new UsableTable(typical, pool.Cluster.Models));
        var context = new PlacementContext(pool.Cluster, meter, policy.Seed) { Speeds = speeds };
        engine = new PlacementEngine(
            pool.Cluster,
            PlacementPolicies.ByPool(policy.Placement, policy.PlacementByPool, context),
            policy.Seed
        );
        Meter = meter;
        gangs = new GangPlacer(pool.Cluster, engine);
        shares = new FairShares(pool.Projects);
        victims = new VictimChooser(pool, shares);
        reservations = new Reservations(pool, policy.MaxReservations);
        rooms = new RoomMaker(pool, engine);
        terms = new CalendarTerms(pool.Projects, policy);
        feasibility = new Feasibility(pool, policy);
        queues = new ClaimQueues(pool, shares, policy.Order);
        foreach (string name in policy.PoolsThatDoNotLend)
        {
            if (!Enumerable.Range(0, pool.Cluster.Pools.Count).Select(pool.Cluster.Pools.Name).Contains(name))
            {
                throw new ArgumentException($"the policy names a pool '{name}' that no node belongs to");
            }
        }
    }

    /// <summary>Fragmentation of the cluster.</summary>
    public FragmentationMeter Meter { get; }

    /// <summary>What each project should have, as of the last decision.</summary>
    public FairShares Shares => shares;

    /// <summary>Claims that wait.</summary>
    public int Waiting => queues.Count + pool.Arrived.Count;

    /// <summary>Node scores computed so far.</summary>
    public long Evaluations => engine.Evaluations;

    internal PlacementEngine Engine => engine;

    internal SchedulingPolicy Policy => policy;

    /// <summary>
    /// The seam to whoever has a pool: takes new claims, decides, and has it all in the books when it returns. What can't
    /// be carried out is taken back with <see cref="PoolState.StartFailed"/> and <see cref="PoolState.MoveFailed"/>.
    /// </summary>
    /// <param name="claims">Claims that came; those that make no sense are refused.</param>
    /// <param name="now">Time, seconds from any fixed point.</param>
    /// <returns>What is to be done, in this order.</returns>
    public IReadOnlyList<Decision> Decide(IReadOnlyList<ClaimConfig> claims, double now)
    {
        List<Decision> refused = [];
        foreach (ClaimConfig claim in claims)
        {
            try
            {
                pool.Submit(claim, now);
            }
            catch (ArgumentException e)
            {
                refused.Add(new RefuseDecision(claim.Id, e.Message));
            }
        }
        return [.. refused, .. Decide(now)];
    }

    /// <summary>Decides on the claims that wait.</summary>
    /// <param name="now">Time, seconds; never before that of the last call.</param>
    /// <returns>What is to be done, in this order.</returns>
    public IReadOnlyList<Decision> Decide(double now)
    {
        decisions.Clear();
        if (terms.Update(now) || shields && now - renewed >= ShieldCheckSeconds)
        {
            // Claims that were shielded for some time may be parked by now.
            renewed = now;
            pool.Renew();
        }
        TakeChanges();
        GiveUpTimedOut(now);
        shares.Update(pool.Capacity, terms.Of);
        StartReserved(now);
        StartWaiting(now);
        if (policy.Preemption)
        {
            Preempt(now);
        }
        Reserve(now);
        pool.Cluster.Commit();
        return decisions.Count == 0 ? [] : [.. decisions];
    }

    /// <summary>Why a claim waits, or where it went; changes nothing.</summary>
    /// <exception cref="ArgumentException">There is no such claim.</exception>
    public Explanation Explain(long claim, double now)
    {
        ClaimState state = Find(claim);
        terms.Update(now);
        shares.Update(pool.Capacity, terms.Of);
        return new Explainer(pool, engine, shares, reservations).Explain(state, now);
    }

    /// <summary>Empties hardly used nodes by moving their tasks to others in use; in the books when it returns.</summary>
    /// <param name="mostMoves">At most so many tasks.</param>
    public IReadOnlyList<MoveDecision> Rebalance(int mostMoves)
    {
        List<MoveDecision> moves = rooms.Consolidate(mostMoves);
        pool.Cluster.Commit();
        return moves;
    }

    /// <summary>What <see cref="Rebalance"/> would do; changes nothing.</summary>
    public IReadOnlyList<MoveDecision> PlanRebalance(int mostMoves)
    {
        List<MoveDecision> moves = rooms.Consolidate(mostMoves);
        rooms.TakeBack(moves);
        pool.Cluster.Commit();
        return moves;
    }

    /// <summary>Moves that would let a waiting claim start now; null when there are none. Changes nothing.</summary>
    /// <exception cref="ArgumentException">There is no such claim.</exception>
    public IReadOnlyList<MoveDecision>? PlanRoom(long claim, int mostMoves)
    {
        ClaimState state = Find(claim);
        List<Decision> moves = [];
        int checkpoint = pool.Cluster.Checkpoint;
        long releases = pool.Releases;
        int[]? slots =
            state.Phase == ClaimPhase.Running
                ? null
                : rooms.TryMakeRoom(state, engine.Shape(state.WideShape), mostMoves, moves);
        if (slots is not null)
        {
            pool.Cluster.Release(slots[0]);
            rooms.TakeBack([.. moves.Cast<MoveDecision>()]);
        }
        pool.Releases = releases;
        pool.Cluster.Commit();
        return slots is null ? null : [.. moves.Cast<MoveDecision>()];
    }

    /// <summary>Ids of all claims that wait, in the order in which they would be looked at now.</summary>
    public IReadOnlyList<long> WaitingInOrder(double now)
    {
        terms.Update(now);
        shares.Update(pool.Capacity, terms.Of);
        return queues.InOrder();
    }

    private ClaimState Find(long claim)
    {
        if (!pool.Claims.TryGetValue(claim, out ClaimState? state))
        {
            throw new ArgumentException($"there is no claim {claim}; it has ended, or never was");
        }
        if (state.WideShape < 0)
        {
            InternShapes(state);
        }
        return state;
    }

    private void TakeChanges()
    {
        foreach (ClaimState claim in pool.Left)
        {
            queues.Of(claim).Remove(claim);
            reservations.Drop(claim);
            withTimeout -= double.IsFinite(claim.Config.TimeoutSeconds) ? 1 : 0;
        }
        pool.Left.Clear();
        foreach (ClaimState claim in pool.Arrived)
        {
            if (!pool.Claims.TryGetValue(claim.Config.Id, out ClaimState? known) || known != claim)
            {
                continue;
            }
            if (!claim.Checked)
            {
                claim.Checked = true;
                InternShapes(claim);
                if (
                    feasibility.WhyNever(claim.Config, claim.Project, claim.Amount, engine.Shape(claim.WideShape)) is
                    { } why
                )
                {
                    decisions.Add(new RefuseDecision(claim.Config.Id, why));
                    pool.End(claim.Config.Id);
                    pool.Left.Clear();
                    continue;
                }
                withTimeout += double.IsFinite(claim.Config.TimeoutSeconds) ? 1 : 0;
                shields |= claim.Config.MinRunSeconds > 0;
            }
            queues.Of(claim).Add(claim);
        }
        pool.Arrived.Clear();
    }

    private void InternShapes(ClaimState claim)
    {
        ulong lending = 0;
        for (int number = 0; number < pool.Cluster.Pools.Count; number++)
        {
            lending |= policy.PoolsThatDoNotLend.Contains(pool.Cluster.Pools.Name(number)) ? 0 : 1UL << number;
        }
        TaskShape shape = claim.Config.Shape;
        ulong home =
            claim.Config.Pool.Length > 0 ? pool.Cluster.Pools.Bits(claim.Config.Pool)
            : shape.Devices == 0 ? TaskShape.Any
            : lending;
        ulong wide = claim.Config.Overflow ? home | lending : home;
        claim.HomeShape = engine.Intern(shape with { Pools = shape.Pools & home });
        claim.WideShape = engine.Intern(shape with { Pools = shape.Pools & wide });
    }

    private void GiveUpTimedOut(double now)
    {
        if (withTimeout == 0)
        {
            return;
        }
        foreach (WaitingQueue queue in queues.All)
        {
            for (int i = queue.Count - 1; i >= 0; i--)
            {
                ClaimState claim = queue[i];
                if (now - claim.WaitingSince > claim.Config.TimeoutSeconds)
                {
                    queue.RemoveAt(i);
                    pool.End(claim.Config.Id);
                    pool.Left.Clear();
                    reservations.Drop(claim);
                    withTimeout--;
                    decisions.Add(
                        new RefuseDecision(
                            claim.Config.Id,
                            $"waited {now - claim.WaitingSince:F0} s, longer than it wanted to ({claim.Config.TimeoutSeconds:F0} s)"
                        )
                    );
                }
            }
        }
    }

    private void StartReserved(double now)
    {
        foreach (ClaimState claim in reservations.Claims)
        {
            if (claim.Held is not null || reservations.HasLost(claim))
            {
                // Others are chosen when this round ends.
                reservations.Drop(claim);
                continue;
            }
            reservations.Open(claim);
            if (MayStart(claim) && TryPlace(claim) is { } slots)
            {
                queues.Of(claim).Remove(claim);
                reservations.Drop(claim);
                Start(claim, slots, now, "nodes were kept free for it");
            }
            else
            {
                reservations.Close(claim);
            }
        }
    }

    private void StartWaiting(double now)
    {
        queues.Rewind();
        unplaced.Clear();
        while (queues.Next() is { } claim)
        {
            claim.FailedAt = pool.Releases;
            int[]? slots = MayStart(claim) ? TryPlace(claim) ?? reservations.TryBackfill(claim, engine, now) : null;
            string reason = "there was room";
            if (slots is null && policy.MaxMoves > 0 && MayStart(claim))
            {
                slots = rooms.TryMakeRoom(claim, engine.Shape(claim.WideShape), policy.MaxMoves, decisions);
                reason = "room was made by moving others";
            }
            if (slots is null)
            {
                queues.Pass(claim);
                unplaced.Add(claim);
                continue;
            }
            queues.Take(claim);
            reservations.Drop(claim);
            Start(claim, slots, now, reason);
        }
    }

    private bool MayStart(ClaimState claim)
    {
        if (claim.Held is not null)
        {
            return false;
        }
        for (int at = claim.Project; at > 0; at = pool.Projects.Parent(at))
        {
            Resources after = pool.Projects.Used(at) + claim.Amount;
            ProjectTerms now = shares.Terms(at);
            if (
                !after.Within(pool.Projects.Config(at).Limit)
                || FairShares.MustKeepToQuota(claim.Config, pool.Projects.Config(at), now) && !after.Within(now.Quota)
            )
            {
                return false;
            }
        }
        return true;
    }

    private int[]? TryPlace(ClaimState claim)
    {
        int[]? slots = gangs.TryPlace(claim, claim.HomeShape);
        return slots ?? (claim.WideShape != claim.HomeShape ? gangs.TryPlace(claim, claim.WideShape) : null);
    }

    private void Start(ClaimState claim, int[] slots, double now, string reason)
    {
        bool resumed = claim.Phase == ClaimPhase.Parked;
        pool.Run(claim, slots, now);
        var places = new PlacedTask[slots.Length];
        for (int i = 0; i < slots.Length; i++)
        {
            places[i] = pool.Cluster.PlacementAt(slots[i]);
        }
        decisions.Add(new StartDecision(claim.Config.Id, places, resumed, reason));
    }

    private void Preempt(double now)
    {
        int tries = 0;
        for (int i = 0; i < unplaced.Count; i++)
        {
            ClaimState claim = unplaced[i];
            bool lower = pool.RunsLower(claim.Project, claim.Config.Priority);
            if (claim.Phase == ClaimPhase.Running || !victims.MayAsk(claim, lower) || !MayStart(claim))
            {
                continue;
            }
            if (tries++ >= MaxPreemptionsPerRound)
            {
                // Its turn comes in the next round.
                claim.FailedAt = -1;
                continue;
            }
            if (claim.Config.Closeness != Closeness.RequireRack || claim.Config.Tasks == 1)
            {
                if (!TryPreempt(claim, null, now) && claim.Config.MaySplit && claim.Config.Shape.Devices > 1)
                {
                    TryPreempt(claim, null, now, device: true);
                }
                continue;
            }
            foreach (string rack in gangs.RackNames)
            {
                if (TryPreempt(claim, rack, now))
                {
                    break;
                }
            }
        }
    }

    private bool TryPreempt(ClaimState claim, string? rack, double now, bool device = false)
    {
        int checkpoint = pool.Cluster.Checkpoint;
        long releases = pool.Releases;
        List<(ClaimState Claim, int[] Slots)> parked = [];
        // Guests on the nodes of its own pool go first; beyond its pool it asks for nothing that is owed to others.
        int shapeId = claim.HomeShape;
        TaskShape shape = engine.Shape(shapeId);
        shape = device ? shape with { Devices = 1 } : shape;
        int[]? slots;
        while ((slots = gangs.TryPlace(claim, shapeId)) is null)
        {
            if (parked.Count > MaxVictims || !victims.TryChoose(claim, shape, rack, now, chosen))
            {
                break;
            }
            foreach (ClaimState victim in chosen)
            {
                parked.Add((victim, victim.Slots));
                pool.TakePlaces(victim);
            }
        }
        if (slots is null)
        {
            pool.Cluster.Undo(checkpoint);
            for (int i = parked.Count - 1; i >= 0; i--)
            {
                pool.Restore(parked[i].Claim, parked[i].Slots);
            }
            pool.Releases = releases;
            return false;
        }
        foreach ((ClaimState victim, _) in parked)
        {
            victim.TimesParked++;
            pool.Wait(victim, ClaimPhase.Parked, now);
            decisions.Add(new ParkDecision(victim.Config.Id, claim.Config.Id, ReasonToPark(claim, victim)));
        }
        queues.Of(claim).Remove(claim);
        reservations.Drop(claim);
        Start(claim, slots, now, "others were parked for it");
        // The parked wait in line at once, so that what is still free is theirs too.
        foreach (ClaimState victim in pool.Arrived)
        {
            queues.Of(victim).Add(victim);
        }
        pool.Arrived.Clear();
        return true;
    }

    private static string ReasonToPark(ClaimState claim, ClaimState victim) =>
        claim.Project == victim.Project
            ? $"claim {claim.Config.Id} of the same project has priority {claim.Config.Priority}, this one {victim.Config.Priority}"
            : $"project '{claim.Config.Project}' asks for its quota, '{victim.Config.Project}' had borrowed";

    private void Reserve(double now)
    {
        foreach (WaitingQueue queue in queues.All)
        {
            for (int i = 0; i < Math.Min(HeadsPerQueue, queue.Count) && !reservations.Full; i++)
            {
                ClaimState claim = queue[i];
                if (
                    now - claim.WaitingSince >= (claim.Config.ReserveAfterSeconds ?? policy.ReserveAfterSeconds)
                    && MayStart(claim)
                )
                {
                    reservations.Add(claim, engine.Shape(claim.WideShape), now);
                    break;
                }
            }
        }
    }
}
