using Weir.Kernels.Ir;

namespace Weir.Kernels.Codegen;

/// <summary>Requests to the device, thread by thread: printing, memory, assertions.</summary>
internal sealed class SystemEmitter(KernelContext context)
{
    private const int ArgumentBytes = 8;

    private LaneBuilder B => context.B;

    private IrInstruction I => context.Instruction;

    /// <summary>Emits the operation.</summary>
    public void Emit()
    {
        string data = context.LaneData;
        for (int n = 0; n < I.Sources.Count; n++)
        {
            Value value = B.Resize(context.Source(n, TypeOf(I.Sources[n])), "i64", signed: false);
            B.Store(B.Splat(value), B.Offset(data, n * ArgumentBytes * context.Model.Lanes), ", align 8");
        }
        Value status = B.Assign(
            $"call i32 @{context.Helpers.System()}(ptr %launch, ptr %thread, i64 %block, {B.Arg(context.Warp("linear"))}, "
                + $"ptr {context.WarpName("local")}, i32 {I.Line}, {B.Arg(context.ActiveBits)}, i32 {(uint)I.Service}, ptr {data})",
            "i32",
            false
        );
        string failed = B.NewLabel("failed");
        string passed = B.NewLabel("passed");
        B.Branch(B.Compare("eq", status, 0), passed, failed, likely: true);
        B.Label(failed);
        B.Line($"ret i32 {status.Text}");
        B.Label(passed);
        if (I.Dests.Count > 0)
        {
            context.Write(B.Load("i64", true, data, ", align 8"));
        }
    }

    private string TypeOf(IrOperand operand) =>
        operand.IsRegister && context.Function.Registers[operand.Index].Bits == 32 ? "i32" : "i64";
}
