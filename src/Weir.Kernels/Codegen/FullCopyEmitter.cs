using Weir.Kernels.Analysis;
using Weir.Kernels.Ir;

namespace Weir.Kernels.Codegen;

/// <summary>
/// Emits the copy of a warp function that runs while all lanes are active: no masks, and branches where the lanes
/// agree. Where they part it hands over to the masked copy.
/// </summary>
internal sealed class FullCopyEmitter(KernelContext context, WarpBlocks blocks, PieceEmitter pieces, WarpEnds ends)
{
    private LaneBuilder B => context.B;

    public void Emit(CodeNode node)
    {
        B.Label(blocks.Full(node));
        context.Node = node;
        context.Mask = null;
        if (blocks.SplitsAtBarrier(node))
        {
            blocks.AddPending(node, B.Splat(LaneBuilder.Int("i1", 1)));
            B.Branch(blocks.Masked(node));
            return;
        }
        if (pieces.Instructions.CheckAhead(node) is { } good)
        {
            string go = B.NewLabel("good");
            string step = B.NewLabel("step");
            B.Branch(good, go, step, likely: true);
            B.Label(step);
            B.Store(B.Splat(LaneBuilder.Int("i1", 1)), blocks.Pending(node));
            B.Branch(blocks.Body(node));
            B.Label(go);
        }
        pieces.EmitBody(node);
        IrInstruction? end = node.Terminator;
        if (end is null)
        {
            B.Branch(blocks.Full(node.Successors[0]));
            return;
        }
        context.Instruction = end;
        if (CodeNode.IsWaiting(end))
        {
            ends.EndFull(node, end);
            return;
        }
        if (end.Guard.IsNone)
        {
            if (end.Op == IrOp.Bra)
            {
                B.Branch(blocks.Full(node.Successors[0]));
                return;
            }
            ends.Finish();
            return;
        }
        Value taken = context.Read(end.Guard, "i1");
        if (end.Op == IrOp.Bra)
        {
            BranchFull(taken, node);
        }
        else
        {
            ExitFull(taken, node);
        }
    }

    private void BranchFull(Value taken, CodeNode node)
    {
        CodeNode target = node.Successors[0];
        CodeNode next = node.Successors[1];
        if (!taken.IsVector)
        {
            B.Branch(taken, blocks.Full(target), blocks.Full(next));
            return;
        }
        string split = B.NewLabel("split");
        if (PlaceDecision.Of(context, node.Terminator!.Guard) is { } decision)
        {
            GoTogether(node, target, decision.AllTaken, decision.AllStays);
            GoTogether(node, next, decision.NoneTaken, decision.NoneStays);
            B.Branch(split);
        }
        else
        {
            Value bits = B.Bits(taken);
            string some = B.NewLabel("some");
            B.Branch(B.Compare("eq", bits, -1), blocks.Full(target), some);
            B.Label(some);
            B.Branch(B.Compare("eq", bits, 0), blocks.Full(next), split);
        }
        B.Label(split);
        blocks.AddPending(target, taken);
        blocks.AddPending(next, B.Not(taken));
        B.Branch(blocks.Check(Math.Min(target.Position, next.Position)));
    }

    /// <summary>All lanes go to a piece when the condition holds; an idle warp is done with its region.</summary>
    private void GoTogether(CodeNode from, CodeNode to, Value? condition, Value? stays)
    {
        if (condition is not { } together)
        {
            return;
        }
        string other = B.NewLabel("other");
        if (!ends.IsIdle(from, to))
        {
            B.Branch(together, blocks.Full(to), other);
            B.Label(other);
            return;
        }
        string idle = B.NewLabel("idle");
        B.Branch(together, idle, other);
        B.Label(idle);
        ends.EndIdle(to, stays);
        B.Label(other);
    }

    private void ExitFull(Value leaving, CodeNode node)
    {
        CodeNode next = node.Successors[0];
        string all = B.NewLabel("allexit");
        string some = B.NewLabel("some");
        if (!leaving.IsVector)
        {
            B.Branch(leaving, all, blocks.Full(next));
            B.Label(all);
            ends.Finish();
            return;
        }
        Value bits = B.Bits(leaving);
        string split = B.NewLabel("split");
        B.Branch(B.Compare("eq", bits, 0), blocks.Full(next), some);
        B.Label(some);
        B.Branch(B.Compare("eq", bits, -1), all, split);
        B.Label(all);
        ends.Finish();
        B.Label(split);
        ends.Leave(bits);
        blocks.AddPending(next, B.Not(leaving));
        B.Branch(blocks.Check(next.Position));
    }
}
