using Weir.Kernels.Analysis;
using Weir.Kernels.Ir;

namespace Weir.Kernels.Codegen;

/// <summary>
/// A branch that compares the thread's place with something that is the same in the warp (<c>tid &lt; n</c>): the first and
/// the last lane decide whether all of a full warp go one way, without a vector.
/// </summary>
/// <param name="AllTaken">Scalar: all lanes take the branch; null when they never do.</param>
/// <param name="NoneTaken">Scalar: none does; null when there is always one that does.</param>
/// <param name="AllStays">Scalar: when all lanes take it, so do those of all warps further on in x; null when that is not known.</param>
/// <param name="NoneStays">The same for taking it not.</param>
internal sealed record PlaceDecision(Value? AllTaken, Value? NoneTaken, Value? AllStays, Value? NoneStays)
{
    /// <summary>Finds the decision of a guard; null when it is not of this kind.</summary>
    public static PlaceDecision? Of(KernelContext context, IrOperand guard)
    {
        if (
            !guard.IsRegister
            || context.Stable.Definition(guard.Index)
                is not { Op: IrOp.SetP, Dests.Count: 1, Combine: IrCombine.None } compare
            || !ShapeRules.IsAffineType(compare.Type)
        )
        {
            return null;
        }
        (IrOperand place, IrOperand limit, IrCompare kind) = (compare.Sources[0], compare.Sources[1], compare.Compare);
        if (!context.ShapeOf(place).IsAffine)
        {
            (place, limit, kind) = (limit, place, Swapped(kind));
        }
        Shape shape = context.ShapeOf(place);
        if (
            !shape.IsAffine
            || shape.Breaks
            || shape.Stride <= 0
            || shape.RangeLog2 > 31
            || !context.ShapeOf(limit).IsUniform
            || (kind is IrCompare.Eq or IrCompare.Ne && shape.Stride != 1)
        )
        {
            return null;
        }
        return Decide(context, compare.Type, place, limit, guard.Negated ? Inverse(kind) : kind);
    }

    private static PlaceDecision? Decide(
        KernelContext context,
        IrType type,
        IrOperand place,
        IrOperand limit,
        IrCompare kind
    )
    {
        LaneBuilder b = context.B;
        string spelled = "i" + IrTypes.Bits(type);
        AffineValue lanes = context.ReadAffine(place, spelled);
        Value first = lanes.Base;
        long reach = lanes.Stride * (context.Model.Lanes - 1);
        Value last = b.Binary("add", first, reach);
        Value bound = context.Read(limit, spelled);
        string sign = IrTypes.IsSigned(type) ? "s" : "u";
        Value? grows = IsThreadX(context, place) ? LaneBuilder.Int("i1", 1) : null;
        switch (kind)
        {
            case IrCompare.Gt or IrCompare.Ge:
                string above = sign + (kind == IrCompare.Gt ? "gt" : "ge");
                return new(b.Compare(above, first, bound), b.Not(b.Compare(above, last, bound)), grows, null);
            case IrCompare.Lt or IrCompare.Le:
                string below = sign + (kind == IrCompare.Lt ? "lt" : "le");
                return new(b.Compare(below, last, bound), b.Not(b.Compare(below, first, bound)), null, grows);
            case IrCompare.Eq or IrCompare.Ne:
                Value outside = b.Compare("ugt", b.Binary("sub", bound, first), reach);
                Value? beyond = grows is null ? null : b.Compare("ugt", first, bound);
                return kind == IrCompare.Ne ? new(outside, null, beyond, null) : new(null, outside, null, beyond);
            default:
                return null;
        }
    }

    private static bool IsThreadX(KernelContext context, IrOperand operand)
    {
        while (operand.IsRegister && context.Stable.Definition(operand.Index) is { Op: IrOp.Mov } move)
        {
            operand = move.Sources[0];
        }
        return context.Model.Rows
            && operand.Kind == IrOperandKind.Special
            && (IrSpecial)operand.Index == IrSpecial.TidX;
    }

    private static IrCompare Swapped(IrCompare kind) =>
        kind switch
        {
            IrCompare.Lt => IrCompare.Gt,
            IrCompare.Le => IrCompare.Ge,
            IrCompare.Gt => IrCompare.Lt,
            IrCompare.Ge => IrCompare.Le,
            _ => kind,
        };

    private static IrCompare Inverse(IrCompare kind) =>
        kind switch
        {
            IrCompare.Lt => IrCompare.Ge,
            IrCompare.Le => IrCompare.Gt,
            IrCompare.Gt => IrCompare.Le,
            IrCompare.Ge => IrCompare.Lt,
            IrCompare.Eq => IrCompare.Ne,
            IrCompare.Ne => IrCompare.Eq,
            _ => kind,
        };
}
