using Weir.Kernels.Ir;

namespace Weir.Kernels.Analysis;

/// <summary>
/// Finds for every register whether one scalar, a base with a stride, or a vector must be kept, together with the
/// branches at which a warp diverges: each depends on the other, so both are solved as one fixed point from below.
/// A register that is written while lanes elsewhere still need its old value must be a vector.
/// </summary>
internal sealed class ShapeAnalysis
{
    private ShapeAnalysis(Shape[] registers, BitSet[] pending, BitSet[] protectedAt, bool[] divergent)
    {
        Registers = registers;
        Pending = pending;
        Protected = protectedAt;
        Divergent = divergent;
    }

    /// <summary>Shape of each register.</summary>
    public Shape[] Registers { get; }

    /// <summary>By position: where other lanes may wait meanwhile.</summary>
    public BitSet[] Pending { get; }

    /// <summary>By position: registers whose values in lanes that do not take part must survive.</summary>
    public BitSet[] Protected { get; }

    /// <summary>By position: the lanes of a warp may decide differently at the end of the piece.</summary>
    public bool[] Divergent { get; }

    /// <summary>Runs the analysis.</summary>
    public static ShapeAnalysis Run(IrFunction function, ControlFlow flow, Liveness liveness, LaneModel model)
    {
        Shape[] shapes = new Shape[function.Registers.Count];
        bool[] written = new bool[shapes.Length];
        foreach (CodeNode node in flow.Nodes)
        {
            foreach (IrInstruction instruction in node.Instructions)
            {
                foreach (IrOperand dest in instruction.Dests)
                {
                    if (dest.IsRegister)
                    {
                        written[dest.Index] = true;
                    }
                }
            }
        }
        BitSet entry = liveness.LiveIn[0];
        for (int r = 0; r < shapes.Length; r++)
        {
            if (!written[r] || entry.Contains(r))
            {
                // Never written, or perhaps read before: holds zero in all lanes.
                shapes[r] = new Shape(ShapeKind.Uniform, 0, false, 63);
            }
        }
        while (true)
        {
            PropagateValues(function, flow, model, shapes);
            bool[] divergent = new bool[flow.Nodes.Length];
            bool IsDivergent(CodeNode node) =>
                divergent[node.Position] =
                    node.Terminator is { Op: IrOp.Bra or IrOp.Bar, Guard.IsRegister: true } end
                    && shapes[end.Guard.Index].IsVarying;
            BitSet[] pending = Divergence.PendingWhile(flow, IsDivergent);
            BitSet[] needed = NeededElsewhere(flow, liveness, pending, shapes.Length);
            if (!Protect(flow, needed, shapes))
            {
                Settle(shapes);
                return new ShapeAnalysis(shapes, pending, needed, divergent);
            }
        }
    }

    private static void PropagateValues(IrFunction function, ControlFlow flow, LaneModel model, Shape[] shapes)
    {
        bool changed = true;
        while (changed)
        {
            changed = false;
            foreach (CodeNode node in flow.Nodes)
            {
                foreach (IrInstruction instruction in node.Instructions)
                {
                    if (instruction.Dests.Count == 0)
                    {
                        continue;
                    }
                    Shape result = ShapeRules.Result(instruction, model, function.Symbols, shapes);
                    foreach (IrOperand dest in instruction.Dests)
                    {
                        if (!dest.IsRegister || result.Kind == ShapeKind.Unknown)
                        {
                            continue;
                        }
                        Shape joined = Shape.Join(shapes[dest.Index], result);
                        if (joined != shapes[dest.Index])
                        {
                            shapes[dest.Index] = joined;
                            changed = true;
                        }
                    }
                }
            }
        }
    }

    private static BitSet[] NeededElsewhere(ControlFlow flow, Liveness liveness, BitSet[] pending, int registers)
    {
        BitSet[] needed = new BitSet[flow.Nodes.Length];
        for (int i = 0; i < needed.Length; i++)
        {
            needed[i] = new BitSet(registers);
            foreach (int other in pending[i].Items())
            {
                needed[i].UnionWith(liveness.LiveIn[other]);
            }
        }
        return needed;
    }

    /// <summary>Makes vectors of registers that are written where others need them; true when one was new.</summary>
    private static bool Protect(ControlFlow flow, BitSet[] needed, Shape[] shapes)
    {
        bool changed = false;
        foreach (CodeNode node in flow.Nodes)
        {
            foreach (IrInstruction instruction in node.Instructions)
            {
                foreach (IrOperand dest in instruction.Dests)
                {
                    if (dest.IsRegister && needed[node.Position].Contains(dest.Index) && !shapes[dest.Index].IsVarying)
                    {
                        shapes[dest.Index] = Shape.Varying;
                        changed = true;
                    }
                }
            }
        }
        return changed;
    }

    /// <summary>What stayed unknown is only ever computed from itself: any value will do, so zero.</summary>
    private static void Settle(Shape[] shapes)
    {
        for (int r = 0; r < shapes.Length; r++)
        {
            if (shapes[r].Kind == ShapeKind.Unknown)
            {
                shapes[r] = Shape.Uniform;
            }
        }
    }
}
