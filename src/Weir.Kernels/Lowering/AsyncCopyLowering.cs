using Weir.Kernels.Ir;
using Weir.Kernels.Ptx;

namespace Weir.Kernels.Lowering;

/// <summary>
/// cp.async: <c>cp.async.cg.shared.global [to], [from], 16{, bytes}</c>. The copy is done at once, which a program that waits for it cannot
/// tell; bytes from the given number on become 0.
/// </summary>
internal sealed class AsyncCopyLowering(IrBuilder builder, OperandLowering operands, PtxInstruction instruction)
{
    private const int WordBytes = 4;

    /// <summary>Emits a load and a store.</summary>
    public void Lower(IrInstruction form)
    {
        var parts = instruction.Operands;
        if (
            parts.Count is not (3 or 4)
            || parts[2].Kind != PtxOperandKind.Integer
            || parts[2].Bits is not (4 or 8 or 16)
        )
        {
            throw Wrong("two addresses and 4, 8 or 16 bytes are expected");
        }

        var bytes = (int)parts[2].Bits;
        var (to, toOffset, _) = operands.Address(parts[0], IrSpace.Shared);
        var (from, fromOffset, _) = operands.Address(parts[1], IrSpace.Global);
        var load = new IrInstruction
        {
            Op = IrOp.Ld,
            Type = IrType.B32,
            Space = IrSpace.Global,
            Address = from,
            AddressOffset = fromOffset,
            Guard = form.Guard,
            Line = instruction.Line,
        };
        var store = load with { Op = IrOp.St, Space = IrSpace.Shared, Address = to, AddressOffset = toOffset };
        if (parts.Count == 3)
        {
            Copy(load, store, bytes / WordBytes);
            return;
        }

        if (parts[3].Kind == PtxOperandKind.Integer)
        {
            Some(load, store, bytes, IrOperand.Immediate(Math.Min(parts[3].Bits, (ulong)bytes)));
            return;
        }

        var some = operands.Source(parts[3], IrType.U32, false);
        if (builder.Registers[some.Index].Bits == 1)
        {
            throw new PtxException("a predicate that ignores the source is not supported", instruction.Line, true);
        }

        Some(load, store, bytes, some);
    }

    private void Copy(IrInstruction load, IrInstruction store, int words)
    {
        IrOperand[] values = [.. Enumerable.Range(0, words).Select(_ => builder.Temporary(IrType.B32))];
        builder.Emit(load with { Dests = values });
        builder.Emit(store with { Sources = values });
    }

    // All that is there at once when it is all; else byte by byte.
    private void Some(IrInstruction load, IrInstruction store, int bytes, IrOperand count)
    {
        var (after, slow) = (builder.NewLabel(), builder.NewLabel());
        if (!load.Guard.IsNone)
        {
            Branch(load.Guard with { Negated = !load.Guard.Negated }, after);
        }

        (load, store) = (load with { Guard = IrOperand.None }, store with { Guard = IrOperand.None });
        Branch(IsLess(count, bytes), slow);
        Copy(load, store, bytes / WordBytes);
        builder.Emit(Jump(after));
        builder.Place(slow);
        for (var i = 0; i < bytes; i++)
        {
            var value = builder.Temporary(IrType.U32);
            builder.Move(IrType.U32, value, IrOperand.Immediate(0), instruction.Line);
            builder.Emit(
                load with
                {
                    Type = IrType.U8,
                    AddressOffset = load.AddressOffset + i,
                    Dests = [value],
                    Guard = IsLess(count, i + 1) with { Negated = true },
                }
            );
            builder.Emit(store with { Type = IrType.U8, AddressOffset = store.AddressOffset + i, Sources = [value] });
        }

        builder.Place(after);
    }

    private IrOperand IsLess(IrOperand count, int than)
    {
        var predicate = builder.Temporary(IrType.Pred);
        builder.Emit(
            new IrInstruction
            {
                Op = IrOp.SetP,
                Type = IrType.U32,
                DestType = IrType.Pred,
                Compare = IrCompare.Lt,
                Dests = [predicate],
                Sources = [count, IrOperand.Immediate((ulong)than)],
                Line = instruction.Line,
            }
        );
        return predicate;
    }

    private void Branch(IrOperand predicate, int target) => builder.Emit(Jump(target) with { Guard = predicate });

    private IrInstruction Jump(int target) =>
        new()
        {
            Op = IrOp.Bra,
            Target = target,
            Line = instruction.Line,
        };

    private PtxException Wrong(string reason) => new(reason, instruction.Line);
}
