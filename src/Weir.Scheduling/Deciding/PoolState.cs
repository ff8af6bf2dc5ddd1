using Weir.Scheduling.Cluster;
using Weir.Scheduling.Fairness;

namespace Weir.Scheduling.Deciding;

/// <summary>
/// The books of a pool: the cluster, the projects, every claim and where its tasks are. Changed by what happens
/// (<see cref="Submit"/>, <see cref="End"/>, <see cref="CloseNode"/> …) and by <see cref="Scheduler"/>; never by itself.
/// </summary>
public sealed class PoolState
{
    private readonly Dictionary<long, ClaimState> claims = [];
    private readonly List<TaskRef>[] onNode;
    private readonly bool[] down;
    private readonly long[] cheapest;
    private readonly SortedDictionary<int, int>[] running;

    /// <summary>Books of an empty cluster.</summary>
    public PoolState(ClusterState cluster, ProjectTree projects)
    {
        Cluster = cluster;
        Projects = projects;
        onNode = new List<TaskRef>[cluster.NodeCount];
        for (int node = 0; node < onNode.Length; node++)
        {
            onNode[node] = [];
            Capacity += NodeCapacity(node);
        }
        down = new bool[cluster.NodeCount];
        cheapest = new long[cluster.NodeCount];
        Array.Fill(cheapest, long.MaxValue);
        running = new SortedDictionary<int, int>[projects.Count];
        for (int project = 0; project < running.Length; project++)
        {
            running[project] = [];
        }
    }

    /// <summary>What is promised on nodes and devices.</summary>
    public ClusterState Cluster { get; }

    /// <summary>The projects.</summary>
    public ProjectTree Projects { get; }

    /// <summary>All claims that have not ended, by id.</summary>
    public IReadOnlyDictionary<long, ClaimState> Claims => claims;

    /// <summary>What the nodes have that are not down.</summary>
    public Resources Capacity { get; private set; }

    /// <summary>Counts whatever may let a waiting claim start: releases, nodes that come, terms that change.</summary>
    internal long Releases { get; set; }

    /// <summary>Claims that came since the scheduler last looked.</summary>
    internal List<ClaimState> Arrived { get; } = [];

    /// <summary>Claims that ended or went back to waiting since the scheduler last looked.</summary>
    internal List<ClaimState> Left { get; } = [];

    /// <summary>Tasks on a node.</summary>
    internal List<TaskRef> TasksOn(int node) => onNode[node];

    /// <summary>The least that parking some claim of the node costs, bytes; the largest number when none may be parked.</summary>
    internal long Cheapest(int node) => cheapest[node];

    /// <summary>True when the project runs a claim of lower priority that may be parked.</summary>
    internal bool RunsLower(int project, int priority)
    {
        // Sorted: the first is the lowest.
        foreach (int lowest in running[project].Keys)
        {
            return lowest < priority;
        }
        return false;
    }

    /// <summary>True when a node is down.</summary>
    public bool IsDown(int node) => down[node];

    /// <summary>Takes a claim into the books; it waits.</summary>
    /// <exception cref="ArgumentException">It makes no sense, its id is there already, or its project takes no claims.</exception>
    public ClaimState Submit(ClaimConfig claim, double now)
    {
        // One that may be divided asks for more devices than a node has.
        TaskShape checkedShape = claim.MaySplit
            ? claim.Shape with
            {
                Devices = Math.Min(claim.Shape.Devices, 64),
            }
            : claim.Shape;
        checkedShape.Check();
        int project = Projects.Find(claim.Project);
        if (!Projects.IsLeaf(project))
        {
            throw new ArgumentException($"project '{claim.Project}' has projects below it; only these take claims");
        }
        if (claim.Tasks is < 1 or > 100_000)
        {
            throw new ArgumentException($"claim {claim.Id} has {claim.Tasks} tasks; 1 to 100000 can be asked for");
        }
        if (claim.MaySplit && (claim.Tasks > 1 || claim.Shape.CpuMilli > 0 || claim.Shape.MemoryMib > 0))
        {
            throw new ArgumentException(
                $"claim {claim.Id} may be divided over nodes: then it has one task, which asks for devices only"
            );
        }
        if (claim.ParkBytes < 0 || claim.MinRunSeconds < 0 || claim.PredictedSeconds < 0 || claim.TimeoutSeconds < 0)
        {
            throw new ArgumentException($"claim {claim.Id}: times and bytes must not be negative");
        }
        var state = new ClaimState(claim, project, now);
        if (!claims.TryAdd(claim.Id, state))
        {
            throw new ArgumentException($"claim {claim.Id} is there already");
        }
        Projects.Wait(project, state.Amount, +1);
        Arrived.Add(state);
        return state;
    }

