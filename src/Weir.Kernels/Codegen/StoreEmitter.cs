using Weir.Kernels.Ir;

namespace Weir.Kernels.Codegen;

/// <summary>Stores: uniform ones once, contiguous ones as vectors, the rest as scatters.</summary>
internal sealed class StoreEmitter(
    KernelContext context,
    AccessChecks checks,
    AddressEmitter addresses,
    LaneCalls calls,
    LocalRows rows
)
{
    private LaneBuilder B => context.B;

    private int Lanes => context.Model.Lanes;

    /// <summary>See <see cref="MemoryEmitter.ByLanes"/>.</summary>
    public bool ByLanes { get; set; }

    /// <summary>Emits st.</summary>
    public void Store()
    {
        IrInstruction i = context.Instruction;
        string type = MemoryEmitter.ElementType(i.Type);
        Value[] values = new Value[i.Sources.Count];
        for (int e = 0; e < values.Length; e++)
        {
            values[e] = StoredValue(i.Sources[e], type);
        }
        if (i.Flag)
        {
            addresses.CompilerFence();
        }
        MemoryAccess access = addresses.Resolve(type, values.Length);
        switch (access.Form)
        {
            case var _ when ByLanes && checks.IsCheckedAhead:
            case var _ when context.IsWatched && !context.Runs!.CanLook(access):
                calls.StoreByLanes(access, values);
                break;
            case AccessForm.Uniform:
                StoreUniform(access, values);
                break;
            case AccessForm.Contiguous:
                StoreContiguous(access, values);
                break;
            case AccessForm.LocalRow:
                rows.Store(access, values);
                break;
            default:
                StoreScattered(access, values);
                break;
        }
        if (i.Flag)
        {
            addresses.CompilerFence();
        }
    }

    private void StoreUniform(MemoryAccess access, Value[] values)
    {
        IrSpace space = context.Instruction.Space;
        // When lanes disagree about the value, the last one's stays, as if they had stored one after another. The slow
        // way needs all of them: the address may turn out to be in local memory, where each lane has its own.
        Value[] last = Array.ConvertAll(values, value => value.IsVector ? B.Lane(value, LastActiveLane()) : value);
        EitherStore(
            access,
            checks.InRange(AccessChecks.CheckedSpace(space), access.Start, access.LaneBytes, 1),
            values,
            () =>
            {
                string pointer = addresses.Pointer(space, access.Start);
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

    private void StoreContiguous(MemoryAccess access, Value[] values) =>
        EitherStore(
            access,
            checks.QuickContiguous(access),
            values,
            () =>
            {
                string pointer = addresses.Pointer(context.Instruction.Space, access.Start);
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

    private void StoreScattered(MemoryAccess access, Value[] values)
    {
        if (context.Instruction.Space is IrSpace.Local or IrSpace.Param)
        {
            calls.StoreByLanes(access, values);
            return;
        }
        EitherStore(access, checks.LanesFit(access), values, () => ScatterAll(access, values));
    }

    private void ScatterAll(MemoryAccess access, Value[] values)
    {
        Value pointers = addresses.PointersOf(access);
        Value mask = B.Splat(context.Active ?? LaneBuilder.Int("i1", 1));
        for (int e = 0; e < values.Length; e++)
        {
            B.CallVoid(
                $"llvm.masked.scatter.{B.Mangle(access.Type, true)}.{B.Mangle("ptr", true)}",
                B.Arg(B.Splat(values[e])),
                B.Arg(addresses.ElementPointers(pointers, e * access.ElementBytes)),
                $"i32 {access.ElementBytes}",
                B.Arg(mask)
            );
        }
    }

    private void EitherStore(MemoryAccess access, Value condition, Value[] values, Action quick)
    {
        if (checks.IsCheckedAhead)
        {
            quick();
            return;
        }
        string fast = B.NewLabel("fast");
        string slow = B.NewLabel("slow");
        string join = B.NewLabel("join");
        checks.BranchWhenFine(condition, access, AccessKind.Store, fast, slow);
        B.Label(fast);
        quick();
        B.Branch(join);
        B.Label(slow);
        calls.StoreByLanes(access, values);
        B.Branch(join);
        B.Label(join);
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
}
