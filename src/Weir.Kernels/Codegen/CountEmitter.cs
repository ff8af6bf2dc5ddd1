using Weir.Kernels.Abi;
using Weir.Kernels.Analysis;
using Weir.Kernels.Ir;

namespace Weir.Kernels.Codegen;

/// <summary>What profiled code counts: once per piece, times the lanes that run it.</summary>
internal sealed class CountEmitter(KernelContext context)
{
    private LaneBuilder B => context.B;

    /// <summary>Counts a piece whose body has just been emitted.</summary>
    public void Count(CodeNode node)
    {
        Value lanes = Population(context.Mask is { } mask ? B.Bits(mask) : null);
        long instructions = node.Instructions.Count;
        Add(KernelCounter.VectorInstructions, LaneBuilder.Int("i64", instructions));
        Add(KernelCounter.ThreadInstructions, B.Binary("mul", lanes, instructions));
        IEnumerable<IGrouping<KernelCounter, long>> amounts = node
            .Instructions.Take(node.BodyCount)
            .Where(i => i.Guard.IsNone)
            .SelectMany(Amounts)
            .GroupBy(amount => amount.Counter, amount => amount.Each);
        foreach (IGrouping<KernelCounter, long> amount in amounts)
        {
            Add(amount.Key, B.Binary("mul", lanes, amount.Sum()));
        }
        if (node.Terminator is { Op: IrOp.Bra, Guard.IsNone: false } branch)
        {
            Branch(branch);
        }
    }

    /// <summary>Counts an operation under a guard, where it is done.</summary>
    public void CountGuarded()
    {
        Value? lanes = null;
        foreach ((KernelCounter counter, long each) in Amounts(context.Instruction))
        {
            lanes ??= Population(context.Active is { } active ? B.Bits(active) : null);
            Add(counter, B.Binary("mul", lanes.Value, each));
        }
    }

    private void Branch(IrInstruction branch)
    {
        Add(KernelCounter.Branches, LaneBuilder.Int("i64", 1));
        Value guard = context.Read(branch.Guard, "i1");
        if (!guard.IsVector)
        {
            return;
        }
        Value running = context.Mask is { } mask ? B.Bits(mask) : AllLanes;
        Value taken = B.Binary("and", B.Bits(guard), running);
        Value parts = B.Binary("and", B.Compare("ne", taken, 0), B.Compare("ne", taken, running));
        Add(KernelCounter.DivergentBranches, B.Resize(parts, "i64", signed: false));
    }

    private static IEnumerable<(KernelCounter Counter, long Each)> Amounts(IrInstruction i)
    {
        long bytes = IrTypes.Bits(i.Type) / 8;
        switch (i.Op)
        {
            case IrOp.Ld when i.Space is IrSpace.Global or IrSpace.Generic:
                return [(KernelCounter.GlobalReadBytes, bytes * i.Dests.Count)];
            case IrOp.St when i.Space is IrSpace.Global or IrSpace.Generic:
                return [(KernelCounter.GlobalWriteBytes, bytes * i.Sources.Count)];
            case IrOp.Ld when i.Space == IrSpace.Shared:
                return [(KernelCounter.SharedBytes, bytes * i.Dests.Count)];
            case IrOp.St when i.Space == IrSpace.Shared:
                return [(KernelCounter.SharedBytes, bytes * i.Sources.Count)];
            case IrOp.Atom or IrOp.Red:
                return [(KernelCounter.Atomics, 1)];
            default:
                return [];
        }
    }

    private Value AllLanes => LaneBuilder.Int($"i{context.Model.Lanes}", -1);

    private Value Population(Value? bits) =>
        bits is { } some
            ? B.Resize(B.Intrinsic("ctpop", some), "i64", signed: false)
            : LaneBuilder.Int("i64", context.Model.Lanes);

    private void Add(KernelCounter counter, Value amount)
    {
        Value counters = context.ThreadField(112, "ptr");
        string place = B.Offset(counters.Text, (int)counter * 8);
        B.Store(B.Binary("add", B.Load("i64", false, place), amount), place);
    }
}
