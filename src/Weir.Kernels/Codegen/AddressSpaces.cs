using Weir.Kernels.Abi;
using Weir.Kernels.Ir;

namespace Weir.Kernels.Codegen;

/// <summary>Generic addresses: global and const ones are themselves; the other spaces are windows.</summary>
internal static class AddressSpaces
{
    /// <summary>Generic address of byte 0 of a space.</summary>
    public static Value Base(KernelContext context, IrSpace space) =>
        space switch
        {
            IrSpace.Shared => context.Head($"ptrtoint ptr {context.ThreadField(0, "ptr").Text} to i64", "i64"),
            IrSpace.Local => LaneBuilder.Int("i64", (long)KernelAbi.LocalWindow),
            IrSpace.Global or IrSpace.Const => LaneBuilder.Int("i64", 0),
            _ => throw context.Unsupported("a generic address of a parameter"),
        };

    /// <summary>isspacep.</summary>
    public static Value IsIn(KernelContext context, IrSpace space, Value address)
    {
        LaneBuilder b = context.B;
        switch (space)
        {
            case IrSpace.Shared:
                return b.Compare("ult", b.Binary("sub", address, Base(context, space)), context.ThreadField(8, "i64"));
            case IrSpace.Local:
                return b.Compare("ult", b.Binary("sub", address, Base(context, space)), 1L << 24);
            case IrSpace.Global:
                Value shared = IsIn(context, IrSpace.Shared, address);
                Value local = IsIn(context, IrSpace.Local, address);
                return b.Not(b.Binary("or", shared, local));
            default:
                throw context.Unsupported($"space {space.ToString().ToLowerInvariant()}");
        }
    }
}
