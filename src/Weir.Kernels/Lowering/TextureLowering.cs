using Weir.Kernels.Ir;
using Weir.Kernels.Ptx;

namespace Weir.Kernels.Lowering;

/// <summary>tex with a texture object: <c>tex.2d.v4.f32.f32 {r, g, b, a}, [object, {x, y}]</c>.</summary>
internal sealed class TextureLowering(OperandLowering operands, PtxInstruction instruction)
{
    /// <summary>Completes an instruction whose geometry and types are known.</summary>
    public IrInstruction Lower(IrInstruction result)
    {
        if (instruction.Operands.Count != 2)
        {
            throw Unsupported("offsets and depth comparison of textures are not supported");
        }

        var (to, from) = (instruction.Operands[0], instruction.Operands[1]);
        if (to.Kind != PtxOperandKind.Vector || to.Items.Count != 4)
        {
            throw Wrong("the result must be a vector of four registers");
        }

        if (from.Kind != PtxOperandKind.Memory || from.Items.Count < 2 || from.Bits != 0)
        {
            throw Wrong("a texture and coordinates in brackets are expected");
        }

        if (from.Items.Count != 2)
        {
            throw Unsupported("separate samplers are not supported");
        }

        // PTX pads three components to four; the fourth says nothing.
        var (needed, written) = result.Geometry switch
        {
            IrGeometry.D1 => (1, 1),
            IrGeometry.D2 or IrGeometry.A1 => (2, 2),
            _ => (3, 4),
        };
        var point = from.Items[1];
        IReadOnlyList<PtxOperand> coordinates = point.Kind == PtxOperandKind.Vector ? point.Items : [point];
        if (coordinates.Count != written)
        {
            throw Wrong($"{coordinates.Count} coordinates, where {written} are needed");
        }

        var array = result.Geometry is IrGeometry.A1 or IrGeometry.A2;
        var sources = new List<IrOperand> { operands.Source(from.Items[0], IrType.U64, false) };
        for (var i = 0; i < needed; i++)
        {
            sources.Add(operands.Source(coordinates[i], array && i == 0 ? IrType.U32 : result.Type, false));
        }

        return result with
        {
            Dests = [.. to.Items.Select(o => operands.Dest(o, result.DestType, false))],
            Sources = sources,
        };
    }

    private PtxException Unsupported(string reason) => new(reason, instruction.Line, unsupported: true);

    private PtxException Wrong(string reason) => new(reason, instruction.Line);
}
