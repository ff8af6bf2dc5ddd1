using Weir.Kernels.Ir;

namespace Weir.Kernels.Analysis;

/// <summary>
/// The parts of a kernel between barriers, for kernels of which it is known that the threads of a block reach every
/// barrier together. Then a block can run part by part: all its warps through one, then all through the next.
/// <para>
/// It is known when the branches on which barriers depend are decided by values that are the same in the whole block.
/// The analysis of a warp finds that too, when it is told that the whole block is one.
/// </para>
/// </summary>
internal sealed class BlockRegions
{
    /// <summary>Parts may share pieces (the head of a loop with a barrier in it), but not so many that code multiplies.</summary>
    private const int MaxShared = 2;

    private BlockRegions(CodeRegion[] regions, Shape[] shapes, bool thinsOut)
    {
        Regions = regions;
        Shapes = shapes;
        ThinsOut = thinsOut;
    }

    /// <summary>The parts: first that from the entry on, then that behind continuation k at k + 1.</summary>
    public CodeRegion[] Regions { get; }

    /// <summary>Shapes of registers in the whole block: uniform ones are the same for all its threads.</summary>
    public Shape[] Shapes { get; }

    /// <summary>True when some threads may have exited while others are still to meet at a barrier.</summary>
    public bool ThinsOut { get; }

    /// <summary>Finds the parts; null when threads may reach barriers in different order or number.</summary>
    public static BlockRegions? Find(IrFunction function, ControlFlow flow, Liveness liveness)
    {
        LaneModel model = new(LaneModel.BlockLanes, Rows: false, TrueWarps: false);
        ShapeAnalysis block = ShapeAnalysis.Run(function, flow, liveness, model);
        foreach (CodeNode node in flow.Nodes)
        {
            bool waits = node.Terminator is { } end && CodeNode.IsWaiting(end);
            if (waits && (!node.Terminator!.Guard.IsNone || !block.Pending[node.Position].IsEmpty))
            {
                return null;
            }
        }
        CodeRegion[] regions =
        [
            Follow(flow, flow.Nodes[0]),
            .. flow
                .Nodes.Where(node => node.Continuation >= 0)
                .OrderBy(node => node.Continuation)
                .Select(node => Follow(flow, node)),
        ];
        return regions.Sum(region => region.Nodes.Length) <= MaxShared * flow.Nodes.Length + 8
            ? new BlockRegions(regions, block.Registers, ThinsOutBeforeBarrier(flow, block))
            : null;
    }

    private static CodeRegion Follow(ControlFlow flow, CodeNode start)
    {
        BitSet seen = new(flow.Nodes.Length);
        seen.Add(start.Position);
        SortedSet<int> exits = [];
        bool leaves = false;
        Stack<CodeNode> open = new([start]);
        while (open.TryPop(out CodeNode? node))
        {
            if (node.Terminator is { } end && CodeNode.IsWaiting(end))
            {
                exits.Add(node.Successors[0].Continuation);
                continue;
            }
            leaves |= node.Terminator is { Op: IrOp.Exit or IrOp.Ret };
            foreach (CodeNode next in node.Successors)
            {
                if (seen.Add(next.Position))
                {
                    open.Push(next);
                }
            }
        }
        return new CodeRegion(start, [.. seen.Items().Select(position => flow.Nodes[position])], [.. exits], leaves);
    }

    private static bool ThinsOutBeforeBarrier(ControlFlow flow, ShapeAnalysis block)
    {
        BitSet before = new(flow.Nodes.Length);
        bool changed = true;
        while (changed)
        {
            changed = false;
            for (int i = flow.Nodes.Length - 1; i >= 0; i--)
            {
                CodeNode node = flow.Nodes[i];
                bool waits = node.Terminator is { } end && CodeNode.IsWaiting(end);
                if (waits || node.Successors.Any(next => before.Contains(next.Position)))
                {
                    changed |= before.Add(i);
                }
            }
        }
        foreach (CodeNode node in flow.Nodes)
        {
            if (node.Terminator is not { Op: IrOp.Exit or IrOp.Ret } exit)
            {
                continue;
            }
            bool some = exit.Guard.IsRegister && !block.Registers[exit.Guard.Index].IsUniform;
            if (
                (some && node.Successors.Any(next => before.Contains(next.Position)))
                || block.Pending[node.Position].Items().Any(before.Contains)
            )
            {
                return true;
            }
        }
        return false;
    }
}
