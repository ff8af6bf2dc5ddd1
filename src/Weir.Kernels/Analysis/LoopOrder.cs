namespace Weir.Kernels.Analysis;

/// <summary>
/// Puts pieces in an order in which all edges go forward except jumps back, and the pieces of a loop stand together;
/// then inserts the latches. A loop is a set of pieces that reach each other, whatever its entries are, so that lanes
/// which leave it wait behind it for the others in irreducible code too.
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

        public int Parent { get; init; } = -1;
    }

    /// <summary>
    /// Nested loops: the strongly connected sets of the graph, then those that are left in each without its header,
    /// and so on. Outer ones come first.
    /// </summary>
    private static int[] InnermostLoops(List<CodeNode> order, Dictionary<CodeNode, int> number, out List<Loop> loops)
    {
        loops = [];
        int[] innermost = new int[order.Count];
        Array.Fill(innermost, -1);
        Queue<(List<int> Nodes, int Parent)> open = new([([.. Enumerable.Range(0, order.Count)], -1)]);
        while (open.TryDequeue(out (List<int> Nodes, int Parent) region))
        {
            foreach (List<int> component in Components(order, number, region.Nodes))
            {
                if (component.Count == 1 && !order[component[0]].Successors.Contains(order[component[0]]))
                {
                    continue;
                }
                Loop loop = new(component.Min()) { Parent = region.Parent };
                foreach (int node in component)
                {
                    loop.Body.Add(node);
                    innermost[node] = loops.Count;
                }
                component.Remove(loop.Header);
                open.Enqueue((component, loops.Count));
                loops.Add(loop);
            }
        }
        return innermost;
    }

    /// <summary>Strongly connected sets among some pieces (Tarjan's algorithm, without recursion).</summary>
    private static List<List<int>> Components(List<CodeNode> order, Dictionary<CodeNode, int> number, List<int> nodes)
    {
        HashSet<int> unseen = [.. nodes];
        Dictionary<int, int> lowest = new(nodes.Count);
        HashSet<int> onPath = [];
        Stack<int> path = new();
        Stack<(int Node, int Index, int Next)> work = new();
        List<List<int>> components = [];
        int count = 0;
        foreach (int start in nodes)
        {
            if (unseen.Contains(start))
            {
                Enter(start);
            }
            while (work.TryPop(out (int Node, int Index, int Next) at))
            {
                if (at.Next < order[at.Node].Successors.Count)
                {
                    work.Push(at with { Next = at.Next + 1 });
                    int successor = number[order[at.Node].Successors[at.Next]];
                    if (unseen.Contains(successor))
                    {
                        Enter(successor);
                    }
                    else if (onPath.Contains(successor))
                    {
                        lowest[at.Node] = Math.Min(lowest[at.Node], lowest[successor]);
                    }
                    continue;
                }
                if (lowest[at.Node] == at.Index)
                {
                    List<int> component = [];
                    int member;
                    do
                    {
                        member = path.Pop();
                        onPath.Remove(member);
                        component.Add(member);
                    } while (member != at.Node);
                    components.Add(component);
                }
                if (work.TryPeek(out (int Node, int Index, int Next) caller))
                {
                    lowest[caller.Node] = Math.Min(lowest[caller.Node], lowest[at.Node]);
                }
            }
        }
        return components;

        void Enter(int node)
        {
            unseen.Remove(node);
            onPath.Add(node);
            path.Push(node);
            lowest[node] = count;
            work.Push((node, count++, 0));
        }
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
        // Headers that wait for a piece because it jumps into the middle of their loop: a loop begins when all are done.
        List<int>[] alsoWaiting = new List<int>[order.Count];
        for (int i = 0; i < order.Count; i++)
        {
            alsoWaiting[i] = [];
        }
        for (int i = 0; i < order.Count; i++)
        {
            foreach (CodeNode predecessor in order[i].Predecessors)
            {
                int p = number[predecessor];
                if (IsJumpBack(p, i))
                {
                    continue;
                }
                waiting[i]++;
                for (int loop = loopOf[i]; loop >= 0 && !loops[loop].Body.Contains(p); loop = loops[loop].Parent)
                {
                    if (loops[loop].Header != i)
                    {
                        waiting[loops[loop].Header]++;
                        alsoWaiting[p].Add(loops[loop].Header);
                    }
                }
            }
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
                if (!IsJumpBack(chosen, s))
                {
                    Done(s);
                }
            }
            foreach (int header in alsoWaiting[chosen])
            {
                Done(header);
            }
        }
        return placed;

        bool IsJumpBack(int from, int to)
        {
            int loop = loopOf[to];
            return loop >= 0 && loops[loop].Header == to && loops[loop].Body.Contains(from);
        }

        void Done(int node)
        {
            if (--waiting[node] == 0)
            {
                ready[Slot(node)].Add(node);
            }
        }

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
