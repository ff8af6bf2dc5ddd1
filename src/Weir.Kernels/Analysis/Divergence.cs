using Weir.Kernels.Ir;

namespace Weir.Kernels.Analysis;

/// <summary>
/// For each piece: at which other pieces lanes of the same warp may be waiting while it runs. Found by following the
/// schedule (always the first piece that has lanes) instead of by post-dominators, so it holds for any graph.
/// </summary>
internal static class Divergence
{
    /// <summary>Beyond this number of pieces the sets are not computed but assumed: all later pieces.</summary>
    private const int MaxNodes = 3000;

    /// <summary>Computes the sets.</summary>
    /// <param name="flow">Pieces in schedule order.</param>
    /// <param name="isDivergent">Says whether the lanes of a warp may decide differently at a branch or a guarded barrier.</param>
    /// <returns>By position: positions at which lanes may wait.</returns>
    public static BitSet[] PendingWhile(ControlFlow flow, Func<CodeNode, bool> isDivergent)
    {
        int count = flow.Nodes.Length;
        bool[] divergent = new bool[count];
        bool any = false;
        for (int i = 0; i < count; i++)
        {
            divergent[i] = isDivergent(flow.Nodes[i]);
            any |= divergent[i];
        }
        BitSet[] pending = new BitSet[count];
        for (int i = 0; i < count; i++)
        {
            pending[i] = new BitSet(count);
        }
        if (!any)
        {
            return pending;
        }
        if (count > MaxNodes)
        {
            AssumeWorst(flow, pending);
            return pending;
        }
        Solve(flow, divergent, pending);
        return pending;
    }

    private static void AssumeWorst(ControlFlow flow, BitSet[] pending)
    {
        for (int i = 0; i < pending.Length; i++)
        {
            for (int j = 0; j < pending.Length; j++)
            {
                if (j > i || flow.Nodes[j].Continuation >= 0)
                {
                    pending[i].Add(j);
                }
            }
        }
    }

    private static void Solve(ControlFlow flow, bool[] divergent, BitSet[] pending)
    {
        int count = flow.Nodes.Length;
        // Pieces after barriers at which a part of a warp waits while the rest goes on.
        BitSet stranded = new(count);
        bool changed = true;
        while (changed)
        {
            changed = false;
            for (int i = 0; i < count; i++)
            {
                CodeNode node = flow.Nodes[i];
                IrInstruction? end = node.Terminator;
                if (node.IsLatch)
                {
                    int target = node.Successors[0].Position;
                    changed |= pending[target].UnionWith(pending[i]);
                }
                else if (end is not null && CodeNode.IsWaiting(end))
                {
                    int after = node.Successors[0].Position;
                    if (!pending[i].IsEmpty || divergent[i])
                    {
                        changed |= stranded.Add(after);
                        changed |= Flow(pending, pending[i], i, int.MaxValue);
                        if (divergent[i])
                        {
                            changed |= Reach(pending, pending[i], i, after, after);
                        }
                    }
                }
                else if (divergent[i])
                {
                    changed |= Reach(pending, pending[i], i, node.Successors[0].Position, node.Successors[1].Position);
                }
                else if (node.Successors.Count == 0)
                {
                    changed |= Flow(pending, pending[i], i, int.MaxValue);
                }
                else
                {
                    if (end is { Op: IrOp.Exit or IrOp.Ret })
                    {
                        // Perhaps all lanes leave.
                        changed |= Flow(pending, pending[i], i, int.MaxValue);
                    }
                    foreach (CodeNode successor in node.Successors)
                    {
                        changed |= Reach(pending, pending[i], i, successor.Position, successor.Position);
                    }
                }
            }
            if (!stranded.IsEmpty)
            {
                foreach (BitSet set in pending)
                {
                    changed |= set.UnionWith(stranded);
                }
            }
        }
    }

    /// <summary>Lanes go from <paramref name="from"/> to one or two places; whoever is first in order runs next.</summary>
    private static bool Reach(BitSet[] pending, BitSet before, int from, int a, int b)
    {
        BitSet all = before.Copy();
        all.Add(a);
        all.Add(b);
        return Flow(pending, all, from, Math.Max(a, b));
    }

    private static bool Flow(BitSet[] pending, BitSet all, int from, int last)
    {
        bool changed = false;
        foreach (int next in all.Items())
        {
            if (next <= from)
            {
                continue;
            }
            if (next > last)
            {
                break;
            }
            changed |= pending[next].UnionAbove(all, next);
        }
        return changed;
    }
}
