using Weir.Kernels.Abi;
using Weir.Kernels.Analysis;

namespace Weir.Kernels.Codegen;

/// <summary>Emits what a piece does before its deciding operation.</summary>
internal sealed class PieceEmitter(KernelContext context)
{
    private LaneBuilder B => context.B;

    /// <summary>Emits single operations.</summary>
    public InstructionEmitter Instructions { get; } = new(context);

    /// <summary>Emits the operations of a piece; a latch looks whether the launch is to stop.</summary>
    public void EmitBody(CodeNode node)
    {
        if (node.IsLatch)
        {
            PollCancel();
        }
        for (int i = 0; i < node.BodyCount; i++)
        {
            Instructions.Emit(node.Instructions[i]);
        }
        if (context.Variant == CodeVariant.Profiled)
        {
            new CountEmitter(context).Count(node);
        }
    }

    private void PollCancel()
    {
        string cancel = context.LaunchField(72, "ptr").Text;
        Value asked = B.Assign($"load atomic i32, ptr {cancel} monotonic, align 4", "i32", false);
        string stop = B.NewLabel("stop");
        string on = B.NewLabel("on");
        B.Branch(B.Compare("eq", asked, 0), on, stop, likely: true);
        B.Label(stop);
        B.Line($"ret i32 {(uint)KernelFault.Cancelled}");
        B.Label(on);
    }
}
