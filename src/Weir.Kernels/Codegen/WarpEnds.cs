using Weir.Kernels.Analysis;
using Weir.Kernels.Ir;

namespace Weir.Kernels.Codegen;

/// <summary>How the run of a warp ends where its threads exit: it returns. Kernels with barriers do more.</summary>
internal class WarpEnds(KernelContext context)
{
    /// <summary>Where instructions go.</summary>
    protected LaneBuilder B => context.B;

    /// <summary>Some threads exit.</summary>
    /// <param name="lanes">Which, as bits.</param>
    public virtual void Leave(Value lanes) { }

    /// <summary>All threads of a warp that was full exit; ends the block.</summary>
    public virtual void Finish() => B.Line("ret i32 0");

    /// <summary>No lane is pending any more; ends the block.</summary>
    public virtual void EmitEnd() => B.Line("ret i32 0");

    /// <summary>Ends a piece of the full copy at a barrier.</summary>
    public virtual void EndFull(CodeNode node, IrInstruction end) => throw context.Unsupported("a barrier here");

    /// <summary>True when a warp that goes straight from one piece to another has nothing to do before its barrier.</summary>
    /// <param name="from">The piece it comes from.</param>
    /// <param name="to">The piece it goes to.</param>
    public virtual bool IsIdle(CodeNode from, CodeNode to) => false;

    /// <summary>An idle warp is at its barrier; ends the block.</summary>
    /// <param name="to">The piece that ends at the barrier.</param>
    /// <param name="stays">When this holds, all further warps of a row are idle as well; null: it never does.</param>
    public virtual void EndIdle(CodeNode to, Value? stays) => throw context.Unsupported("a barrier here");

    /// <summary>Ends a piece of the masked copy at a barrier.</summary>
    public virtual void EndMasked(CodeNode node, IrInstruction end, Value mask, Value? guard) =>
        throw context.Unsupported("a barrier here");
}
