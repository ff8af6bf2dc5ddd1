using Weir.Kernels.Ir;

namespace Weir.Kernels.Codegen;

/// <summary>Loads: uniform ones once, contiguous ones as vectors, the rest as gathers.</summary>
internal sealed class LoadEmitter(
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

    /// <summary>Emits ld.</summary>
    public void Load()
    {
        IrInstruction i = context.Instruction;
        string type = MemoryEmitter.ElementType(i.Type);
        int count = i.Dests.Count;
        if (i.Flag)
        {
            addresses.CompilerFence();
        }
        if (i.Space == IrSpace.Param && !i.Address.IsRegister)
        {
            LoadParameter(type, count);
            return;
        }
        MemoryAccess access = addresses.Resolve(type, count);
        Value[] values = access.Form switch
        {
            _ when ByLanes && checks.IsCheckedAhead => LoadSlowly(access),
            _ when context.IsWatched && !context.Runs!.CanLook(access) => LoadSlowly(access),
            AccessForm.Uniform => LoadUniform(access),
            AccessForm.Contiguous => LoadContiguous(access),
            AccessForm.LocalRow => rows.Load(access),
            _ => LoadScattered(access),
        };
        for (int e = 0; e < count; e++)
        {
            context.Write(values[e], IrTypes.IsSigned(i.Type), e);
        }
        if (i.Flag)
        {
            addresses.CompilerFence();
        }
    }

    /// <summary>
    /// Writes "quick when the condition holds, else lane by lane", and joins the results.
    /// </summary>
    private Value[] Either(MemoryAccess access, Value condition, Func<Value[]> quick, bool scalar)
    {
        if (checks.IsCheckedAhead)
        {
            return quick();
        }
        string fast = B.NewLabel("fast");
        string slow = B.NewLabel("slow");
        string join = B.NewLabel("join");
        checks.BranchWhenFine(condition, access, AccessKind.Load, fast, slow);
        B.Label(fast);
        Value[] quickly = quick();
        string fastEnd = B.CurrentLabel;
        B.Branch(join);
        B.Label(slow);
        Value[] slowly = calls.LoadByLanes(access);
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
    private Value[] LoadSlowly(MemoryAccess access)
    {
        Value[] values = calls.LoadByLanes(access);
        if (access.Form != AccessForm.Uniform || context.Instruction.Space == IrSpace.Generic)
        {
            return values;
        }
        Value first = context.FirstActiveLane();
        return Array.ConvertAll(values, value => B.Lane(value, first));
    }

    private Value[] LoadUniform(MemoryAccess access)
    {
        IrSpace space = context.Instruction.Space;
        if (space == IrSpace.Param)
        {
            Value[] lanes = calls.LoadByLanes(access);
            Value first = context.FirstActiveLane();
            return Array.ConvertAll(lanes, value => B.Lane(value, first));
        }
        bool scalar = space != IrSpace.Generic;
        return Either(
            access,
            checks.InRange(AccessChecks.CheckedSpace(space), access.Start, access.LaneBytes, 1),
            () =>
            {
                string pointer = addresses.Pointer(space, access.Start);
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

    private Value[] LoadContiguous(MemoryAccess access) =>
        Either(
            access,
            checks.QuickContiguous(access),
            () =>
            {
                string pointer = addresses.Pointer(context.Instruction.Space, access.Start);
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
                    IEnumerable<string> picks = Enumerable
                        .Range(0, Lanes)
                        .Select(lane => $"i32 {lane * access.Count + from}");
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
    private Value[] GatherAll(MemoryAccess access)
    {
        Value pointers = addresses.PointersOf(access);
        Value[] values = new Value[access.Count];
        for (int e = 0; e < values.Length; e++)
        {
            values[e] = Gather(access, addresses.ElementPointers(pointers, e * access.ElementBytes));
        }
        return values;
    }

    private Value[] LoadScattered(MemoryAccess access)
    {
        IrSpace space = context.Instruction.Space;
        if (space is IrSpace.Local or IrSpace.Param)
        {
            return calls.LoadByLanes(access);
        }
        Value fits = checks.LanesFit(access);
        return Either(access, fits, () => GatherAll(access), scalar: false);
    }

    private Value Gather(MemoryAccess access, Value pointers)
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
}