    /// <summary>
    /// Takes a claim into the books that runs already: after a restart, or when books are made anew because nodes were added.
    /// </summary>
    /// <param name="claim">What it asks for.</param>
    /// <param name="places">Where its tasks are, one each.</param>
    /// <param name="submitted">When it came, seconds.</param>
    /// <param name="started">When it started, seconds.</param>
    /// <exception cref="ArgumentException">It makes no sense, or its id is there already.</exception>
    /// <exception cref="InvalidOperationException">A place does not exist or is taken; nothing has changed.</exception>
    public ClaimState Adopt(ClaimConfig claim, IReadOnlyList<PlacedTask> places, double submitted, double started)
    {
        if (places.Count != claim.Tasks && !claim.MaySplit)
        {
            throw new ArgumentException(
                $"claim {claim.Id} has {claim.Tasks} tasks, and {places.Count} places were given"
            );
        }
        ClaimState state = Submit(claim, submitted);
        int checkpoint = Cluster.Checkpoint;
        int[] slots = new int[places.Count];
        try
        {
            for (int task = 0; task < slots.Length; task++)
            {
                slots[task] = Cluster.PlaceBack(places[task].Node, places[task].Shape, places[task].Devices);
            }
        }
        catch (InvalidOperationException)
        {
            Cluster.Undo(checkpoint);
            Arrived.Remove(state);
            claims.Remove(claim.Id);
            Projects.Wait(state.Project, state.Amount, -1);
            throw;
        }
        Arrived.Remove(state);
        Run(state, slots, started);
        Cluster.Commit();
        return state;
    }

    /// <summary>The claim is over: finished, released or withdrawn. False when there is no such claim.</summary>
    public bool End(long claim)
    {
        if (!claims.Remove(claim, out ClaimState? state))
        {
            return false;
        }
        if (state.Phase == ClaimPhase.Running)
        {
            TakePlaces(state);
            Cluster.Commit();
        }
        else
        {
            Projects.Wait(state.Project, state.Amount, -1);
        }
        Left.Add(state);
        return true;
    }

    /// <summary>
    /// A decision could not be carried out (a node died on the way): the claim goes back to waiting. False when it does
    /// not run.
    /// </summary>
    public bool StartFailed(long claim, double now)
    {
        if (!claims.TryGetValue(claim, out ClaimState? state) || state.Phase != ClaimPhase.Running)
        {
            return false;
        }
        TakePlaces(state);
        Cluster.Commit();
        Wait(state, state.TimesParked > 0 ? ClaimPhase.Parked : ClaimPhase.Waiting, now);
        return true;
    }

    /// <summary>
    /// What parking a running claim costs by now, and whether it may be parked at all. False when it does not run.
    /// </summary>
    /// <param name="claim">Its id.</param>
    /// <param name="mayPark">Whether it may be parked for others; whether it may borrow is as it was asked for.</param>
    /// <param name="parkBytes">Bytes that parking it moves, all tasks together.</param>
    public bool Reprice(long claim, bool mayPark, long parkBytes)
    {
        if (!claims.TryGetValue(claim, out ClaimState? state) || state.Phase != ClaimPhase.Running)
        {
            return false;
        }
        if (state.MayPark == mayPark && state.ParkBytes == parkBytes)
        {
            return true;
        }
        // Who found nobody to ask may find this one now.
        Releases += mayPark && !state.MayPark ? 1 : 0;
        Count(state, -1);
        (state.MayPark, state.ParkBytes) = (mayPark, Math.Max(0, parkBytes));
        Count(state, +1);
        foreach (int slot in state.Slots)
        {
            SetCheapest(Cluster.PlacementAt(slot).Node);
        }
        return true;
    }

