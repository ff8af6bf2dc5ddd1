using Weir.Kernels.Analysis;
using Weir.Kernels.Ir;

namespace Weir.Kernels.Codegen;

/// <summary>
/// Emits the copy of a warp function that runs while all lanes are active: no masks, and branches where the lanes
/// agree. Where they part it hands over to the masked copy.
/// </summary>
internal sealed class FullCopyEmitter(
    KernelContext context,
    WarpBlocks blocks,
    PieceEmitter pieces,
    BarrierSuspension? suspension
)
{
    private LaneBuilder B => context.B;

    public void Emit(CodeNode node)
    {
        B.Label(WarpBlocks.Full(node));
        context.Node = node;
        context.Mask = null;
        if (blocks.SplitsAtBarrier(node))
        {
            blocks.AddPending(node, B.Splat(LaneBuilder.Int("i1", 1)));
            B.Branch(WarpBlocks.Masked(node));
            return;
        }
        if (pieces.Instructions.CheckAhead(node) is { } good)
        {
            string go = B.NewLabel("good");
            string step = B.NewLabel("step");
            B.Branch(good, go, step, likely: true);
            B.Label(step);
            B.Store(B.Splat(LaneBuilder.Int("i1", 1)), blocks.Pending(node));
            B.Branch(WarpBlocks.Body(node));
            B.Label(go);
        }
        pieces.EmitBody(node);
        IrInstruction? end = node.Terminator;
        if (end is null)
        {
            B.Branch(WarpBlocks.Full(node.Successors[0]));
            return;
        }
        context.Instruction = end;
        if (CodeNode.IsWaiting(end))
        {
            suspension!.EndFull(node, end);
            return;
        }
        if (end.Guard.IsNone)
        {
            if (end.Op == IrOp.Bra)
            {
                B.Branch(WarpBlocks.Full(node.Successors[0]));
                return;
            }
            LeaveAll();
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
            B.Branch(taken, WarpBlocks.Full(target), WarpBlocks.Full(next));
            return;
        }
        Value bits = B.Bits(taken);
        string some = B.NewLabel("some");
        string split = B.NewLabel("split");
        B.Branch(B.Compare("eq", bits, -1), WarpBlocks.Full(target), some);
        B.Label(some);
        B.Branch(B.Compare("eq", bits, 0), WarpBlocks.Full(next), split);
        B.Label(split);
        blocks.AddPending(target, taken);
        blocks.AddPending(next, B.Not(taken));
        B.Branch(blocks.Check(Math.Min(target.Position, next.Position)));
    }

    private void ExitFull(Value leaving, CodeNode node)
    {
        CodeNode next = node.Successors[0];
        string all = B.NewLabel("allexit");
        string some = B.NewLabel("some");
        if (!leaving.IsVector)
        {
            B.Branch(leaving, all, WarpBlocks.Full(next));
            B.Label(all);
            LeaveAll();
            return;
        }
        Value bits = B.Bits(leaving);
        string split = B.NewLabel("split");
        B.Branch(B.Compare("eq", bits, 0), WarpBlocks.Full(next), some);
        B.Label(some);
        B.Branch(B.Compare("eq", bits, -1), all, split);
        B.Label(all);
        LeaveAll();
        B.Label(split);
        suspension?.Leave(bits);
        blocks.AddPending(next, B.Not(leaving));
        B.Branch(blocks.Check(next.Position));
    }

    private void LeaveAll()
    {
        suspension?.Finish();
        B.Line("ret i32 0");
    }
}
