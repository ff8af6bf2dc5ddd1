using System.Globalization;
using System.Numerics;
using Weir.Kernels.Analysis;
using Weir.Kernels.Ir;

namespace Weir.Kernels.Codegen;

/// <summary>
/// Loads and stores. Every address is checked before the access: one comparison for a uniform or contiguous one, one
/// per lane otherwise. What fails the quick check goes to a <see cref="LaneHelpers"/> function, which either finds the
/// fault or does what the quick way could not.
/// </summary>
internal sealed class MemoryEmitter(KernelContext context)
{
    private LaneBuilder B => context.B;

    private int Lanes => context.Model.Lanes;

    /// <summary>Emits ld.</summary>
    public void Load()
    {
        IrInstruction i = context.Instruction;
        string type = ElementType(i.Type);
        int count = i.Dests.Count;
        if (i.Flag)
        {
            CompilerFence();
        }
        if (i.Space == IrSpace.Param && !i.Address.IsRegister)
        {
            LoadParameter(type, count);
            return;
        }
        Access access = Resolve(type, count);
        Value[] values = access.Form switch
        {
            _ when ByLanes && IsCheckedAhead => LoadSlowly(access),
            Form.Uniform => LoadUniform(access),
            Form.Contiguous => LoadContiguous(access),
            Form.LocalRow => LoadLocalRow(access),
            _ => LoadScattered(access),
        };
        for (int e = 0; e < count; e++)
        {
            context.Write(values[e], IrTypes.IsSigned(i.Type), e);
        }
        if (i.Flag)
        {
            CompilerFence();
        }
    }

    /// <summary>Emits st.</summary>
    public void Store()
    {
        IrInstruction i = context.Instruction;
        string type = ElementType(i.Type);
        Value[] values = new Value[i.Sources.Count];
        for (int e = 0; e < values.Length; e++)
        {
            values[e] = StoredValue(i.Sources[e], type);
        }
        if (i.Flag)
        {
            CompilerFence();
        }
        Access access = Resolve(type, values.Length);
        switch (access.Form)
        {
            case var _ when ByLanes && IsCheckedAhead:
                StoreByLanes(access, values);
                break;
            case Form.Uniform:
                StoreUniform(access, values);
                break;
            case Form.Contiguous:
                StoreContiguous(access, values);
                break;
            case Form.LocalRow:
                StoreLocalRow(access, values);
                break;
            default:
                StoreScattered(access, values);
                break;
        }
        if (i.Flag)
        {
            CompilerFence();
        }
    }

    /// <summary>How the lanes' addresses lie.</summary>
    private enum Form
    {
        Uniform,
        Contiguous,
        LocalRow,
        Scattered,
    }

    /// <summary>A memory access with its address found.</summary>
    /// <param name="Form">How the addresses lie.</param>
    /// <param name="Start">Scalar address of lane 0 (i64), unless scattered.</param>
    /// <param name="BreakLane">First lane that is not contiguous with lane 0, when there may be one.</param>
    /// <param name="Addresses">Makes the addresses of all lanes; i32 for shared, else i64.</param>
    /// <param name="Type">LLVM type of an element.</param>
    /// <param name="Count">Elements per lane.</param>
    private sealed record Access(Form Form, Value Start, Value? BreakLane, Func<Value> Addresses, string Type, int Count)
    {
        public int ElementBytes => new Value("", Type, false).Bits / 8;

        public int LaneBytes => ElementBytes * Count;
    }

    /// <summary>Accesses of the current piece that are known to be good.</summary>
    private readonly HashSet<IrInstruction> _checked = new(ReferenceEqualityComparer.Instance);

    private bool IsCheckedAhead => _checked.Contains(context.Instruction);

    /// <summary>
    /// Set while the form of a piece is emitted that runs when the check ahead failed: all accesses go lane by lane.
    /// </summary>
    public bool ByLanes { get; set; }

