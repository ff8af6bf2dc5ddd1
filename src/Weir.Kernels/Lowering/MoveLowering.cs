using Weir.Kernels.Ir;
using Weir.Kernels.Ptx;

namespace Weir.Kernels.Lowering;

/// <summary>mov: plain, from special registers and addresses, and packing or unpacking of vectors.</summary>
internal sealed class MoveLowering(OperandLowering operands, PtxInstruction instruction)
{
    /// <summary>Completes an instruction whose type is known.</summary>
    public IrInstruction Lower(IrInstruction result)
    {
        if (instruction.Operands.Count != 2)
        {
            throw Wrong($"{instruction.Operands.Count} operands, where 2 are needed");
        }

        var (to, from) = (instruction.Operands[0], instruction.Operands[1]);
        if (to.Kind == PtxOperandKind.Vector)
        {
            var element = Element(result.Type, to.Items.Count);
            return result with
            {
                Op = IrOp.Unpack,
                DestType = element,
                Dests = [.. to.Items.Select(o => operands.Dest(o, element, false))],
                Sources = [operands.Source(from, result.Type, false)],
            };
        }

        var dest = operands.Dest(to, result.Type, false);
        if (from.Kind == PtxOperandKind.Vector)
        {
            var element = Element(result.Type, from.Items.Count);
            return result with
            {
                Op = IrOp.Pack,
                DestType = result.Type,
                Type = element,
                Dests = [dest],
                Sources = [.. from.Items.Select(o => operands.Source(o, element, false))],
            };
        }

        return result with
        {
            Dests = [dest],
            Sources = [operands.Source(from, result.Type, false, inMove: true)],
        };
    }

    private IrType Element(IrType whole, int count) =>
        (whole, count) switch
        {
            (IrType.B16, 2) => IrType.B8,
            (IrType.B32, 2) => IrType.B16,
            (IrType.B32, 4) => IrType.B8,
            (IrType.B64, 2) => IrType.B32,
            (IrType.B64, 4) => IrType.B16,
            _ => throw Wrong($"a vector of {count} elements does not make .{PtxTypes.Name(whole)}"),
        };

    private PtxException Wrong(string reason) => new(reason, instruction.Line);
}
