using Weir.Kernels.Abi;
using Weir.Kernels.Analysis;
using Weir.Kernels.Ir;

namespace Weir.Kernels.Codegen;

/// <summary>
/// Emits the function that runs one warp (one vector of threads) of a kernel, in two copies. The full copy has no
/// masks: it runs while all lanes are active. Where lanes part, control goes to the masked copy, which always runs the
/// first piece in order that has lanes pending, and goes back to the full copy where all lanes meet again.
/// </summary>
internal sealed class WarpEmitter
{
    /// <summary>Returned when all lanes of the warp wait at barriers that are not complete.</summary>
    public const uint StillWaiting = 0x100;

    private readonly KernelContext _context;
    private readonly InstructionEmitter _instructions;
    private readonly WarpRecord? _record;
    private readonly BarrierProtocol _barriers;
    private readonly bool _full;
    private readonly string?[] _pending;
    private readonly bool[] _mayPend;

    public WarpEmitter(KernelContext context, WarpRecord? record, bool full)
    {
        _context = context;
        _instructions = new InstructionEmitter(context);
        _barriers = new BarrierProtocol(context);
        _record = record;
        _full = full;
        _pending = new string?[Nodes.Length];
        _mayPend = new bool[Nodes.Length];
    }

    /// <summary>Parameters of every warp function, spelled.</summary>
    public const string Parameters =
        "ptr noalias %launch, ptr noalias %thread, i64 %block, i32 %cx, i32 %cy, i32 %cz, i32 %tx, i32 %ty, i32 %tz, "
        + "i32 %count, i32 %linear, ptr %local, ptr %record, ptr %fixed";

    private LaneBuilder B => _context.B;

    private CodeNode[] Nodes => _context.Flow.Nodes;

    private int Lanes => _context.Model.Lanes;

    /// <summary>Emits the whole function.</summary>
    public string Emit(string name)
    {
        FindPending();
        EmitEntry();
        if (_full)
        {
            foreach (CodeNode node in Nodes)
            {
                EmitFull(node);
            }
        }
        foreach (CodeNode node in Nodes)
        {
            EmitMasked(node);
        }
        EmitEnd();
        string prologue = _context.Model.Rows ? "" : LinearPrologue();
        return $"define internal i32 @{name}({Parameters}) #0 {{\nentry:\n{prologue}{_context.Text}}}\n";
    }

    private static string F(CodeNode node) => $"f{node.Position}";

    private static string M(CodeNode node) => $"m{node.Position}";

    private string Check(int position) => position < Nodes.Length ? $"c{position}" : "mend";

    private string Pending(CodeNode node) => _pending[node.Position] ??= B.Alloca(B.VectorOf("i1"));

    /// <summary>Pieces that can be reached by "the next one that has lanes".</summary>
    private void FindPending()
    {
        foreach (BitSet set in _context.Shapes.Pending)
        {
            foreach (int position in set.Items())
            {
                _mayPend[position] = true;
            }
        }
        foreach (CodeNode node in Nodes)
        {
            bool mayLeave = node.Terminator is { Op: IrOp.Exit or IrOp.Ret };
            if (_context.Shapes.Divergent[node.Position] || mayLeave)
            {
                // Who does not take a guarded exit goes on at the successor.
                foreach (CodeNode successor in node.Successors)
                {
                    _mayPend[successor.Position] = true;
                }
            }
            if (node.Continuation >= 0 || node.Position == 0)
            {
                _mayPend[node.Position] = true;
            }
        }
    }

