using System.Numerics;
using Weir.Kernels.Abi;
using Weir.Kernels.Analysis;
using Weir.Kernels.Ir;

namespace Weir.Kernels.Codegen;

/// <summary>Says whether addresses lie where they may, on their alignment.</summary>
internal sealed class AccessChecks(KernelContext context)
{
    private readonly HashSet<IrInstruction> _checked = new(ReferenceEqualityComparer.Instance);

    private LaneBuilder B => context.B;

    private int Lanes => context.Model.Lanes;

    /// <summary>True when the operation is an access that the check at the start of its piece covers.</summary>
    public bool IsCheckedAhead => _checked.Contains(context.Instruction);

    /// <summary>
    /// Checks at the start of a piece what its accesses will touch, one check for all accesses through one register.
    /// When this fails, the form of the piece runs that finds the fault, or what else is the matter.
    /// </summary>
    /// <returns>True when all is good; null when there is nothing to check.</returns>
    public Value? CheckAhead(CodeNode node)
    {
        _checked.Clear();
        if (context.Variant == CodeVariant.Checked)
        {
            return null;
        }
        HashSet<int> written = [];
        Dictionary<(IrSpace, IrOperand, AccessForm), List<(IrInstruction Instruction, int Bytes)>> groups = [];
        for (int n = 0; n < node.BodyCount; n++)
        {
            IrInstruction i = node.Instructions[n];
            if (
                i.Op is IrOp.Ld or IrOp.St
                && i.Guard.IsNone
                && i.Space is IrSpace.Global or IrSpace.Const or IrSpace.Shared or IrSpace.Generic
                && !(i.Address.IsRegister && written.Contains(i.Address.Index))
            )
            {
                int bytes =
                    new Value("", MemoryEmitter.ElementType(i.Type), false).Bits
                    / 8
                    * (i.Op == IrOp.Ld ? i.Dests.Count : i.Sources.Count);
                (IrSpace, IrOperand, AccessForm) key = (CheckedSpace(i.Space), i.Address, FormOf(i, bytes));
                if (!groups.TryGetValue(key, out List<(IrInstruction, int)>? group))
                {
                    groups[key] = group = [];
                }
                group.Add((i, bytes));
            }
            foreach (IrOperand dest in i.Dests)
            {
                if (dest.IsRegister)
                {
                    written.Add(dest.Index);
                }
            }
        }
        Value? all = null;
        foreach (
            (
                (IrSpace space, IrOperand address, AccessForm form),
                List<(IrInstruction Instruction, int Bytes)> group
            ) in groups
        )
        {
            Value good = CheckGroup(space, address, form, group);
            all = all is { } others ? B.Binary("and", others, good) : good;
        }
        return all;
    }

    private AccessForm FormOf(IrInstruction i, int laneBytes)
    {
        Shape shape = context.ShapeOf(i.Address);
        return shape.IsUniform ? AccessForm.Uniform
            : shape.IsAffine && shape.Stride == laneBytes ? AccessForm.Contiguous
            : AccessForm.Scattered;
    }

    private Value CheckGroup(
        IrSpace space,
        IrOperand address,
        AccessForm form,
        List<(IrInstruction Instruction, int Bytes)> group
    )
    {
        long low = group.Min(access => access.Instruction.AddressOffset);
        int widest = group.Max(access => access.Bytes);
        long high = low;
        long laneHigh = low;
        foreach ((IrInstruction instruction, int bytes) in group)
        {
            long distance = instruction.AddressOffset - low;
            long end = distance + (form == AccessForm.Contiguous ? (long)bytes * Lanes : bytes);
            if (distance % bytes != 0 || distance > 1 << 20)
            {
                // Its alignment does not follow from the first one's; it is checked where it stands.
                continue;
            }
            high = Math.Max(high, low + end);
            laneHigh = Math.Max(laneHigh, low + distance + bytes);
            _checked.Add(instruction);
        }
        int log2 = BitOperations.Log2((uint)widest);
        int run = (int)((high - low + widest - 1) / widest);
        int laneRun = (int)((laneHigh - low + widest - 1) / widest);
        string type = AddressType(group[0].Instruction);
        if (form == AccessForm.Scattered)
        {
            Value addresses = B.Binary("add", B.Splat(context.Read(address, type)), low);
            Value lanes = LanesInRange(space, addresses, log2, run);
            return B.All(context.Mask is { } some ? B.Binary("or", lanes, B.Not(some)) : lanes);
        }
        AffineValue start = context.ReadAffine(address, type);
        Value first = B.Resize(B.Binary("add", start.Base, low), "i64", signed: false);
        if (form == AccessForm.Contiguous && context.Mask is { } mask)
        {
            return CheckActiveLanes(space, first, start, B.Bits(mask), log2, laneRun);
        }
        Value good = InRangeLog2(space, first, log2, run);
        return start.BreakLane is { } lane ? B.Binary("and", good, B.Compare("uge", lane, Lanes)) : good;
    }

