using Weir.Kernels.Analysis;
using Weir.Kernels.Ir;

namespace Weir.Kernels.Codegen;

/// <summary>
/// Names and masks of the LLVM blocks of a warp function: per piece its full form, its masked form with the test
/// whether lanes are pending, and the slot of the pending lanes.
/// </summary>
/// <param name="context">The function.</param>
/// <param name="hasFull">There is a full copy.</param>
/// <param name="nodes">The pieces, in order: those of the kernel, or of one of its regions.</param>
internal sealed class WarpBlocks(KernelContext context, bool hasFull, CodeNode[] nodes)
{
    private readonly string?[] _pending = new string?[context.Flow.Nodes.Length];

    /// <summary>True when the full copy exists.</summary>
    public bool HasFull => hasFull;

    /// <summary>By position: the piece can be reached as "the next one that has lanes".</summary>
    public bool[] MayPend { get; } = new bool[context.Flow.Nodes.Length];

    private LaneBuilder B => context.B;

    /// <summary>The pieces, in order.</summary>
    public CodeNode[] Nodes => nodes;

    /// <summary>Label of the full form of a piece.</summary>
    public string Full(CodeNode node) => $"{context.WarpPrefix}f{node.Position}";

    /// <summary>Label of the masked form of a piece.</summary>
    public string Masked(CodeNode node) => $"{context.WarpPrefix}m{node.Position}";

    /// <summary>Label of the masked form behind the test whether all lanes have met.</summary>
    public string Body(CodeNode node) => $"{context.WarpPrefix}b{node.Position}";

    /// <summary>Label of the test whether a piece has lanes pending.</summary>
    public string Check(int position)
    {
        CodeNode? next = Array.Find(nodes, node => node.Position >= position);
        return next is null ? End : $"{context.WarpPrefix}c{next.Position}";
    }

    /// <summary>Label of what happens when no lane is pending any more.</summary>
    public string End => context.WarpPrefix + "mend";

    /// <summary>Slot of the lanes that are to run a piece.</summary>
    public string Pending(CodeNode node) => _pending[node.Position] ??= B.Alloca(B.VectorOf("i1"));

    /// <summary>Sends lanes to a piece.</summary>
    public void AddPending(CodeNode node, Value lanes)
    {
        string slot = Pending(node);
        B.Store(B.Binary("or", B.Load("i1", true, slot), lanes), slot);
    }

    /// <summary>Pieces that can be reached by "the next one that has lanes".</summary>
    public void FindPending()
    {
        foreach (BitSet set in context.Shapes.Pending)
        {
            foreach (int position in set.Items())
            {
                MayPend[position] = true;
            }
        }
        foreach (CodeNode node in Nodes)
        {
            bool mayLeave = node.Terminator is { Op: IrOp.Exit or IrOp.Ret };
            if (context.Shapes.Divergent[node.Position] || mayLeave)
            {
                // Who does not take a guarded exit goes on at the successor.
                foreach (CodeNode successor in node.Successors)
                {
                    MayPend[successor.Position] = true;
                }
            }
            if (node.Continuation >= 0 || node.Position == 0)
            {
                MayPend[node.Position] = true;
            }
        }
    }

    /// <summary>A barrier at which only some lanes wait is left to the masked copy.</summary>
    public bool SplitsAtBarrier(CodeNode node) =>
        context.Shapes.Divergent[node.Position] && CodeNode.IsWaiting(node.Terminator!);
}