    /// <summary>Thread indices of lanes that are neighbours in the linear numbering; exact for blocks of up to 1,024.</summary>
    private string LinearPrologue()
    {
        string i = B.VectorOf("i32");
        string f = B.VectorOf("float");
        string Splat(string name, string scalar) =>
            $"  %{name}i = insertelement {i} poison, i32 {scalar}, i64 0\n"
            + $"  %{name} = shufflevector {i} %{name}i, {i} poison, <{Lanes} x i32> zeroinitializer\n";
        return $"""
              %lbxp = getelementptr i8, ptr %launch, i64 12
              %lbx = load i32, ptr %lbxp, !invariant.load !0
              %lbyp = getelementptr i8, ptr %launch, i64 16
              %lby = load i32, ptr %lbyp, !invariant.load !0
            {Splat("lv", "%linear")}{Splat("bxv", "%lbx")}{Splat("byv", "%lby")}  %lall = add {i} %lv, {B.Ramp("i32", 1).Text}
              %lfi = uitofp {i} %lall to {f}
              %lf = fadd {f} %lfi, splat (float 5.000000e-01)
              %bxf = uitofp {i} %bxv to {f}
              %rowf = fdiv {f} %lf, %bxf
              %row = fptoui {f} %rowf to {i}
              %rowx = mul {i} %row, %bxv
              %tidx = sub {i} %lall, %rowx
              %rfi = uitofp {i} %row to {f}
              %rf = fadd {f} %rfi, splat (float 5.000000e-01)
              %byf = uitofp {i} %byv to {f}
              %layf = fdiv {f} %rf, %byf
              %tidz = fptoui {f} %layf to {i}
              %layy = mul {i} %tidz, %byv
              %tidy = sub {i} %row, %layy

            """;
    }

    private void EmitEntry()
    {
        if (_record is null)
        {
            EmitStart();
            return;
        }
        Value state = B.Load("i32", false, "%record");
        List<string> cases = [];
        if (_full)
        {
            foreach (CodeNode node in Nodes.Where(n => n.Continuation >= 0))
            {
                cases.Add($"i32 {node.Continuation + 1}, label %rf{node.Continuation}");
            }
        }
        cases.Add($"i32 {WarpRecord.Masked}, label %rm");
        B.Line($"switch i32 {state.Text}, label %start [ {string.Join(" ", cases)} ]");
        if (_full)
        {
            foreach (CodeNode node in Nodes.Where(n => n.Continuation >= 0))
            {
                EmitFullResume(node);
            }
        }
        EmitMaskedResume();
        B.Label("start");
        EmitStart();
    }

    private void EmitStart()
    {
        Value count = new("%count", "i32", false);
        if (_full)
        {
            string part = B.NewLabel("part");
            B.Branch(B.Compare("eq", count, Lanes), F(Nodes[0]), part, likely: true);
            B.Label(part);
        }
        B.Store(B.Compare("ult", B.Ramp("i32", 1), count), Pending(Nodes[0]));
        B.Branch(Check(0));
    }

    // ---- the full copy

    private void EmitFull(CodeNode node)
    {
        B.Label(F(node));
        _context.Node = node;
        _context.Mask = null;
        if (SplitsAtBarrier(node))
        {
            AddPending(node, B.Splat(LaneBuilder.Int("i1", 1)));
            B.Branch(M(node));
            return;
        }
        if (_instructions.CheckAhead(node) is { } good)
        {
            string go = B.NewLabel("good");
            string step = B.NewLabel("step");
            B.Branch(good, go, step, likely: true);
            B.Label(step);
            B.Store(B.Splat(LaneBuilder.Int("i1", 1)), Pending(node));
            B.Branch($"b{node.Position}");
            B.Label(go);
        }
        EmitBody(node);
        IrInstruction? end = node.Terminator;
        if (end is null)
        {
            B.Branch(F(node.Successors[0]));
            return;
        }
        _context.Instruction = end;
        if (CodeNode.IsWaiting(end))
        {
            EndFullAtBarrier(node, end);
            return;
        }
        if (end.Guard.IsNone)
        {
            if (end.Op == IrOp.Bra)
            {
                B.Branch(F(node.Successors[0]));
                return;
            }
            LeaveAll();
            return;
        }
        Value taken = _context.Read(end.Guard, "i1");
        if (end.Op == IrOp.Bra)
        {
            BranchFull(taken, node);
        }
        else
        {
            ExitFull(taken, node);
        }
    }