    /// <summary>A move could not be carried out: the task is back where it was, or its claim waits when that place is gone.</summary>
    public void MoveFailed(MoveDecision move, double now)
    {
        if (!claims.TryGetValue(move.Claim, out ClaimState? state) || state.Phase != ClaimPhase.Running)
        {
            return;
        }
        Move(state, move.Task, -1, default);
        try
        {
            state.Slots[move.Task] = Cluster.PlaceBack(move.From.Node, move.From.Shape, move.From.Devices);
            Settle(move.From.Node, state, move.Task);
            Cluster.Commit();
            Releases++;
        }
        catch (InvalidOperationException)
        {
            // Someone has the place by now, or the node is gone: the whole claim waits.
            state.Slots[move.Task] = -1;
            TakePlaces(state);
            Cluster.Commit();
            Wait(state, ClaimPhase.Waiting, now);
        }
    }

    /// <summary>Says on which of a node's devices (bits) new tasks may be put; what runs there stays.</summary>
    public void SetUsable(int node, ulong devices)
    {
        bool more = (devices & ~Cluster.Usable(node)) != 0;
        Cluster.SetUsable(node, devices);
        Releases += more ? 1 : 0;
    }

    /// <summary>Keeps a waiting claim from starting; null lets it go on. False when there is no such claim.</summary>
    /// <param name="claim">Its id.</param>
    /// <param name="reason">Why, for people.</param>
    public bool Hold(long claim, string? reason)
    {
        if (!claims.TryGetValue(claim, out ClaimState? state))
        {
            return false;
        }
        state.Held = reason;
        state.FailedAt = -1;
        return true;
    }

    /// <summary>A node goes down or into maintenance: claims with tasks there wait again; their ids are returned.</summary>
    public IReadOnlyList<long> CloseNode(int node, double now)
    {
        if (down[node])
        {
            return [];
        }
        down[node] = true;
        Capacity -= NodeCapacity(node);
        List<long> lost = [];
        while (onNode[node].Count > 0)
        {
            ClaimState claim = onNode[node][0].Claim;
            TakePlaces(claim);
            Wait(claim, ClaimPhase.Waiting, now);
            lost.Add(claim.Config.Id);
        }
        Cluster.SetClosed(node, true);
        Cluster.Commit();
        return lost;
    }

    /// <summary>A node is there again.</summary>
    public void OpenNode(int node)
    {
        if (down[node])
        {
            down[node] = false;
            Capacity += NodeCapacity(node);
            Cluster.SetClosed(node, false);
            Cluster.Commit();
            Releases++;
        }
    }

    /// <summary>The claim's tasks got these slots.</summary>
    internal void Run(ClaimState claim, int[] slots, double now)
    {
        claim.Slots = slots;
        claim.Phase = ClaimPhase.Running;
        claim.Started = now;
        claim.ExpectedEnd = now + claim.Config.PredictedSeconds;
        for (int task = 0; task < slots.Length; task++)
        {
            Settle(Cluster.PlacementAt(slots[task]).Node, claim, task);
        }
        Projects.Wait(claim.Project, claim.Amount, -1);
        Projects.Use(claim.Project, claim.Amount);
        Count(claim, +1);
    }

    /// <summary>Frees the claim's places; it counts as using nothing and as not waiting.</summary>
    internal void TakePlaces(ClaimState claim)
    {
        for (int task = 0; task < claim.Slots.Length; task++)
        {
            if (claim.Slots[task] >= 0)
            {
                int node = Cluster.PlacementAt(claim.Slots[task]).Node;
                Cluster.Release(claim.Slots[task]);
                Drop(node, claim, task);
            }
        }
        claim.Slots = [];
        Projects.Free(claim.Project, claim.Amount);
        Count(claim, -1);
        Releases++;
    }

