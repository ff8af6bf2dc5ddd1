using Weir.Scheduling.Fairness;

namespace Weir.Scheduling.Deciding;

/// <summary>Waiting claims in the order of the policy: one queue per project, or one for all.</summary>
internal sealed class ClaimQueues
{
    private readonly PoolState pool;
    private readonly FairShares shares;
    private readonly WaitingQueue[] queues;
    private readonly int[] cursors;
    private readonly bool[] exhausted;

    public ClaimQueues(PoolState pool, FairShares shares, QueueOrder order)
    {
        this.pool = pool;
        this.shares = shares;
        queues = new WaitingQueue[order == QueueOrder.FairShare ? pool.Projects.Count : 1];
        for (int i = 0; i < queues.Length; i++)
        {
            queues[i] = new WaitingQueue(
                order == QueueOrder.ShortestFirst ? WaitingQueue.ByDuration : WaitingQueue.ByPriority
            );
        }
        cursors = new int[queues.Length];
        exhausted = new bool[pool.Projects.Count];
    }

    /// <summary>All queues.</summary>
    public ReadOnlySpan<WaitingQueue> All => queues;

    /// <summary>Claims that wait.</summary>
    public int Count
    {
        get
        {
            int count = 0;
            foreach (WaitingQueue queue in queues)
            {
                count += queue.Count;
            }
            return count;
        }
    }

    /// <summary>The queue of a claim.</summary>
    public WaitingQueue Of(ClaimState claim) => queues[IndexOf(claim)];

    /// <summary>Begins at the front of all queues.</summary>
    public void Rewind()
    {
        Array.Clear(cursors);
        Array.Clear(exhausted);
    }

    /// <summary>The claim that <see cref="Next"/> gave stays; the one behind it comes next.</summary>
    public void Pass(ClaimState claim) => cursors[IndexOf(claim)]++;

    /// <summary>The claim that <see cref="Next"/> gave leaves its queue.</summary>
    public void Take(ClaimState claim)
    {
        int queue = IndexOf(claim);
        queues[queue].RemoveAt(cursors[queue]);
    }

    /// <summary>The next claim in order that may have become able to start; null at the end.</summary>
    public ClaimState? Next()
    {
        while (true)
        {
            int queue = queues.Length == 1 ? 0 : Descend(0);
            if (queue < 0)
            {
                return null;
            }
            WaitingQueue waiting = queues[queue];
            while (cursors[queue] < waiting.Count)
            {
                ClaimState claim = waiting[cursors[queue]];
                if (claim.FailedAt != pool.Releases)
                {
                    return claim;
                }
                cursors[queue]++;
            }
            if (queues.Length == 1)
            {
                return null;
            }
            exhausted[queue] = true;
        }
    }

    /// <summary>
    /// Ids of all that waits, as it would be looked at if nothing could start: those who come next are before those who would
    /// come after them.
    /// </summary>
    public List<long> InOrder()
    {
        List<long> ids = [];
        Rewind();
        while ((queues.Length == 1 ? 0 : Descend(0)) is >= 0 and int queue)
        {
            if (cursors[queue] >= queues[queue].Count)
            {
                break;
            }
            ids.Add(queues[queue][cursors[queue]++].Config.Id);
        }
        return ids;
    }

    // Down the tree to the project whose turn it is: those within their quota first, then by priority, then by share.
    private int Descend(int project)
    {
        while (true)
        {
            ReadOnlySpan<int> children = pool.Projects.Children(project);
            int best = -1;
            (bool Beyond, int Priority, double Share) bestKey = default;
            foreach (int child in children)
            {
                if (exhausted[child])
                {
                    continue;
                }
                if (pool.Projects.IsLeaf(child) && cursors[child] >= queues[child].Count)
                {
                    exhausted[child] = true;
                    continue;
                }
                ProjectTerms now = shares.Terms(child);
                bool beyond = !pool.Projects.Used(child).Within(now.Quota);
                (bool, int, double) key = (beyond, beyond ? -now.Priority : 0, shares.Dominant(child));
                if (best < 0 || key.CompareTo(bestKey) < 0)
                {
                    (best, bestKey) = (child, key);
                }
            }
            if (best < 0)
            {
                exhausted[project] = true;
                if (project == 0)
                {
                    return -1;
                }
                project = 0;
                continue;
            }
            if (pool.Projects.IsLeaf(best))
            {
                return best;
            }
            project = best;
        }
    }

    private int IndexOf(ClaimState claim) => queues.Length == 1 ? 0 : claim.Project;
}
