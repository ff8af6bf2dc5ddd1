using Weir.Kernels.Ir;

namespace Weir.Kernels.Codegen;

/// <summary>
/// atom and red: real atomic instructions, lane after lane, so that lanes with the same address all count and blocks on
/// other processors see whole operations.
/// </summary>
internal sealed class AtomicEmitter(KernelContext context, MemoryEmitter memory)
{
    private LaneBuilder B => context.B;

    private IrInstruction I => context.Instruction;

    /// <summary>Emits the operation.</summary>
    public void Emit()
    {
        string type = MemoryEmitter.ElementType(I.Type);
        int bytes = IrTypes.Bits(I.Type) / 8;
        Value operand = B.Splat(context.Source(0, type));
        string data = context.LaneData;
        B.Store(operand, data, $", align {bytes}");
        if (I.Atomic == IrAtomic.Cas)
        {
            B.Store(B.Splat(context.Source(1, type)), B.Offset(data, bytes * context.Model.Lanes), $", align {bytes}");
        }
        string function = context.Helpers.Atomic(I.Space, type, Operation());
        memory.CallLanes(function, context.ActiveBits, data);
        if (I.Op == IrOp.Atom)
        {
            context.Write(B.Load(type, true, data, $", align {bytes}"));
        }
    }

    private string Operation()
    {
        bool signed = IrTypes.IsSigned(I.Type);
        return I.Atomic switch
        {
            IrAtomic.Add when IrTypes.IsHalf(I.Type) => I.Type.ToString().ToLowerInvariant(),
            IrAtomic.Add => IrTypes.IsFloat(I.Type) ? "fadd" : "add",
            IrAtomic.Min => signed ? "min" : "umin",
            IrAtomic.Max => signed ? "max" : "umax",
            IrAtomic.Inc => "uinc_wrap",
            IrAtomic.Dec => "udec_wrap",
            IrAtomic.And => "and",
            IrAtomic.Or => "or",
            IrAtomic.Xor => "xor",
            IrAtomic.Exch => "xchg",
            IrAtomic.Cas => "cas",
            _ => throw context.Unsupported("the operation"),
        };
    }
}
