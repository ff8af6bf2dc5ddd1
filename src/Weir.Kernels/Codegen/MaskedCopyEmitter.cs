using Weir.Kernels.Analysis;
using Weir.Kernels.Ir;

namespace Weir.Kernels.Codegen;

/// <summary>
/// Emits the copy of a warp function that runs under masks: always the first piece in order that has lanes pending.
/// </summary>
internal sealed class MaskedCopyEmitter(KernelContext context, WarpBlocks blocks, PieceEmitter pieces, WarpEnds ends)
{
    private LaneBuilder B => context.B;

    public void Emit(CodeNode node)
    {
        B.Label(blocks.Check(node.Position));
        if (!blocks.MayPend[node.Position])
        {
            B.Branch(blocks.Check(node.Position + 1));
        }
        else
        {
            Value waiting = B.Load("i1", true, blocks.Pending(node));
            B.Branch(B.Any(waiting), blocks.Masked(node), blocks.Check(node.Position + 1));
        }
        B.Label(blocks.Masked(node));
        context.Node = node;
        if (blocks.HasFull && !node.IsLatch && MayRejoin(node))
        {
            string whole = B.NewLabel("whole");
            B.Branch(B.All(B.Load("i1", true, blocks.Pending(node))), whole, blocks.Body(node));
            B.Label(whole);
            B.Store(B.Splat(LaneBuilder.Int("i1", 0)), blocks.Pending(node));
            B.Branch(blocks.Full(node));
        }
        else
        {
            B.Branch(blocks.Body(node));
        }
        // The full copy comes in here with a piece that it cannot run.
        B.Label(blocks.Body(node));
        Value mask = B.Load("i1", true, blocks.Pending(node));
        B.Store(B.Splat(LaneBuilder.Int("i1", 0)), blocks.Pending(node));
        context.Mask = mask;
        if (pieces.Instructions.CheckAhead(node) is { } good)
        {
            string go = B.NewLabel("good");
            string slow = B.NewLabel("slow");
            string end = B.NewLabel("end");
            B.Branch(good, go, slow, likely: true);
            B.Label(slow);
            pieces.Instructions.ByLanes = true;
            pieces.EmitBody(node);
            pieces.Instructions.ByLanes = false;
            B.Branch(end);
            B.Label(go);
            pieces.EmitBody(node);
            B.Branch(end);
            B.Label(end);
        }
        else
        {
            pieces.EmitBody(node);
        }
        EndMasked(node, mask);
        context.Mask = null;
    }

    /// <summary>Pieces at which all lanes may meet: several ways lead there, and no lane waits elsewhere meanwhile.</summary>
    private bool MayRejoin(CodeNode node) =>
        context.Shapes.Pending[node.Position].IsEmpty
        && !blocks.SplitsAtBarrier(node)
        && (node.Predecessors.Count > 1 || node.Continuation >= 0);

    private void EndMasked(CodeNode node, Value mask)
    {
        IrInstruction? end = node.Terminator;
        if (end is null)
        {
            Go(node, node.Successors[0], mask);
            return;
        }
        context.Instruction = end;
        Value? guard = end.Guard.IsNone ? null : context.Read(end.Guard, "i1");
        if (CodeNode.IsWaiting(end))
        {
            ends.EndMasked(node, end, mask, guard);
            return;
        }
        if (end.Op == IrOp.Bra)
        {
            BranchMasked(node, mask, guard);
            return;
        }
        Value leaving = guard is { } some ? B.Binary("and", mask, some) : mask;
        ends.Leave(B.Bits(leaving));
        if (guard is { } condition)
        {
            blocks.AddPending(node.Successors[0], B.Binary("and", mask, B.Not(condition)));
        }
        B.Branch(blocks.Check(node.Position + 1));
    }

    private void BranchMasked(CodeNode node, Value mask, Value? guard)
    {
        if (guard is not { } taken)
        {
            Go(node, node.Successors[0], mask);
            return;
        }
        CodeNode target = node.Successors[0];
        CodeNode next = node.Successors[1];
        if (taken.IsVector)
        {
            blocks.AddPending(target, B.Binary("and", mask, taken));
            blocks.AddPending(next, B.Binary("and", mask, B.Not(taken)));
            GoToNext(node, Math.Min(target.Position, next.Position));
            return;
        }
        string yes = B.NewLabel("yes");
        string no = B.NewLabel("no");
        B.Branch(taken, yes, no);
        B.Label(yes);
        Go(node, target, mask);
        B.Label(no);
        Go(node, next, mask);
    }

    /// <summary>All lanes of the piece go to one place.</summary>
    private void Go(CodeNode from, CodeNode to, Value mask)
    {
        blocks.AddPending(to, mask);
        if (to.Position <= from.Position)
        {
            // A latch: nothing before it can be pending.
            B.Branch(blocks.Masked(to));
            return;
        }
        bool between = context.Shapes.Pending[from.Position].Items().Any(p => p > from.Position && p < to.Position);
        B.Branch(between ? blocks.Check(from.Position + 1) : blocks.Masked(to));
    }

    private void GoToNext(CodeNode from, int first)
    {
        bool between = context.Shapes.Pending[from.Position].Items().Any(p => p > from.Position && p < first);
        B.Branch(blocks.Check(between ? from.Position + 1 : first));
    }
}
