using Weir.Kernels.Analysis;
using Weir.Kernels.Ir;

namespace Weir.Kernels.Codegen;

/// <summary>
/// How a warp waits at a barrier: it leaves its state and its registers in its record and returns; when it is called
/// again, and its barrier has been completed, it goes on behind it.
/// <para>
/// Where a kernel has only one barrier, at which all threads of the block meet, nothing is counted: after every vector has
/// run until it waits, all threads that live wait at that barrier, so all may go on.
/// </para>
/// </summary>
internal sealed class BarrierSuspension(KernelContext context, WarpBlocks blocks, WarpRecord record, bool counted)
    : WarpEnds(context)
{
    private readonly KernelContext _context = context;
    private readonly BarrierProtocol _barriers = new(context);

    private IEnumerable<CodeNode> Continuations => _context.Flow.Nodes.Where(node => node.Continuation >= 0);

    /// <summary>Threads that exit no longer have to arrive.</summary>
    public override void Leave(Value lanes)
    {
        if (counted)
        {
            _barriers.Leave(lanes);
        }
    }

    /// <summary>All threads of the warp exit.</summary>
    public override void Finish()
    {
        Leave(_context.ActiveBits);
        B.Store(LaneBuilder.Int("i32", WarpRecord.Done), "%record");
        B.Line("ret i32 0");
    }

    /// <summary>Ends a piece of the full copy at a barrier.</summary>
    public override void EndFull(CodeNode node, IrInstruction end)
    {
        CodeNode after = node.Successors[0];
        if (!end.Guard.IsNone)
        {
            Value taking = _context.Read(end.Guard, "i1");
            string wait = B.NewLabel("wait");
            if (end.Dests.Count > 0)
            {
                throw _context.Unsupported("a guard on bar.red");
            }
            B.Branch(taking, wait, blocks.Full(after));
            B.Label(wait);
        }
        if (counted)
        {
            (Value generation, Value id) = _barriers.Count(_context.ActiveBits);
            WarpRecord.StoreWait(B, after.Continuation, LaneBuilder.Int("i32", -1), generation, id);
        }
        foreach (int register in record.LiveAt(after))
        {
            _context.Registers.Save(register, record.Place(B, register));
        }
        B.Store(LaneBuilder.Int("i32", after.Continuation + 1), "%record");
        B.Line("ret i32 0");
    }

    /// <summary>Ends a piece of the masked copy at a barrier: its lanes wait, others may go on.</summary>
    public override void EndMasked(CodeNode node, IrInstruction end, Value mask, Value? guard)
    {
        CodeNode after = node.Successors[0];
        if (guard is not null && end.Dests.Count > 0)
        {
            throw _context.Unsupported("a guard on bar.red");
        }
        if (guard is { } taking)
        {
            blocks.AddPending(after, B.Binary("and", mask, B.Not(taking)));
            mask = B.Binary("and", mask, B.Splat(taking));
        }
        string arrive = B.NewLabel("arrive");
        string on = B.NewLabel("arrived");
        B.Branch(B.Any(mask), arrive, on);
        B.Label(arrive);
        Value? outer = _context.Mask;
        _context.Mask = mask;
        Value lanes = B.Resize(B.Bits(mask), "i32", false);
        if (counted)
        {
            (Value generation, Value id) = _barriers.Count(B.Bits(mask));
            WarpRecord.AddWait(B, after.Continuation, lanes, generation, id);
        }
        else
        {
            WarpRecord.AddLanes(B, after.Continuation, lanes);
        }
        _context.Mask = outer;
        B.Branch(on);
        B.Label(on);
        B.Branch(blocks.Check(node.Position + 1));
    }

    /// <summary>Emits the ways in which a warp is called: fresh, or to go on.</summary>
    public void EmitEntry()
    {
        Value state = B.Load("i32", false, "%record");
        List<string> cases = [];
        if (blocks.HasFull)
        {
            cases.AddRange(Continuations.Select(node => $"i32 {node.Continuation + 1}, label %rf{node.Continuation}"));
        }
        cases.Add($"i32 {WarpRecord.Masked}, label %rm");
        B.Line($"switch i32 {state.Text}, label %start [ {string.Join(" ", cases)} ]");
        if (blocks.HasFull)
        {
            foreach (CodeNode node in Continuations)
            {
                ResumeFull(node);
            }
        }
        ResumeMasked();
        B.Label("start");
    }

    /// <summary>Emits what happens when no lane is pending any more: the warp is done, or waits.</summary>
    public override void EmitEnd()
    {
        Value any = LaneBuilder.Int("i32", 0);
        for (int k = 0; k < _context.Flow.Continuations; k++)
        {
            any = B.Binary("or", any, WarpRecord.LoadWait(B, k).Lanes);
        }
        string wait = B.NewLabel("wait");
        string done = B.NewLabel("done");
        B.Branch(B.Compare("ne", any, 0), wait, done);
        B.Label(done);
        B.Store(LaneBuilder.Int("i32", WarpRecord.Done), "%record");
        B.Line("ret i32 0");
        B.Label(wait);
        foreach (int register in record.AllLive)
        {
            _context.Registers.Save(register, record.Place(B, register));
        }
        B.Store(LaneBuilder.Int("i32", WarpRecord.Masked), "%record");
        B.Line("ret i32 0");
    }

    private void ResumeFull(CodeNode node)
    {
        B.Label($"rf{node.Continuation}");
        if (counted)
        {
            (Value generation, Value id, _) = WarpRecord.LoadWait(B, node.Continuation);
            StayUnless(_barriers.Released(id, generation));
        }
        foreach (int register in record.LiveAt(node))
        {
            _context.Registers.Restore(register, record.Place(B, register));
        }
        if (counted)
        {
            WarpRecord.StoreLanes(B, node.Continuation, LaneBuilder.Int("i32", 0));
        }
        _context.Node = node;
        _context.Mask = null;
        WriteReduction(node);
        B.Branch(blocks.Full(node));
    }

    private void ResumeMasked()
    {
        B.Label("rm");
        Value any = LaneBuilder.Int("i1", 0);
        foreach (CodeNode node in Continuations)
        {
            (Value generation, Value id, Value lanes) = WarpRecord.LoadWait(B, node.Continuation);
            Value going = lanes;
            Value staying = LaneBuilder.Int("i32", 0);
            if (counted)
            {
                Value released = B.Binary("and", _barriers.Released(id, generation), B.Compare("ne", lanes, 0));
                going = B.Select(released, lanes, staying);
                staying = B.Select(released, staying, lanes);
                any = B.Binary("or", any, released);
            }
            B.Store(B.FromBits(B.Resize(going, $"i{_context.Model.Lanes}", false)), blocks.Pending(node));
            WarpRecord.StoreLanes(B, node.Continuation, staying);
        }
        if (counted)
        {
            StayUnless(any);
        }
        foreach (int register in record.AllLive)
        {
            _context.Registers.Restore(register, record.Place(B, register));
        }
        foreach (CodeNode node in Continuations)
        {
            string answer = B.NewLabel("answer");
            string next = B.NewLabel("next");
            Value going = B.Load("i1", true, blocks.Pending(node));
            B.Branch(B.Any(going), answer, next);
            B.Label(answer);
            _context.Node = node;
            _context.Mask = going;
            WriteReduction(node);
            _context.Mask = null;
            B.Branch(next);
            B.Label(next);
        }
        B.Branch(blocks.Check(0));
    }

    private void StayUnless(Value released)
    {
        string go = B.NewLabel("released");
        string stay = B.NewLabel("stay");
        B.Branch(released, go, stay);
        B.Label(stay);
        B.Line($"ret i32 {WarpEmitter.StillWaiting}");
        B.Label(go);
    }

    /// <summary>bar.red's answer, written when its lanes go on.</summary>
    private void WriteReduction(CodeNode node)
    {
        IrInstruction? barrier = node
            .Predecessors.Select(piece => piece.Terminator)
            .FirstOrDefault(end => end is not null && CodeNode.IsWaiting(end));
        if (barrier is not { Dests.Count: > 0 })
        {
            return;
        }
        (Value generation, Value id, _) = WarpRecord.LoadWait(B, node.Continuation);
        _context.Instruction = barrier;
        _context.Guard = null;
        _context.Write(_barriers.Result(barrier.Barrier, id, generation));
    }
}
