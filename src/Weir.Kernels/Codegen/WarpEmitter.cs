using Weir.Kernels.Analysis;

namespace Weir.Kernels.Codegen;

/// <summary>
/// Emits the function that runs one warp (one vector of threads) of a kernel, in two copies. The full copy has no
/// masks: it runs while all lanes are active. Where lanes part, control goes to the masked copy, which always runs the
/// first piece in order that has lanes pending, and goes back to the full copy where all lanes meet again.
/// </summary>
internal sealed class WarpEmitter(KernelContext context, WarpRecord? record, bool full, bool countBarriers)
{
    /// <summary>Returned when all lanes of the warp wait at barriers that are not complete.</summary>
    public const uint StillWaiting = 0x100;

    /// <summary>Parameters of every warp function, spelled.</summary>
    public const string Parameters =
        "ptr noalias align 8 dereferenceable(128) %launch, ptr noalias align 8 dereferenceable(128) %thread, i64 %block, i32 %cx, i32 %cy, i32 %cz, i32 %tx, i32 %ty, i32 %tz, "
        + "i32 %count, i32 %linear, ptr %local, ptr %record, ptr %fixed";

    private LaneBuilder B => context.B;

    private int Lanes => context.Model.Lanes;

    /// <summary>Emits the whole function.</summary>
    public string Emit(string name)
    {
        WarpBlocks blocks = new(context, full);
        blocks.FindPending();
        PieceEmitter pieces = new(context);
        BarrierSuspension? suspension = record is null
            ? null
            : new BarrierSuspension(context, blocks, record, countBarriers);
        suspension?.EmitEntry();
        EmitStart(blocks);
        if (full)
        {
            FullCopyEmitter copy = new(context, blocks, pieces, suspension);
            foreach (CodeNode node in context.Flow.Nodes)
            {
                copy.Emit(node);
            }
        }
        MaskedCopyEmitter masked = new(context, blocks, pieces, suspension);
        foreach (CodeNode node in context.Flow.Nodes)
        {
            masked.Emit(node);
        }
        B.Label("mend");
        if (suspension is null)
        {
            B.Line("ret i32 0");
        }
        suspension?.EmitEnd();
        string prologue = context.Model.Rows ? "" : LinearPrologue();
        return $"define internal i32 @{name}({Parameters}) #0 {{\nentry:\n{prologue}{context.Text}}}\n";
    }

    private void EmitStart(WarpBlocks blocks)
    {
        CodeNode first = context.Flow.Nodes[0];
        Value count = new("%count", "i32", false);
        if (full)
        {
            string part = B.NewLabel("part");
            B.Branch(B.Compare("eq", count, Lanes), WarpBlocks.Full(first), part, likely: true);
            B.Label(part);
        }
        B.Store(B.Compare("ult", B.Ramp("i32", 1), count), blocks.Pending(first));
        B.Branch(blocks.Check(0));
    }

    /// <summary>Thread indices of lanes that are neighbours in the linear numbering; exact for blocks of up to 1,024.</summary>
    private string LinearPrologue()
    {
        string i = B.VectorOf("i32");
        string f = B.VectorOf("float");
        string Splat(string name, string scalar) =>
            $"  %{name}i = insertelement {i} poison, i32 {scalar}, i64 0\n"
            + $"  %{name} = shufflevector {i} %{name}i, {i} poison, <{Lanes} x i32> zeroinitializer\n";
        return $"""
              %lbxp = getelementptr i8, ptr %launch, i64 12
              %lbx = load i32, ptr %lbxp, !invariant.load !0
              %lbyp = getelementptr i8, ptr %launch, i64 16
              %lby = load i32, ptr %lbyp, !invariant.load !0
            {Splat("lv", "%linear")}{Splat("bxv", "%lbx")}{Splat("byv", "%lby")}  %lall = add {i} %lv, {B.Ramp(
                "i32",
                1
            ).Text}
              %lfi = uitofp {i} %lall to {f}
              %lf = fadd {f} %lfi, splat (float 5.000000e-01)
              %bxf = uitofp {i} %bxv to {f}
              %rowf = fdiv {f} %lf, %bxf
              %row = fptoui {f} %rowf to {i}
              %rowx = mul {i} %row, %bxv
              %tidx = sub {i} %lall, %rowx
              %rfi = uitofp {i} %row to {f}
              %rf = fadd {f} %rfi, splat (float 5.000000e-01)
              %byf = uitofp {i} %byv to {f}
              %layf = fdiv {f} %rf, %byf
              %tidz = fptoui {f} %layf to {i}
              %layy = mul {i} %tidz, %byv
              %tidy = sub {i} %row, %layy

            """;
    }
}