    /// <summary>
    /// Checks at the start of a piece what its accesses will touch, one check for all accesses through one register.
    /// When this fails, the form of the piece runs that finds the fault, or what else is the matter.
    /// </summary>
    /// <returns>True when all is good; null when there is nothing to check.</returns>
    public Value? CheckAhead(CodeNode node)
    {
        _checked.Clear();
        HashSet<int> written = [];
        Dictionary<(IrSpace, IrOperand, Form), List<(IrInstruction Instruction, int Bytes)>> groups = [];
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
                int bytes = new Value("", ElementType(i.Type), false).Bits / 8 * (i.Op == IrOp.Ld ? i.Dests.Count : i.Sources.Count);
                (IrSpace, IrOperand, Form) key = (CheckedSpace(i.Space), i.Address, FormOf(i, bytes));
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
        foreach (((IrSpace space, IrOperand address, Form form), List<(IrInstruction Instruction, int Bytes)> group) in groups)
        {
            Value good = CheckGroup(space, address, form, group);
            all = all is { } others ? B.Binary("and", others, good) : good;
        }
        return all;
    }

    private Form FormOf(IrInstruction i, int laneBytes)
    {
        Shape shape = context.ShapeOf(i.Address);
        return shape.IsUniform ? Form.Uniform
            : shape.IsAffine && shape.Stride == laneBytes ? Form.Contiguous
            : Form.Scattered;
    }

