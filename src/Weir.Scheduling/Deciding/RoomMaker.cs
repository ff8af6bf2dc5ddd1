using Weir.Scheduling.Cluster;
using Weir.Scheduling.Placement;

namespace Weir.Scheduling.Deciding;

/// <summary>
/// Makes room by moving tasks: for a claim that fits nowhere, or to empty nodes that are hardly used. Commits only when
/// every moved task has a new place.
/// </summary>
internal sealed class RoomMaker(PoolState pool, PlacementEngine engine)
{
    private const int NodesTried = 8;

    /// <summary>Slot of the claim's one task after others have moved; null when that can't be, and nothing has changed.</summary>
    public int[]? TryMakeRoom(ClaimState claim, TaskShape shape, int mostMoves, List<Decision> decisions)
    {
        if (claim.Config.Tasks > 1 || shape.Devices == 0)
        {
            return null;
        }
        foreach (int node in Cheapest(shape))
        {
            List<MoveDecision> moves = [];
            bool wasClosed = pool.Cluster.IsClosed(node);
            foreach (PoolState.TaskRef task in ByCost(node))
            {
                if (moves.Count == mostMoves || pool.Cluster.Fits(node, shape))
                {
                    break;
                }
                if (!TryMove(task, node, $"makes room for claim {claim.Config.Id}", moves))
                {
                    break;
                }
            }
            if (!wasClosed && pool.Cluster.Fits(node, shape))
            {
                decisions.AddRange(moves);
                pool.Renew();
                return [pool.Cluster.Place(node, shape, engine.Policy.ChooseDevices(node, shape))];
            }
            TakeBack(moves);
        }
        return null;
    }

    /// <summary>Moves that empty nodes, the least used first; already in the books.</summary>
    public List<MoveDecision> Consolidate(int mostMoves)
    {
        List<MoveDecision> all = [];
        int[] nodes = [.. Enumerable.Range(0, pool.Cluster.NodeCount)];
        Array.Sort(nodes, (x, y) => Load(x) != Load(y) ? Load(x).CompareTo(Load(y)) : x.CompareTo(y));
        foreach (int node in nodes)
        {
            int tasks = pool.TasksOn(node).Count;
            if (tasks == 0 || pool.Cluster.IsClosed(node) || all.Count + tasks > mostMoves)
            {
                continue;
            }
            List<MoveDecision> moves = [];
            bool emptied = true;
            foreach (PoolState.TaskRef task in ByCost(node))
            {
                emptied = emptied && TryMove(task, node, "empties its node", moves, usedOnly: true);
            }
            if (emptied)
            {
                all.AddRange(moves);
                pool.Renew();
            }
            else
            {
                TakeBack(moves);
            }
        }
        return all;

        double Load(int node) => pool.TasksOn(node).Sum(task => (double)task.Claim.ParkBytes + 1);
    }

    private bool TryMove(
        PoolState.TaskRef task,
        int from,
        string reason,
        List<MoveDecision> moves,
        bool usedOnly = false
    )
    {
        if (task.Claim.Config is { Tasks: > 1, Closeness: Closeness.RequireRack })
        {
            return false;
        }
        PlacedTask placed = pool.Cluster.PlacementAt(task.Claim.Slots[task.Task]);
        bool open = !pool.Cluster.IsClosed(from);
        if (open)
        {
            pool.Cluster.SetClosed(from, true);
        }
        int shapeId = engine.Intern(placed.Shape);
        int to = engine.FindNode(shapeId);
        if (open)
        {
            pool.Cluster.SetClosed(from, false);
        }
        if (to < 0 || usedOnly && pool.Cluster.Tasks(to) == 0 || HasOtherPart(task, to))
        {
            return false;
        }
        pool.Move(task.Claim, task.Task, to, engine.Policy.ChooseDevices(to, placed.Shape));
        PlacedTask now = pool.Cluster.PlacementAt(task.Claim.Slots[task.Task]);
        moves.Add(new MoveDecision(task.Claim.Config.Id, task.Task, placed, now, reason));
        return true;
    }

    // Parts of a divided claim are on devices of their own, so on nodes of their own.
    private bool HasOtherPart(PoolState.TaskRef task, int node)
    {
        int[] slots = task.Claim.Slots;
        for (int i = 0; task.Claim.Config.MaySplit && i < slots.Length; i++)
        {
            if (i != task.Task && pool.Cluster.PlacementAt(slots[i]).Node == node)
            {
                return true;
            }
        }
        return false;
    }

    /// <summary>Takes moves back, the last first, so that every place is free again when it is needed.</summary>
    public void TakeBack(List<MoveDecision> moves)
    {
        for (int i = moves.Count - 1; i >= 0; i--)
        {
            ClaimState claim = pool.Claims[moves[i].Claim];
            pool.Move(claim, moves[i].Task, moves[i].From.Node, moves[i].From.Devices, back: true);
        }
    }

    private IEnumerable<int> Cheapest(TaskShape shape)
    {
        List<(long Bytes, int Node)> nodes = [];
        for (int node = 0; node < pool.Cluster.NodeCount; node++)
        {
            if (!pool.Cluster.IsClosed(node) && Reservations.EmptyRoom(pool.Cluster, node, shape) > 0)
            {
                long bytes = 0;
                foreach (PoolState.TaskRef task in pool.TasksOn(node))
                {
                    bytes += task.Claim.ParkBytes / task.Claim.Config.Tasks + 1;
                }
                nodes.Add((bytes, node));
            }
        }
        nodes.Sort();
        return nodes.Take(NodesTried).Select(node => node.Node);
    }

    private List<PoolState.TaskRef> ByCost(int node)
    {
        List<PoolState.TaskRef> tasks = [.. pool.TasksOn(node)];
        tasks.Sort(
            (x, y) =>
                x.Claim.ParkBytes != y.Claim.ParkBytes
                    ? x.Claim.ParkBytes.CompareTo(y.Claim.ParkBytes)
                    : x.Claim.Config.Id.CompareTo(y.Claim.Config.Id)
        );
        return tasks;
    }
}
