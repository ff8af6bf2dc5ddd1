using Weir.Kernels.Ir;

namespace Weir.Kernels.Analysis;

/// <summary>
/// The pieces of a kernel in the order in which a diverged warp runs them: always the first piece of the order that has
/// lanes waiting for it. Loops are contiguous, so lanes that leave one wait behind it for the others; all jumps back
/// go through one latch behind the loop, so lanes that are ready for the next round wait there.
/// </summary>
internal sealed class ControlFlow
{
    private ControlFlow(CodeNode[] nodes, int continuations)
    {
        Nodes = nodes;
        Continuations = continuations;
    }

    /// <summary>All reachable pieces in order; the first is the entry.</summary>
    public CodeNode[] Nodes { get; }

    /// <summary>Number of places that follow a barrier.</summary>
    public int Continuations { get; }

    /// <summary>True when some piece runs more than once.</summary>
    public bool HasLoops => Array.Exists(Nodes, node => node.IsLatch);

    /// <summary>Splits and orders a function.</summary>
    /// <param name="function">The kernel.</param>
    /// <param name="splitAtAccesses">
    /// Also start a new piece before an access whose address was computed in the piece: then all addresses of a piece
    /// are known when it starts, and can be checked at once.
    /// </param>
    public static ControlFlow Build(IrFunction function, bool splitAtAccesses)
    {
        (CodeNode entry, List<CodeNode> all) = Split(function, splitAtAccesses);
        List<CodeNode> order = ReversePostorder(entry, all.Count);
        Dictionary<CodeNode, int> number = new(order.Count);
        for (int i = 0; i < order.Count; i++)
        {
            number[order[i]] = i;
        }
        foreach (CodeNode node in all)
        {
            node.Predecessors.RemoveAll(other => !number.ContainsKey(other));
        }
        List<CodeNode> nodes = LoopOrder.Arrange(order, number);
        int continuations = 0;
        for (int i = 0; i < nodes.Count; i++)
        {
            nodes[i].Position = i;
            if (nodes[i].Continuation >= 0)
            {
                nodes[i].Continuation = continuations++;
            }
        }
        return new ControlFlow([.. nodes], continuations);
    }

    private static (CodeNode Entry, List<CodeNode> All) Split(IrFunction function, bool splitAtAccesses)
    {
        List<CodeNode> all = [];
        CodeNode[] first = new CodeNode[function.Blocks.Count];
        CodeNode[] last = new CodeNode[function.Blocks.Count];
        foreach (IrBlock block in function.Blocks)
        {
            int start = 0;
            CodeNode? previous = null;
            bool afterBarrier = false;
            HashSet<int> written = [];
            for (int i = 0; i <= block.Instructions.Count; i++)
            {
                bool end = i == block.Instructions.Count;
                bool waits = !end && CodeNode.IsWaiting(block.Instructions[i]);
                bool late = !end && i > start && splitAtAccesses && IsAccessThrough(block.Instructions[i], written);
                if (!end && !waits && !late)
                {
                    AddWritten(block.Instructions[i], written);
                    continue;
                }
                int stop = waits ? i + 1 : i;
                CodeNode node = new() { Instructions = Slice(block.Instructions, start, stop) };
                all.Add(node);
                if (previous is null)
                {
                    first[block.Index] = node;
                }
                else
                {
                    node.Continuation = afterBarrier ? 0 : -1;
                    Link(previous, node);
                }
                previous = node;
                afterBarrier = waits;
                start = stop;
                written.Clear();
                if (late)
                {
                    AddWritten(block.Instructions[i], written);
                }
            }
            last[block.Index] = previous!;
        }
        foreach (IrBlock block in function.Blocks)
        {
            LinkSuccessors(function, block, first, last[block.Index]);
        }
        return (first[0], all);
    }

    private static bool IsAccessThrough(IrInstruction instruction, HashSet<int> written) =>
        instruction.Op is IrOp.Ld or IrOp.St
        && instruction.Space is IrSpace.Global or IrSpace.Const or IrSpace.Shared or IrSpace.Generic
        && instruction.Address.IsRegister
        && written.Contains(instruction.Address.Index);

    private static void AddWritten(IrInstruction instruction, HashSet<int> written)
    {
        foreach (IrOperand dest in instruction.Dests)
        {
            if (dest.IsRegister)
            {
                written.Add(dest.Index);
            }
        }
    }

    private static void LinkSuccessors(IrFunction function, IrBlock block, CodeNode[] first, CodeNode last)
    {
        IrInstruction? end = last.Terminator;
        if (end is { Op: IrOp.Bra })
        {
            Link(last, first[end.Target]);
        }
        bool falls = end is null || CodeNode.IsWaiting(end) || !end.Guard.IsNone;
        if (!falls)
        {
            return;
        }
        if (block.Index + 1 < function.Blocks.Count)
        {
            Link(last, first[block.Index + 1]);
            return;
        }
        // Control that runs off the end leaves the kernel.
        CodeNode exit = new() { Instructions = [new IrInstruction { Op = IrOp.Exit }] };
        Link(last, exit);
    }

    private static IrInstruction[] Slice(IReadOnlyList<IrInstruction> list, int start, int end)
    {
        IrInstruction[] part = new IrInstruction[end - start];
        for (int i = start; i < end; i++)
        {
            part[i - start] = list[i];
        }
        return part;
    }

    private static void Link(CodeNode from, CodeNode to)
    {
        from.Successors.Add(to);
        to.Predecessors.Add(from);
    }

    private static List<CodeNode> ReversePostorder(CodeNode entry, int capacity)
    {
        List<CodeNode> postorder = new(capacity);
        HashSet<CodeNode> seen = [entry];
        Stack<(CodeNode Node, int Next)> stack = new();
        stack.Push((entry, 0));
        while (stack.TryPop(out (CodeNode Node, int Next) top))
        {
            if (top.Next == top.Node.Successors.Count)
            {
                postorder.Add(top.Node);
                continue;
            }
            stack.Push((top.Node, top.Next + 1));
            CodeNode next = top.Node.Successors[top.Next];
            if (seen.Add(next))
            {
                stack.Push((next, 0));
            }
        }
        postorder.Reverse();
        return postorder;
    }
}