    private Value CheckGroup(IrSpace space, IrOperand address, Form form, List<(IrInstruction Instruction, int Bytes)> group)
    {
        long low = group.Min(access => access.Instruction.AddressOffset);
        int widest = group.Max(access => access.Bytes);
        long high = low;
        long laneHigh = low;
        foreach ((IrInstruction instruction, int bytes) in group)
        {
            long distance = instruction.AddressOffset - low;
            long end = distance + (form == Form.Contiguous ? (long)bytes * Lanes : bytes);
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
        if (form == Form.Scattered)
        {
            Value addresses = B.Binary("add", B.Splat(context.Read(address, type)), low);
            Value lanes = LanesInRange(space, addresses, log2, run);
            return B.All(context.Mask is { } some ? B.Binary("or", lanes, B.Not(some)) : lanes);
        }
        AffineValue start = context.ReadAffine(address, type);
        Value first = B.Resize(B.Binary("add", start.Base, low), "i64", signed: false);
        if (form == Form.Contiguous && context.Mask is { } mask)
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
        Value good = B.Binary("and", InRangeLog2(space, lowest, log2, laneRun), InRangeLog2(space, highest, log2, laneRun));
        return start.BreakLane is { } lane ? B.Binary("and", good, B.Compare("ugt", B.Resize(lane, "i64", false), high)) : good;
    }

    /// <summary>LLVM type in which values of a PTX type lie in memory.</summary>
    public static string ElementType(IrType type) =>
        type switch
        {
            IrType.F32 => "float",
            IrType.F64 => "double",
            _ => "i" + IrTypes.Bits(type).ToString(CultureInfo.InvariantCulture),
        };

    /// <summary>Calls a per-lane function for the operation's address and leaves the kernel when it finds a fault.</summary>
    /// <param name="function">Name in <see cref="LaneHelpers"/>.</param>
    /// <param name="active">Lanes as bits.</param>
    /// <param name="data">Memory that holds the operands and receives the results.</param>
    public void CallLanes(string function, Value active, string data)
    {
        Value status = B.Assign(
            $"call i32 @{function}(ptr %launch, ptr %thread, i64 %block, i32 %linear, ptr %local, "
                + $"i32 {context.Instruction.Line}, {B.Arg(active)}, {LaneAddresses()}, ptr {data})",
            "i32",
            false
        );
        string failed = B.NewLabel("failed");
        string passed = B.NewLabel("passed");
        B.Branch(B.Compare("eq", status, 0), passed, failed, likely: true);
        B.Label(failed);
        B.Line($"ret i32 {status.Text}");
        B.Label(passed);
    }

    /// <summary>The address arguments of a per-lane function.</summary>
    private string LaneAddresses()
    {
        IrInstruction i = context.Instruction;
        string type = AddressType(i);
        if (context.ShapeOf(i.Address).IsVarying)
        {
            Value addresses = B.Binary("add", context.Read(i.Address, type), i.AddressOffset);
            B.Store(B.Resize(addresses, "i64", signed: false), context.LaneList);
            return $"i64 0, i64 0, i64 0, i64 0, i64 0, ptr {context.LaneList}";
        }
        AffineValue address = context.ReadAffine(i.Address, type);
        Value start = B.Resize(B.Binary("add", address.Base, i.AddressOffset), "i64", signed: false);
        string lane = address.BreakLane is { } at ? B.Resize(at, "i64", false).Text : Lanes.ToString(CultureInfo.InvariantCulture);
        long wrap = type == "i32" ? uint.MaxValue : -1;
        return $"i64 {start.Text}, i64 {address.Stride}, i64 {wrap}, i64 {lane}, i64 {address.Delta?.Text ?? "0"}, ptr null";
    }

    private string AddressType(IrInstruction i)
    {
        bool narrow = i.Address.IsRegister && context.Function.Registers[i.Address.Index].Bits == 32;
        return narrow ? "i32" : "i64";
    }

    private Access Resolve(string type, int count)
    {
        IrInstruction i = context.Instruction;
        Shape shape = context.ShapeOf(i.Address);
        string addressType = AddressType(i);
        int laneBytes = new Value("", type, false).Bits / 8 * count;
        if (shape.IsVarying)
        {
            return new Access(
                Form.Scattered,
                default,
                null,
                () => B.Binary("add", context.Read(i.Address, addressType), i.AddressOffset),
                type,
                count
            );
        }
        AffineValue address = context.ReadAffine(i.Address, addressType);
        Value start = i.AddressOffset == 0 ? address.Base : B.Binary("add", address.Base, i.AddressOffset);
        AffineValue moved = address with { Base = start };
        Value wide = B.Resize(start, "i64", signed: false);
        Value Spread() => context.Spread(moved);
        bool local = i.Space == IrSpace.Local;
        if (address.Stride == 0)
        {
            return new Access(local ? Form.LocalRow : Form.Uniform, wide, null, Spread, type, count);
        }
        bool contiguous = address.Stride == laneBytes && !local;
        return new Access(contiguous ? Form.Contiguous : Form.Scattered, wide, address.BreakLane, Spread, type, count);
    }

    /// <summary>True when a run of bytes lies inside the space and on its alignment.</summary>
    private Value InRange(IrSpace space, Value address, int laneBytes, int run) =>
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

    private string Pointer(IrSpace space, Value address) =>
        space == IrSpace.Shared
            ? B.Offset(context.ThreadField(0, "ptr").Text, address)
            : B.Cast("inttoptr", address, "ptr").Text;

    private static IrSpace CheckedSpace(IrSpace space) => space == IrSpace.Shared ? IrSpace.Shared : IrSpace.Global;

    /// <summary>
    /// Writes "quick when the condition holds, else lane by lane", and joins the results.
    /// </summary>
    private Value[] Either(Access access, Value condition, Func<Value[]> quick, bool scalar)
    {
        if (IsCheckedAhead)
        {
            return quick();
        }
        string fast = B.NewLabel("fast");
        string slow = B.NewLabel("slow");
        string join = B.NewLabel("join");
        B.Branch(condition, fast, slow, likely: true);
        B.Label(fast);
        Value[] quickly = quick();
        string fastEnd = B.CurrentLabel;
        B.Branch(join);
        B.Label(slow);
        Value[] slowly = LoadByLanes(access);
        if (scalar)
        {
            Value first = context.FirstActiveLane();
            slowly = Array.ConvertAll(slowly, value => B.Lane(value, first));
        }
        string slowEnd = B.CurrentLabel;
        B.Branch(join);
        B.Label(join);
        Value[] result = new Value[quickly.Length];
        for (int e = 0; e < result.Length; e++)
        {
            result[e] = B.Assign(
                $"phi {B.TypeOf(quickly[e])} [ {quickly[e].Text}, %{fastEnd} ], [ {slowly[e].Text}, %{slowEnd} ]",
                quickly[e].Type,
                quickly[e].IsVector
            );
        }
        return result;
    }

    /// <summary>Lane by lane, in the form that the result's register has.</summary>
    private Value[] LoadSlowly(Access access)
    {
        Value[] values = LoadByLanes(access);
        if (access.Form != Form.Uniform || context.Instruction.Space == IrSpace.Generic)
        {
            return values;
        }
        Value first = context.FirstActiveLane();
        return Array.ConvertAll(values, value => B.Lane(value, first));
    }

    private Value[] LoadByLanes(Access access)
    {
        string data = context.LaneData;
        CallLanes(
            context.Helpers.Load(context.Instruction.Space, access.Type, access.Count),
            context.ActiveBits,
            data
        );
        Value[] values = new Value[access.Count];
        for (int e = 0; e < values.Length; e++)
        {
            values[e] = B.Load(access.Type, true, B.Offset(data, e * access.ElementBytes * Lanes), $", align {access.ElementBytes}");
        }
        return values;
    }

    private void StoreByLanes(Access access, Value[] values)
    {
        string data = context.LaneData;
        for (int e = 0; e < values.Length; e++)
        {
            B.Store(B.Splat(values[e]), B.Offset(data, e * access.ElementBytes * Lanes), $", align {access.ElementBytes}");
        }
        CallLanes(
            context.Helpers.Store(context.Instruction.Space, access.Type, access.Count),
            context.ActiveBits,
            data
        );
    }

    private Value[] LoadUniform(Access access)
    {
        IrSpace space = context.Instruction.Space;
        if (space == IrSpace.Param)
        {
            Value[] lanes = LoadByLanes(access);
            Value first = context.FirstActiveLane();
            return Array.ConvertAll(lanes, value => B.Lane(value, first));
        }
        bool scalar = space != IrSpace.Generic;
        return Either(
            access,
            InRange(CheckedSpace(space), access.Start, access.LaneBytes, 1),
            () =>
            {
                string pointer = Pointer(space, access.Start);
                Value[] values = new Value[access.Count];
                for (int e = 0; e < values.Length; e++)
                {
                    values[e] = B.Load(access.Type, false, B.Offset(pointer, e * access.ElementBytes));
                    values[e] = scalar ? values[e] : B.Splat(values[e]);
                }
                return values;
            },
            scalar
        );
    }

    private Value QuickContiguous(Access access)
    {
        Value fits = InRange(CheckedSpace(context.Instruction.Space), access.Start, access.LaneBytes, Lanes);
        return access.BreakLane is { } lane ? B.Binary("and", fits, B.Compare("uge", lane, Lanes)) : fits;
    }

    private Value[] LoadContiguous(Access access) =>
        Either(
            access,
            QuickContiguous(access),
            () =>
            {
                string pointer = Pointer(context.Instruction.Space, access.Start);
                string align = $", align {access.ElementBytes}";
                if (context.Active is { } active)
                {
                    if (access.Count > 1)
                    {
                        return GatherAll(access);
                    }
                    string mangled = B.Mangle(access.Type, true);
                    return
                    [
                        B.Call(
                            $"llvm.masked.load.{mangled}.p0",
                            B.VectorOf(access.Type),
                            access.Type,
                            true,
                            $"ptr {pointer}",
                            $"i32 {access.ElementBytes}",
                            B.Arg(B.Splat(active)),
                            $"{B.VectorOf(access.Type)} zeroinitializer"
                        ),
                    ];
                }
                if (access.Count == 1)
                {
                    return [B.Load(access.Type, true, pointer, align)];
                }
                string wide = $"<{Lanes * access.Count} x {access.Type}>";
                string all = B.Assign($"load {wide}, ptr {pointer}{align}", access.Type, true).Text;
                Value[] values = new Value[access.Count];
                for (int e = 0; e < values.Length; e++)
                {
                    int from = e;
                    IEnumerable<string> picks = Enumerable.Range(0, Lanes).Select(lane => $"i32 {lane * access.Count + from}");
                    values[e] = B.Assign(
                        $"shufflevector {wide} {all}, {wide} poison, <{Lanes} x i32> <{string.Join(", ", picks)}>",
                        access.Type,
                        true
                    );
                }
                return values;
            },
            scalar: false
        );

    /// <summary>Elements of several per lane, under a mask.</summary>
    private Value[] GatherAll(Access access)
    {
        Value pointers = PointersOf(access);
        Value[] values = new Value[access.Count];
        for (int e = 0; e < values.Length; e++)
        {
            values[e] = Gather(access, ElementPointers(pointers, e * access.ElementBytes));
        }
        return values;
    }

    private Value[] LoadScattered(Access access)
    {
        IrSpace space = context.Instruction.Space;
        if (space is IrSpace.Local or IrSpace.Param)
        {
            return LoadByLanes(access);
        }
        Value fits = LanesFit(access);
        return Either(
            access,
            fits,
            () => GatherAll(access),
            scalar: false
        );
    }

    private Value Gather(Access access, Value pointers)
    {
        Value mask = B.Splat(LaneBuilder.Int("i1", 1));
        if (context.Active is { } active)
        {
            if (access.ElementBytes >= 4)
            {
                mask = active;
            }
            else
            {
                // There is no gather of small elements; lanes that take no part read a harmless place instead of branching.
                Value harmless = new("%thread", "ptr", false);
                pointers = B.Select(active, pointers, B.Splat(harmless));
            }
        }
        return B.Call(
            $"llvm.masked.gather.{B.Mangle(access.Type, true)}.{B.Mangle("ptr", true)}",
            B.VectorOf(access.Type),
            access.Type,
            true,
            B.Arg(pointers),
            $"i32 {access.ElementBytes}",
            B.Arg(mask),
            $"{B.VectorOf(access.Type)} zeroinitializer"
        );
    }

    private Value ElementPointers(Value pointers, int bytes) =>
        bytes == 0
            ? pointers
            : B.Assign($"getelementptr i8, {B.Arg(pointers)}, i64 {bytes}", "ptr", true);

    /// <summary>True when the addresses of all active lanes are good.</summary>
    private Value LanesFit(Access access)
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

    private Value PointersOf(Access access)
    {
        Value addresses = B.Splat(access.Addresses());
        return context.Instruction.Space == IrSpace.Shared
            ? B.Assign($"getelementptr i8, ptr {context.ThreadField(0, "ptr").Text}, {B.Arg(addresses)}", "ptr", true)
            : B.Cast("inttoptr", B.Resize(addresses, "i64", signed: false), "ptr");
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

    private void StoreUniform(Access access, Value[] values)
    {
        IrSpace space = context.Instruction.Space;
        // When lanes disagree about the value, the last one's stays, as if they had stored one after another. The slow
        // way needs all of them: the address may turn out to be in local memory, where each lane has its own.
        Value[] last = Array.ConvertAll(values, value => value.IsVector ? B.Lane(value, LastActiveLane()) : value);
        EitherStore(
            access,
            InRange(CheckedSpace(space), access.Start, access.LaneBytes, 1),
            values,
            () =>
            {
                string pointer = Pointer(space, access.Start);
                for (int e = 0; e < last.Length; e++)
                {
                    B.Store(last[e], B.Offset(pointer, e * access.ElementBytes));
                }
            }
        );
    }

    private Value LastActiveLane()
    {
        if (context.Active is null)
        {
            return LaneBuilder.Int("i32", Lanes - 1);
        }
        Value leading = B.IntrinsicFlag("ctlz", context.ActiveBits, false);
        return B.Resize(B.Binary("sub", LaneBuilder.Int(leading.Type, Lanes - 1), leading), "i32", false);
    }

    private void StoreContiguous(Access access, Value[] values) =>
        EitherStore(
            access,
            QuickContiguous(access),
            values,
            () =>
            {
                string pointer = Pointer(context.Instruction.Space, access.Start);
                string align = $", align {access.ElementBytes}";
                values = Array.ConvertAll(values, B.Splat);
                if (context.Active is { } active)
                {
                    if (access.Count > 1)
                    {
                        ScatterAll(access, values);
                        return;
                    }
                    B.CallVoid(
                        $"llvm.masked.store.{B.Mangle(access.Type, true)}.p0",
                        B.Arg(values[0]),
                        $"ptr {pointer}",
                        $"i32 {access.ElementBytes}",
                        B.Arg(B.Splat(active))
                    );
                    return;
                }
                if (access.Count == 1)
                {
                    B.Store(values[0], pointer, align);
                    return;
                }
                (string text, string type) = Interleave(values, access.Type);
                B.Line($"store {type} {text}, ptr {pointer}{align}");
            }
        );

    private (string Text, string Type) Interleave(Value[] values, string type)
    {
        // Concatenate pairwise, then put element e of lane l at place l·count + e.
        List<(string Text, int Width)> parts = [.. values.Select(value => (value.Text, Lanes))];
        while (parts.Count > 1)
        {
            List<(string, int)> joined = [];
            for (int p = 0; p + 1 < parts.Count; p += 2)
            {
                int width = parts[p].Width;
                IEnumerable<string> picks = Enumerable.Range(0, 2 * width).Select(n => $"i32 {n}");
                string text = B.Assign(
                    $"shufflevector <{width} x {type}> {parts[p].Text}, <{width} x {type}> {parts[p + 1].Text}, "
                        + $"<{2 * width} x i32> <{string.Join(", ", picks)}>",
                    type,
                    true
                ).Text;
                joined.Add((text, 2 * width));
            }
            parts = joined;
        }
        int total = parts[0].Width;
        int count = values.Length;
        IEnumerable<string> order = Enumerable.Range(0, total).Select(n => $"i32 {n % count * Lanes + n / count}");
        string result = B.Assign(
            $"shufflevector <{total} x {type}> {parts[0].Text}, <{total} x {type}> poison, <{total} x i32> <{string.Join(", ", order)}>",
            type,
            true
        ).Text;
        return (result, $"<{total} x {type}>");
    }

    private void StoreScattered(Access access, Value[] values)
    {
        if (context.Instruction.Space is IrSpace.Local or IrSpace.Param)
        {
            StoreByLanes(access, values);
            return;
        }
        EitherStore(access, LanesFit(access), values, () => ScatterAll(access, values));
    }

    private void ScatterAll(Access access, Value[] values)
    {
        Value pointers = PointersOf(access);
        Value mask = B.Splat(context.Active ?? LaneBuilder.Int("i1", 1));
        for (int e = 0; e < values.Length; e++)
        {
            B.CallVoid(
                $"llvm.masked.scatter.{B.Mangle(access.Type, true)}.{B.Mangle("ptr", true)}",
                B.Arg(B.Splat(values[e])),
                B.Arg(ElementPointers(pointers, e * access.ElementBytes)),
                $"i32 {access.ElementBytes}",
                B.Arg(mask)
            );
        }
    }

    private void EitherStore(Access access, Value condition, Value[] values, Action quick)
    {
        if (IsCheckedAhead)
        {
            quick();
            return;
        }
        string fast = B.NewLabel("fast");
        string slow = B.NewLabel("slow");
        string join = B.NewLabel("join");
        B.Branch(condition, fast, slow, likely: true);
        B.Label(fast);
        quick();
        B.Branch(join);
        B.Label(slow);
        StoreByLanes(access, values);
        B.Branch(join);
        B.Label(join);
    }

    private void LoadParameter(string type, int count)
    {
        IrInstruction i = context.Instruction;
        long start = i.AddressOffset + (i.Address.Kind == IrOperandKind.Immediate ? (long)i.Address.Bits : 0);
        if (i.Address.Kind == IrOperandKind.Symbol)
        {
            start += context.Function.Symbols[i.Address.Index].Offset + (long)i.Address.Bits;
        }
        int bytes = new Value("", type, false).Bits / 8;
        if (start < 0 || start + bytes * count > context.Function.ParameterBytes)
        {
            throw new PtxException("a parameter is read beyond the parameter block", i.Line);
        }
        Value block = context.LaunchField(32, "ptr");
        for (int e = 0; e < count; e++)
        {
            Value place = context.Head($"getelementptr i8, ptr {block.Text}, i64 {start + e * bytes}", "ptr");
            Value value = context.Head($"load {type}, ptr {place.Text}, align 1, !invariant.load !0", type);
            context.Write(value, IrTypes.IsSigned(i.Type), e);
        }
    }

    /// <summary>Local memory at an address that all lanes share: rows of words, one per lane.</summary>
    private Value[] LoadLocalRow(Access access)
    {
        if (!IsStaticRow(access, out long start))
        {
            return LoadByLanes(access);
        }
        Value[] values = new Value[access.Count];
        for (int e = 0; e < values.Length; e++)
        {
            long at = start + e * access.ElementBytes;
            Value word = LocalWords(at);
            string bits = "i" + (access.ElementBytes * 8).ToString(CultureInfo.InvariantCulture);
            if (access.ElementBytes == 8)
            {
                Value low = B.Resize(word, "i64", false);
                Value high = B.Resize(LocalWords(at + 4), "i64", false);
                word = B.Binary("or", low, B.Binary("shl", high, 32));
            }
            else if (access.ElementBytes < 4)
            {
                word = B.Resize(B.Binary("lshr", word, at % 4 * 8), bits, false);
            }
            values[e] = context.Reinterpret(word, access.Type);
        }
        return values;
    }

    private void StoreLocalRow(Access access, Value[] values)
    {
        if (!IsStaticRow(access, out long start))
        {
            StoreByLanes(access, values);
            return;
        }
        for (int e = 0; e < values.Length; e++)
        {
            long at = start + e * access.ElementBytes;
            Value bits = B.Splat(context.Reinterpret(values[e], "i" + (access.ElementBytes * 8).ToString(CultureInfo.InvariantCulture)));
            if (access.ElementBytes == 8)
            {
                StoreLocalWords(at, B.Resize(bits, "i32", false));
                StoreLocalWords(at + 4, B.Resize(B.Binary("lshr", bits, 32), "i32", false));
                continue;
            }
            Value word = B.Resize(bits, "i32", false);
            if (access.ElementBytes < 4)
            {
                int shift = (int)(at % 4 * 8);
                int field = (int)((access.ElementBytes == 1 ? 0xffu : 0xffffu) << shift);
                Value kept = B.Binary("and", LocalWords(at), ~field);
                word = B.Binary("or", kept, B.Binary("shl", word, shift));
            }
            StoreLocalWords(at, word);
        }
    }

    private bool IsStaticRow(Access access, out long start)
    {
        bool constant = long.TryParse(access.Start.Text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out start);
        return constant
            && start >= 0
            && start % access.LaneBytes == 0
            && start + access.LaneBytes <= context.Function.LocalBytes;
    }

    private Value LocalWords(long at) => B.Load("i32", true, B.Offset("%local", at / 4 * 4 * Lanes), ", align 4");

    private void StoreLocalWords(long at, Value word)
    {
        if (context.Active is { } active)
        {
            word = B.Select(active, word, LocalWords(at));
        }
        B.Store(B.Splat(word), B.Offset("%local", at / 4 * 4 * Lanes), ", align 4");
    }

    /// <summary>Bits to store: registers may be wider than what is stored.</summary>
    private Value StoredValue(IrOperand operand, string type)
    {
        if (!operand.IsRegister)
        {
            return context.Read(operand, type);
        }
        string own = context.Registers.TypeOf(operand.Index);
        Value value = context.Read(operand, own);
        return context.Reinterpret(value, type);
    }

    private void CompilerFence() => B.Line("fence syncscope(\"singlethread\") seq_cst");
}