    /// <summary>A barrier at which only some lanes wait is left to the masked copy.</summary>
    private bool SplitsAtBarrier(CodeNode node) =>
        _context.Shapes.Divergent[node.Position] && CodeNode.IsWaiting(node.Terminator!);

    private void EmitBody(CodeNode node)
    {
        if (node.IsLatch)
        {
            PollCancel();
        }
        for (int i = 0; i < node.BodyCount; i++)
        {
            _instructions.Emit(node.Instructions[i]);
        }
    }

    private void PollCancel()
    {
        string cancel = _context.LaunchField(72, "ptr").Text;
        Value asked = B.Assign($"load atomic i32, ptr {cancel} monotonic, align 4", "i32", false);
        string stop = B.NewLabel("stop");
        string on = B.NewLabel("on");
        B.Branch(B.Compare("eq", asked, 0), on, stop, likely: true);
        B.Label(stop);
        B.Line($"ret i32 {(uint)KernelFault.Cancelled}");
        B.Label(on);
    }

    private void BranchFull(Value taken, CodeNode node)
    {
        CodeNode target = node.Successors[0];
        CodeNode next = node.Successors[1];
        if (!taken.IsVector)
        {
            B.Branch(taken, F(target), F(next));
            return;
        }
        Value bits = B.Bits(taken);
        string some = B.NewLabel("some");
        string split = B.NewLabel("split");
        B.Branch(B.Compare("eq", bits, -1), F(target), some);
        B.Label(some);
        B.Branch(B.Compare("eq", bits, 0), F(next), split);
        B.Label(split);
        AddPending(target, taken);
        AddPending(next, B.Not(taken));
        B.Branch(Check(Math.Min(target.Position, next.Position)));
    }

    private void ExitFull(Value leaving, CodeNode node)
    {
        CodeNode next = node.Successors[0];
        string all = B.NewLabel("allexit");
        string some = B.NewLabel("some");
        if (!leaving.IsVector)
        {
            B.Branch(leaving, all, F(next));
            B.Label(all);
            LeaveAll();
            return;
        }
        Value bits = B.Bits(leaving);
        string split = B.NewLabel("split");
        B.Branch(B.Compare("eq", bits, 0), F(next), some);
        B.Label(some);
        B.Branch(B.Compare("eq", bits, -1), all, split);
        B.Label(all);
        LeaveAll();
        B.Label(split);
        if (_record is not null)
        {
            _barriers.Leave(bits);
        }
        AddPending(next, B.Not(leaving));
        B.Branch(Check(next.Position));
    }

    private void LeaveAll()
    {
        if (_record is not null)
        {
            _barriers.Leave(_context.ActiveBits);
            B.Store(LaneBuilder.Int("i32", WarpRecord.Done), "%record");
        }
        B.Line("ret i32 0");
    }

