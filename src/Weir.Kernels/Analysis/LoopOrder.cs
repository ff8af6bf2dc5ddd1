namespace Weir.Kernels.Analysis;

/// <summary>
/// Puts pieces in an order in which all edges go forward except jumps back, and the pieces of a loop stand together;
/// then inserts the latches. Works for any graph; where a loop has several entries it is only less tidy.
/// </summary>
internal static class LoopOrder
{
    /// <summary>Arranges pieces given in reverse post-order.</summary>
    /// <param name="order">Reachable pieces, entry first.</param>
    /// <param name="number">Index of each in <paramref name="order"/>.</param>
    public static List<CodeNode> Arrange(List<CodeNode> order, Dictionary<CodeNode, int> number)
    {
        int[] loopOf = InnermostLoops(order, number, out List<Loop> loops);
        List<CodeNode> placed = Place(order, number, loopOf, loops);
        return InsertLatches(placed, order, number, loops);
    }

    private sealed class Loop(int header)
    {
        public int Header { get; } = header;

        public HashSet<int> Body { get; } = [header];

        public int Parent { get; set; } = -1;

        public int Left { get; set; }
    }

    private static int[] Dominators(List<CodeNode> order, Dictionary<CodeNode, int> number)
    {
        int[] dominator = new int[order.Count];
        Array.Fill(dominator, -1);
        dominator[0] = 0;
        bool changed = true;
        while (changed)
        {
            changed = false;
            for (int i = 1; i < order.Count; i++)
            {
                int found = -1;
                foreach (CodeNode predecessor in order[i].Predecessors)
                {
                    int p = number[predecessor];
                    if (dominator[p] >= 0)
                    {
                        found = found < 0 ? p : Common(dominator, p, found);
                    }
                }
                if (found != dominator[i])
                {
                    dominator[i] = found;
                    changed = true;
                }
            }
        }
        return dominator;
    }

    private static int Common(int[] dominator, int a, int b)
    {
        while (a != b)
        {
            if (a > b)
            {
                a = dominator[a];
            }
            else
            {
                b = dominator[b];
            }
        }
        return a;
    }

    private static int[] InnermostLoops(List<CodeNode> order, Dictionary<CodeNode, int> number, out List<Loop> loops)
    {
        int[] dominator = Dominators(order, number);
        Dictionary<int, Loop> byHeader = [];
        Stack<int> work = new();
        for (int tail = 0; tail < order.Count; tail++)
        {
            foreach (CodeNode successor in order[tail].Successors)
            {
                int header = number[successor];
                if (header > tail || Common(dominator, header, tail) != header)
                {
                    continue;
                }
                if (!byHeader.TryGetValue(header, out Loop? loop))
                {
                    byHeader[header] = loop = new Loop(header);
                }
                if (loop.Body.Add(tail))
                {
                    work.Push(tail);
                }
                while (work.TryPop(out int node))
                {
                    foreach (CodeNode predecessor in order[node].Predecessors)
                    {
                        if (loop.Body.Add(number[predecessor]))
                        {
                            work.Push(number[predecessor]);
                        }
                    }
                }
            }
        }
        loops = [.. byHeader.Values.OrderByDescending(loop => loop.Body.Count)];
        int[] innermost = new int[order.Count];
        Array.Fill(innermost, -1);
        for (int i = 0; i < loops.Count; i++)
        {
            loops[i].Parent = innermost[loops[i].Header];
            loops[i].Left = loops[i].Body.Count;
            foreach (int node in loops[i].Body)
            {
                innermost[node] = i;
            }
        }
        return innermost;
    }

