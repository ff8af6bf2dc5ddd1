using Weir.Kernels.Ir;

namespace Weir.Kernels.Analysis;

/// <summary>
/// A piece of code that runs without a decision inside: a basic block, or the part of one up to a barrier or after it.
/// A latch is an empty piece that all jumps back to one place go through.
/// </summary>
internal sealed class CodeNode
{
    /// <summary>Place in the schedule; every edge but those of latches goes to a higher one.</summary>
    public int Position { get; set; }

    /// <summary>Operations, the deciding one last.</summary>
    public required IReadOnlyList<IrInstruction> Instructions { get; init; }

    /// <summary>Where control goes: [taken, fall-through] for a guarded branch, else at most one.</summary>
    public List<CodeNode> Successors { get; } = [];

    /// <summary>Pieces from which control comes.</summary>
    public List<CodeNode> Predecessors { get; } = [];

    /// <summary>True for the synthetic piece before a jump back.</summary>
    public bool IsLatch { get; init; }

    /// <summary>Number of the barrier continuation that starts here, or -1.</summary>
    public int Continuation { get; set; } = -1;

    /// <summary>The deciding operation, or null when control falls through.</summary>
    public IrInstruction? Terminator => Instructions.Count > 0 && EndsNode(Instructions[^1]) ? Instructions[^1] : null;

    /// <summary>Operations without the deciding one.</summary>
    public int BodyCount => Terminator is null ? Instructions.Count : Instructions.Count - 1;

    /// <summary>True for barriers at which threads wait.</summary>
    public static bool IsWaiting(IrInstruction instruction) =>
        instruction.Op == IrOp.Bar
        && (instruction.Barrier is IrBarrier.Sync or IrBarrier.RedPopc or IrBarrier.RedAnd or IrBarrier.RedOr);

    /// <summary>True when no operation of the same piece may follow.</summary>
    public static bool EndsNode(IrInstruction instruction) =>
        instruction.Op is IrOp.Bra or IrOp.Ret or IrOp.Exit || IsWaiting(instruction);
}