    /// <summary>A contiguous run is good when its first and its last active lane are.</summary>
    private Value CheckActiveLanes(IrSpace space, Value first, AffineValue start, Value bits, int log2, int laneRun)
    {
        Value low = B.Resize(B.IntrinsicFlag("cttz", bits, false), "i64", false);
        Value leading = B.Resize(B.IntrinsicFlag("ctlz", bits, false), "i64", false);
        Value high = B.Binary("sub", LaneBuilder.Int("i64", Lanes - 1), leading);
        Value lowest = B.Binary("add", first, B.Binary("mul", low, start.Stride));
        Value highest = B.Binary("add", first, B.Binary("mul", high, start.Stride));
        Value good = B.Binary(
            "and",
            InRangeLog2(space, lowest, log2, laneRun),
            InRangeLog2(space, highest, log2, laneRun)
        );
        return start.BreakLane is { } lane
            ? B.Binary("and", good, B.Compare("ugt", B.Resize(lane, "i64", false), high))
            : good;
    }

    /// <summary>True when a run of bytes lies inside the space and on its alignment.</summary>
    public Value InRange(IrSpace space, Value address, int laneBytes, int run) =>
        InRangeLog2(space, address, BitOperations.Log2((uint)laneBytes), run);

    private Value InRangeLog2(IrSpace space, Value address, int log2, int run)
    {
        // Rotating right moves bits that break the alignment to the top, where they exceed any limit.
        Value offset = space == IrSpace.Shared ? address : B.Binary("sub", address, context.LaunchField(40, "i64"));
        Value index = log2 == 0 ? offset : B.Intrinsic("fshr", offset, offset, LaneBuilder.Int("i64", log2));
        return B.Compare("ult", index, Limit(space, log2, run));
    }

    /// <summary>Number of places at which a run of elements fits, computed once per function.</summary>
    private Value Limit(IrSpace space, int log2, int run)
    {
        Value size = space == IrSpace.Shared ? context.ThreadField(8, "i64") : context.LaunchField(48, "i64");
        Value elements = log2 == 0 ? size : context.Head($"lshr i64 {size.Text}, {log2}", "i64");
        Value enough = context.Head($"icmp uge i64 {elements.Text}, {run}", "i1");
        Value places = context.Head($"sub i64 {elements.Text}, {run - 1}", "i64");
        return context.Head($"select i1 {enough.Text}, i64 {places.Text}, i64 0", "i64");
    }

    /// <summary>True when a contiguous access of all lanes is good.</summary>
    public Value QuickContiguous(MemoryAccess access)
    {
        Value fits = InRange(CheckedSpace(context.Instruction.Space), access.Start, access.LaneBytes, Lanes);
        return access.BreakLane is { } lane ? B.Binary("and", fits, B.Compare("uge", lane, Lanes)) : fits;
    }

    /// <summary>True when the addresses of all active lanes are good.</summary>
    public Value LanesFit(MemoryAccess access)
    {
        if (IsCheckedAhead)
        {
            return LaneBuilder.Int("i1", 1);
        }
        Value addresses = B.Splat(access.Addresses());
        Value good = LanesInRange(
            CheckedSpace(context.Instruction.Space),
            addresses,
            BitOperations.Log2((uint)access.LaneBytes),
            1
        );
        return B.All(context.Active is { } active ? B.Binary("or", good, B.Not(active)) : good);
    }

    /// <summary>Goes the quick way when the access is in range and, in checked code, nothing is wrong with it.</summary>
    public void BranchWhenFine(Value inRange, MemoryAccess access, AccessKind kind, string fast, string slow)
    {
        if (context.IsWatched)
        {
            string look = B.NewLabel("inrange");
            B.Branch(inRange, look, slow, likely: true);
            B.Label(look);
            inRange = context.Runs!.Look(access, kind);
        }
        B.Branch(inRange, fast, slow, likely: true);
    }

    private Value LanesInRange(IrSpace space, Value addresses, int log2, int run)
    {
        Value limit = Limit(space, log2, run);
        Value offset;
        if (space == IrSpace.Shared)
        {
            offset = addresses;
            if (addresses.Type == "i32")
            {
                limit = B.Resize(B.Intrinsic("umin", limit, LaneBuilder.Int("i64", uint.MaxValue)), "i32", false);
            }
        }
        else
        {
            offset = B.Binary("sub", B.Resize(addresses, "i64", signed: false), context.LaunchField(40, "i64"));
        }
        Value index = log2 == 0 ? offset : B.Intrinsic("fshr", offset, offset, LaneBuilder.Int(offset.Type, log2));
        return B.Compare("ult", index, limit);
    }

    /// <summary>Type in which the address of an access is computed.</summary>
    public string AddressType(IrInstruction i)
    {
        bool narrow = i.Address.IsRegister && context.Function.Registers[i.Address.Index].Bits == 32;
        return narrow ? "i32" : "i64";
    }

    /// <summary>The range that an access is checked against: shared memory, or the session's window.</summary>
    public static IrSpace CheckedSpace(IrSpace space) => space == IrSpace.Shared ? IrSpace.Shared : IrSpace.Global;
}