    /// <summary>The claim waits from now on.</summary>
    internal void Wait(ClaimState claim, ClaimPhase phase, double now)
    {
        claim.Phase = phase;
        claim.WaitingSince = now;
        claim.ExpectedEnd = double.NaN;
        claim.FailedAt = -1;
        Projects.Wait(claim.Project, claim.Amount, +1);
        Arrived.Add(claim);
    }

    /// <summary>Puts back a claim whose places were taken and whose cluster changes have been undone.</summary>
    internal void Restore(ClaimState claim, int[] slots)
    {
        claim.Slots = slots;
        claim.Phase = ClaimPhase.Running;
        for (int task = 0; task < slots.Length; task++)
        {
            Settle(Cluster.PlacementAt(slots[task]).Node, claim, task);
        }
        Projects.Use(claim.Project, claim.Amount);
        Count(claim, +1);
    }

    /// <summary>Moves one task; without a target node it only leaves its place.</summary>
    /// <param name="claim">Its claim.</param>
    /// <param name="task">Which task.</param>
    /// <param name="node">Where to; negative: nowhere.</param>
    /// <param name="devices">On which devices.</param>
    /// <param name="back">True when it was there a moment ago.</param>
    internal void Move(ClaimState claim, int task, int node, ulong devices, bool back = false)
    {
        PlacedTask from = Cluster.PlacementAt(claim.Slots[task]);
        Cluster.Release(claim.Slots[task]);
        Drop(from.Node, claim, task);
        claim.Slots[task] = -1;
        if (node >= 0)
        {
            claim.Slots[task] = back
                ? Cluster.PlaceBack(node, from.Shape, devices)
                : Cluster.Place(node, from.Shape, devices);
            Settle(node, claim, task);
        }
    }

    /// <summary>Something changed by which a waiting claim may fit.</summary>
    internal void Renew() => Releases++;

    private void Settle(int node, ClaimState claim, int task)
    {
        onNode[node].Add(new TaskRef(claim, task));
        if (claim.MayPark)
        {
            cheapest[node] = Math.Min(cheapest[node], claim.ParkBytes);
        }
    }

    private void Count(ClaimState claim, int sign)
    {
        if (claim.MayPark)
        {
            SortedDictionary<int, int> counts = running[claim.Project];
            int count = counts.GetValueOrDefault(claim.Config.Priority) + sign;
            if (count > 0)
            {
                counts[claim.Config.Priority] = count;
            }
            else
            {
                counts.Remove(claim.Config.Priority);
            }
        }
    }

    private void Drop(int node, ClaimState claim, int task)
    {
        List<TaskRef> tasks = onNode[node];
        for (int i = 0; i < tasks.Count; i++)
        {
            if (tasks[i].Claim == claim && tasks[i].Task == task)
            {
                // Order matters to those who choose victims, so it is kept.
                tasks.RemoveAt(i);
                if (claim.MayPark && claim.ParkBytes == cheapest[node])
                {
                    SetCheapest(node);
                }
                return;
            }
        }
    }

    private void SetCheapest(int node)
    {
        cheapest[node] = long.MaxValue;
        foreach (TaskRef left in onNode[node])
        {
            cheapest[node] = left.Claim.MayPark ? Math.Min(cheapest[node], left.Claim.ParkBytes) : cheapest[node];
        }
    }

    private Resources NodeCapacity(int node)
    {
        NodeConfig config = Cluster.Node(node);
        return config.Offers ?? new(config.Devices * (long)TaskShape.WholeDevice, config.CpuMilli, config.MemoryMib);
    }

    /// <summary>One task of a claim.</summary>
    internal readonly record struct TaskRef(ClaimState Claim, int Task);
}