    private void EndFullAtBarrier(CodeNode node, IrInstruction end)
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
            B.Branch(taking, wait, F(after));
            B.Label(wait);
        }
        (Value generation, Value id) = _barriers.Count(_context.ActiveBits);
        WarpRecord.StoreWait(B, after.Continuation, LaneBuilder.Int("i32", -1), generation, id);
        foreach (int register in _record!.LiveAt(after))
        {
            _context.Registers.Save(register, _record.Place(B, register));
        }
        B.Store(LaneBuilder.Int("i32", after.Continuation + 1), "%record");
        B.Line("ret i32 0");
    }

    private void EmitFullResume(CodeNode node)
    {
        B.Label($"rf{node.Continuation}");
        (Value generation, Value id, _) = WarpRecord.LoadWait(B, node.Continuation);
        string go = B.NewLabel("released");
        string stay = B.NewLabel("stay");
        B.Branch(_barriers.Released(id, generation), go, stay);
        B.Label(stay);
        B.Line($"ret i32 {StillWaiting}");
        B.Label(go);
        foreach (int register in _record!.LiveAt(node))
        {
            _context.Registers.Restore(register, _record.Place(B, register));
        }
        WarpRecord.StoreLanes(B, node.Continuation, LaneBuilder.Int("i32", 0));
        _context.Node = node;
        _context.Mask = null;
        WriteReduction(node);
        B.Branch(F(node));
    }

    /// <summary>bar.red's answer, written when its lanes go on.</summary>
    private void WriteReduction(CodeNode node)
    {
        IrInstruction? barrier = node.Predecessors.Select(p => p.Terminator).FirstOrDefault(t => t is not null && CodeNode.IsWaiting(t));
        if (barrier is not { Dests.Count: > 0 })
        {
            return;
        }
        (Value generation, Value id, _) = WarpRecord.LoadWait(B, node.Continuation);
        _context.Instruction = barrier;
        _context.Guard = null;
        _context.Write(_barriers.Result(barrier.Barrier, id, generation));
    }

    // ---- the masked copy

    private void EmitMasked(CodeNode node)
    {
        B.Label(Check(node.Position));
        if (!_mayPend[node.Position])
        {
            B.Branch(Check(node.Position + 1));
        }
        else
        {
            Value waiting = B.Load("i1", true, Pending(node));
            B.Branch(B.Any(waiting), M(node), Check(node.Position + 1));
        }
        B.Label(M(node));
        _context.Node = node;
        if (_full && !node.IsLatch && MayRejoin(node))
        {
            string whole = B.NewLabel("whole");
            B.Branch(B.All(B.Load("i1", true, Pending(node))), whole, $"b{node.Position}");
            B.Label(whole);
            B.Store(B.Splat(LaneBuilder.Int("i1", 0)), Pending(node));
            B.Branch(F(node));
        }
        else
        {
            B.Branch($"b{node.Position}");
        }
        // The full copy comes in here with a piece that it cannot run.
        B.Label($"b{node.Position}");
        Value mask = B.Load("i1", true, Pending(node));
        B.Store(B.Splat(LaneBuilder.Int("i1", 0)), Pending(node));
        _context.Mask = mask;
        if (_instructions.CheckAhead(node) is { } good)
        {
            string go = B.NewLabel("good");
            string slow = B.NewLabel("slow");
            string end = B.NewLabel("end");
            B.Branch(good, go, slow, likely: true);
            B.Label(slow);
            _instructions.ByLanes = true;
            EmitBody(node);
            _instructions.ByLanes = false;
            B.Branch(end);
            B.Label(go);
            EmitBody(node);
            B.Branch(end);
            B.Label(end);
        }
        else
        {
            EmitBody(node);
        }
        EndMasked(node, mask);
        _context.Mask = null;
    }

    /// <summary>Pieces at which all lanes may meet: several ways lead there, and no lane waits elsewhere meanwhile.</summary>
    private bool MayRejoin(CodeNode node) =>
        _context.Shapes.Pending[node.Position].IsEmpty
        && !SplitsAtBarrier(node)
        && (node.Predecessors.Count > 1 || node.Continuation >= 0);

    private void EndMasked(CodeNode node, Value mask)
    {
        IrInstruction? end = node.Terminator;
        if (end is null)
        {
            Go(node, node.Successors[0], mask);
            return;
        }
        _context.Instruction = end;
        Value? guard = end.Guard.IsNone ? null : _context.Read(end.Guard, "i1");
        if (CodeNode.IsWaiting(end))
        {
            EndMaskedAtBarrier(node, end, mask, guard);
            return;
        }
        if (end.Op == IrOp.Bra)
        {
            BranchMasked(node, mask, guard);
            return;
        }
        Value leaving = guard is { } some ? B.Binary("and", mask, some) : mask;
        if (_record is not null)
        {
            _barriers.Leave(B.Bits(leaving));
        }
        if (guard is { } condition)
        {
            AddPending(node.Successors[0], B.Binary("and", mask, B.Not(condition)));
        }
        B.Branch(Check(node.Position + 1));
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
            AddPending(target, B.Binary("and", mask, taken));
            AddPending(next, B.Binary("and", mask, B.Not(taken)));
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
        AddPending(to, mask);
        if (to.Position <= from.Position)
        {
            // A latch: nothing before it can be pending.
            B.Branch(M(to));
            return;
        }
        bool between = _context.Shapes.Pending[from.Position].Items().Any(p => p > from.Position && p < to.Position);
        B.Branch(between ? Check(from.Position + 1) : M(to));
    }

    private void GoToNext(CodeNode from, int first)
    {
        bool between = _context.Shapes.Pending[from.Position].Items().Any(p => p > from.Position && p < first);
        B.Branch(Check(between ? from.Position + 1 : first));
    }

    private void AddPending(CodeNode node, Value lanes)
    {
        string slot = Pending(node);
        B.Store(B.Binary("or", B.Load("i1", true, slot), lanes), slot);
    }

    private void EndMaskedAtBarrier(CodeNode node, IrInstruction end, Value mask, Value? guard)
    {
        CodeNode after = node.Successors[0];
        if (guard is not null && end.Dests.Count > 0)
        {
            throw _context.Unsupported("a guard on bar.red");
        }
        if (guard is { } taking)
        {
            AddPending(after, B.Binary("and", mask, B.Not(taking)));
            mask = B.Binary("and", mask, B.Splat(taking));
        }
        string arrive = B.NewLabel("arrive");
        string on = B.NewLabel("arrived");
        B.Branch(B.Any(mask), arrive, on);
        B.Label(arrive);
        Value? outer = _context.Mask;
        _context.Mask = mask;
        (Value generation, Value id) = _barriers.Count(B.Bits(mask));
        WarpRecord.AddWait(B, after.Continuation, B.Resize(B.Bits(mask), "i32", false), generation, id);
        _context.Mask = outer;
        B.Branch(on);
        B.Label(on);
        B.Branch(Check(node.Position + 1));
    }

    /// <summary>No lane is pending any more: the warp is done, or waits at barriers.</summary>
    private void EmitEnd()
    {
        B.Label("mend");
        if (_record is null)
        {
            B.Line("ret i32 0");
            return;
        }
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
        foreach (int register in _record.AllLive)
        {
            _context.Registers.Save(register, _record.Place(B, register));
        }
        B.Store(LaneBuilder.Int("i32", WarpRecord.Masked), "%record");
        B.Line("ret i32 0");
    }

    private void EmitMaskedResume()
    {
        B.Label("rm");
        Value any = LaneBuilder.Int("i1", 0);
        foreach (CodeNode node in Nodes.Where(n => n.Continuation >= 0))
        {
            (Value generation, Value id, Value lanes) = WarpRecord.LoadWait(B, node.Continuation);
            Value released = B.Binary("and", _barriers.Released(id, generation), B.Compare("ne", lanes, 0));
            Value going = B.Select(released, lanes, LaneBuilder.Int("i32", 0));
            B.Store(B.FromBits(B.Resize(going, $"i{Lanes}", false)), Pending(node));
            WarpRecord.StoreLanes(B, node.Continuation, B.Select(released, LaneBuilder.Int("i32", 0), lanes));
            any = B.Binary("or", any, released);
        }
        string go = B.NewLabel("released");
        string stay = B.NewLabel("stay");
        B.Branch(any, go, stay);
        B.Label(stay);
        B.Line($"ret i32 {StillWaiting}");
        B.Label(go);
        foreach (int register in _record!.AllLive)
        {
            _context.Registers.Restore(register, _record.Place(B, register));
        }
        foreach (CodeNode node in Nodes.Where(n => n.Continuation >= 0))
        {
            string answer = B.NewLabel("answer");
            string next = B.NewLabel("next");
            Value going = B.Load("i1", true, Pending(node));
            B.Branch(B.Any(going), answer, next);
            B.Label(answer);
            _context.Node = node;
            _context.Mask = going;
            WriteReduction(node);
            _context.Mask = null;
            B.Branch(next);
            B.Label(next);
        }
        B.Branch(Check(0));
    }
}
