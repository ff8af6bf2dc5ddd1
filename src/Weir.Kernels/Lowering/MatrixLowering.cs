using Weir.Kernels.Ir;
using Weir.Kernels.Ptx;

namespace Weir.Kernels.Lowering;

/// <summary>ldmatrix, in terms of shuffles and loads, and mma.</summary>
internal sealed class MatrixLowering(IrBuilder builder, OperandLowering operands, PtxInstruction instruction)
{
    /// <summary>
    /// Emits ldmatrix: lanes 8m to 8m + 7 hold the addresses of the rows of matrix m; lane 4r + c receives elements 2c and 2c + 1 of row r, or
    /// of column r when it is transposed.
    /// </summary>
    public void Load(IrInstruction form)
    {
        var parts = instruction.Operands;
        if (parts.Count != 2)
        {
            throw Wrong("registers and an address are expected");
        }

        var results = Vector(parts[0]);
        if (!instruction.Modifiers.Contains($"x{results.Count}"))
        {
            throw Wrong($"{results.Count} registers do not fit the number of matrices");
        }

        if (!form.Guard.IsNone)
        {
            throw new PtxException("ldmatrix under a guard is not supported", instruction.Line, unsupported: true);
        }

        var rows = Rows(form.Space, parts[1]);
        var lane = Temporary();
        builder.Move(IrType.U32, lane, IrOperand.Special(IrSpecial.LaneId), instruction.Line);
        var (high, low) = (Binary(IrOp.Shr, lane, 2), Binary(IrOp.And, lane, 3));
        for (var m = 0; m < results.Count; m++)
        {
            var result = operands.Dest(results[m], IrType.B32, false);
            if (!form.Flag)
            {
                Read(rows, Binary(IrOp.Add, high, 8 * m), Binary(IrOp.Shl, low, 2), IrType.B32, result);
                continue;
            }

            var (first, second) = (builder.Temporary(IrType.B16), builder.Temporary(IrType.B16));
            var (row, column) = (Binary(IrOp.Shl, low, 1), Binary(IrOp.Shl, high, 1));
            Read(rows, Binary(IrOp.Add, row, 8 * m), column, IrType.B16, first);
            Read(rows, Binary(IrOp.Add, row, 8 * m + 1), column, IrType.B16, second);
            builder.Emit(
                new IrInstruction
                {
                    Op = IrOp.Pack,
                    Type = IrType.B16,
                    DestType = IrType.B32,
                    Dests = [result],
                    Sources = [first, second],
                    Line = instruction.Line,
                }
            );
        }
    }

    /// <summary>Completes an mma whose types are known.</summary>
    public IrInstruction Multiply(IrInstruction form)
    {
        var parts = instruction.Operands;
        if (parts.Count != 4)
        {
            throw Wrong("four vectors of registers are expected");
        }

        var each = 32 / IrTypes.Bits(form.Type);
        var sums = form.DestType == IrType.F16 ? 2 : 4;
        var sum = form.DestType == IrType.F16 ? IrType.B32 : form.DestType;
        return form with
        {
            Dests = [.. Counted(parts[0], sums).Select(o => operands.Dest(o, sum, false))],
            Sources =
            [
                .. Counted(parts[1], 16 * form.Depth / 32 / each).Select(o => operands.Source(o, IrType.B32, false)),
                .. Counted(parts[2], 8 * form.Depth / 32 / each).Select(o => operands.Source(o, IrType.B32, false)),
                .. Counted(parts[3], sums).Select(o => operands.Source(o, sum, false)),
            ],
        };
    }

    // The lane's row as an offset in shared memory, in 32 bits: what a shuffle can carry.
    private IrOperand Rows(IrSpace space, PtxOperand address)
    {
        var (start, offset, _) = operands.Address(address, space);
        var wide = builder.Temporary(IrType.U64);
        if (start.IsRegister && builder.Registers[start.Index].Bits == 32)
        {
            return offset == 0 ? start : Binary(IrOp.Add, start, (int)offset);
        }

        builder.Emit(
            new IrInstruction
            {
                Op = space == IrSpace.Shared ? IrOp.Mov : IrOp.Cvta,
                Type = IrType.U64,
                Space = space == IrSpace.Shared ? default : IrSpace.Shared,
                Flag = space != IrSpace.Shared,
                Dests = [wide],
                Sources = [start],
                Line = instruction.Line,
            }
        );
        var narrow = Temporary();
        builder.Emit(
            new IrInstruction
            {
                Op = IrOp.Cvt,
                Type = IrType.U64,
                DestType = IrType.U32,
                Dests = [narrow],
                Sources = [wide],
                Line = instruction.Line,
            }
        );
        return offset == 0 ? narrow : Binary(IrOp.Add, narrow, (int)offset);
    }

    private void Read(IrOperand rows, IrOperand from, IrOperand offset, IrType type, IrOperand result)
    {
        const ulong wholeWarp = 31;
        var row = Temporary();
        builder.Emit(
            new IrInstruction
            {
                Op = IrOp.Shfl,
                Type = IrType.B32,
                Shuffle = IrShuffle.Idx,
                Dests = [row],
                Sources = [rows, from, IrOperand.Immediate(wholeWarp), IrOperand.Immediate(uint.MaxValue)],
                Line = instruction.Line,
            }
        );
        builder.Emit(
            new IrInstruction
            {
                Op = IrOp.Ld,
                Type = type,
                Space = IrSpace.Shared,
                Address = Binary(IrOp.Add, row, offset),
                Dests = [result],
                Line = instruction.Line,
            }
        );
    }

    private IrOperand Temporary() => builder.Temporary(IrType.U32);

    private IrOperand Binary(IrOp op, IrOperand a, int b) => Binary(op, a, IrOperand.Immediate((uint)b));

    private IrOperand Binary(IrOp op, IrOperand a, IrOperand b)
    {
        var result = Temporary();
        builder.Emit(
            new IrInstruction
            {
                Op = op,
                Type = op is IrOp.And or IrOp.Shl ? IrType.B32 : IrType.U32,
                Dests = [result],
                Sources = [a, b],
                Line = instruction.Line,
            }
        );
        return result;
    }

    private IReadOnlyList<PtxOperand> Counted(PtxOperand operand, int count)
    {
        var items = Vector(operand);
        return items.Count == count ? items : throw Wrong($"{items.Count} registers, where {count} are needed");
    }

    private static IReadOnlyList<PtxOperand> Vector(PtxOperand operand) =>
        operand.Kind == PtxOperandKind.Vector ? operand.Items : [operand];

    private PtxException Wrong(string reason) => new(reason, instruction.Line);
}
