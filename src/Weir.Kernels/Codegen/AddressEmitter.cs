using Weir.Kernels.Analysis;
using Weir.Kernels.Ir;

namespace Weir.Kernels.Codegen;

/// <summary>Addresses of loads and stores.</summary>
internal sealed class AddressEmitter(KernelContext context, AccessChecks checks)
{
    private LaneBuilder B => context.B;

    private int Lanes => context.Model.Lanes;

    /// <summary>Finds how the addresses of the operation lie.</summary>
    public MemoryAccess Resolve(string type, int count)
    {
        IrInstruction i = context.Instruction;
        Shape shape = context.ShapeOf(i.Address);
        string addressType = checks.AddressType(i);
        int laneBytes = new Value("", type, false).Bits / 8 * count;
        if (shape.IsVarying)
        {
            return new MemoryAccess(
                AccessForm.Scattered,
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
            return new MemoryAccess(local ? AccessForm.LocalRow : AccessForm.Uniform, wide, null, Spread, type, count);
        }
        bool contiguous = address.Stride == laneBytes && !local;
        return new MemoryAccess(
            contiguous ? AccessForm.Contiguous : AccessForm.Scattered,
            wide,
            address.BreakLane,
            Spread,
            type,
            count
        );
    }

    /// <summary>Host address of a scalar address.</summary>
    public string Pointer(IrSpace space, Value address) =>
        space == IrSpace.Shared
            ? B.Offset(context.ThreadField(0, "ptr").Text, address)
            : B.Cast("inttoptr", address, "ptr").Text;

    /// <summary>Host addresses of all lanes.</summary>
    public Value PointersOf(MemoryAccess access)
    {
        Value addresses = B.Splat(access.Addresses());
        return context.Instruction.Space == IrSpace.Shared
            ? B.Assign($"getelementptr i8, ptr {context.ThreadField(0, "ptr").Text}, {B.Arg(addresses)}", "ptr", true)
            : B.Cast("inttoptr", B.Resize(addresses, "i64", signed: false), "ptr");
    }

    /// <summary>Addresses moved by bytes.</summary>
    public Value ElementPointers(Value pointers, int bytes) =>
        bytes == 0 ? pointers : B.Assign($"getelementptr i8, {B.Arg(pointers)}, i64 {bytes}", "ptr", true);

    /// <summary>Keeps LLVM from moving accesses across; no instruction.</summary>
    public void CompilerFence() => B.Line("fence syncscope(\"singlethread\") seq_cst");
}