    /// <summary>Topological order over the forward edges that finishes a loop before it goes on behind it.</summary>
    private static List<CodeNode> Place(
        List<CodeNode> order,
        Dictionary<CodeNode, int> number,
        int[] loopOf,
        List<Loop> loops
    )
    {
        int[] waiting = new int[order.Count];
        for (int i = 0; i < order.Count; i++)
        {
            waiting[i] = order[i].Predecessors.Count(predecessor => number[predecessor] < i);
        }
        // One queue of ready pieces per loop (the last for none), lowest number first.
        SortedSet<int>[] ready = new SortedSet<int>[loops.Count + 1];
        for (int i = 0; i < ready.Length; i++)
        {
            ready[i] = [];
        }
        Stack<int> open = new();
        List<CodeNode> placed = new(order.Count);
        ready[Slot(0)].Add(0);
        while (placed.Count < order.Count)
        {
            int chosen = Choose();
            placed.Add(order[chosen]);
            foreach (CodeNode successor in order[chosen].Successors)
            {
                int s = number[successor];
                if (s > chosen && --waiting[s] == 0)
                {
                    ready[Slot(s)].Add(s);
                }
            }
        }
        return placed;

        int Slot(int node)
        {
            // A header that is not open yet waits in the queue of the loop around it.
            int loop = loopOf[node];
            if (loop >= 0 && loops[loop].Header == node)
            {
                loop = loops[loop].Parent;
            }
            return loop < 0 ? loops.Count : loop;
        }

        int Choose()
        {
            while (true)
            {
                int slot = open.Count > 0 ? open.Peek() : loops.Count;
                if (ready[slot].Count > 0)
                {
                    int node = ready[slot].Min;
                    ready[slot].Remove(node);
                    if (loopOf[node] >= 0 && loops[loopOf[node]].Header == node)
                    {
                        open.Push(loopOf[node]);
                    }
                    return node;
                }
                if (open.Count == 0)
                {
                    // Only where loops have several entries: take whatever is ready.
                    SortedSet<int> any = Array.Find(ready, set => set.Count > 0) ?? [];
                    int node = any.Min;
                    any.Remove(node);
                    return node;
                }
                open.Pop();
            }
        }
    }

    private static List<CodeNode> InsertLatches(
        List<CodeNode> placed,
        List<CodeNode> order,
        Dictionary<CodeNode, int> number,
        List<Loop> loops
    )
    {
        Dictionary<CodeNode, int> position = new(placed.Count);
        for (int i = 0; i < placed.Count; i++)
        {
            position[placed[i]] = i;
        }
        // For each target of a jump back: the position behind which its latch stands.
        Dictionary<CodeNode, int> latchAfter = [];
        foreach (CodeNode node in placed)
        {
            foreach (CodeNode successor in node.Successors)
            {
                if (position[successor] <= position[node])
                {
                    latchAfter[successor] = Math.Max(latchAfter.GetValueOrDefault(successor), position[node]);
                }
            }
        }
        foreach (Loop loop in loops)
        {
            CodeNode header = order[loop.Header];
            if (latchAfter.TryGetValue(header, out int after))
            {
                latchAfter[header] = Math.Max(after, loop.Body.Max(member => position[order[member]]));
            }
        }
        List<CodeNode> result = new(placed.Count + latchAfter.Count);
        ILookup<int, CodeNode> byPlace = latchAfter.ToLookup(pair => pair.Value, pair => pair.Key);
        for (int i = 0; i < placed.Count; i++)
        {
            result.Add(placed[i]);
            // Inner loops first: their header stands later.
            foreach (CodeNode target in byPlace[i].OrderByDescending(header => position[header]))
            {
                result.Add(MakeLatch(target, position));
            }
        }
        return result;
    }

    private static CodeNode MakeLatch(CodeNode target, Dictionary<CodeNode, int> position)
    {
        CodeNode latch = new() { Instructions = [], IsLatch = true };
        foreach (CodeNode source in target.Predecessors.ToArray())
        {
            if (!source.IsLatch && position[source] >= position[target])
            {
                for (int i = 0; i < source.Successors.Count; i++)
                {
                    if (source.Successors[i] == target)
                    {
                        source.Successors[i] = latch;
                        latch.Predecessors.Add(source);
                    }
                }
                target.Predecessors.RemoveAll(other => other == source);
            }
        }
        latch.Successors.Add(target);
        target.Predecessors.Add(latch);
        return latch;
    }
}
