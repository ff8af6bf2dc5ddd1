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
        WarpBlocks blocks = new(context, full, context.Flow.Nodes);
        blocks.FindPending();
        PieceEmitter pieces = new(context);
        WarpEnds ends = new(context);
        if (record is not null)
        {
            BarrierSuspension suspension = new(context, blocks, record, countBarriers);
            suspension.EmitEntry();
            ends = suspension;
        }
        EmitStart(blocks);
        if (full)
        {
            FullCopyEmitter copy = new(context, blocks, pieces, ends);
            foreach (CodeNode node in context.Flow.Nodes)
            {
                copy.Emit(node);
            }
        }
        MaskedCopyEmitter masked = new(context, blocks, pieces, ends);
        foreach (CodeNode node in context.Flow.Nodes)
        {
            masked.Emit(node);
        }
        B.Label(blocks.End);
        ends.EmitEnd();
        string prologue = context.Model.Rows ? "" : LinearPrologue(context);
        return $"define internal i32 @{name}({Parameters}) #0 {{\nentry:\n{prologue}{context.Text}}}\n";
    }

    private void EmitStart(WarpBlocks blocks)
    {
        CodeNode first = context.Flow.Nodes[0];
        Value count = new("%count", "i32", false);
        if (full)
        {
            string part = B.NewLabel("part");
            B.Branch(B.Compare("eq", count, Lanes), blocks.Full(first), part, likely: true);
            B.Label(part);
        }
        B.Store(B.Compare("ult", B.Ramp("i32", 1), count), blocks.Pending(first));
        B.Branch(blocks.Check(0));
    }

    /// <summary>Thread indices of lanes that are neighbours in the linear numbering; exact for blocks of up to 1,024.</summary>
    public static string LinearPrologue(KernelContext context)
    {
        LaneBuilder builder = context.B;
        int lanes = context.Model.Lanes;
        string p = context.WarpPrefix;
        string i = builder.VectorOf("i32");
        string f = builder.VectorOf("float");
        string Splat(string name, string scalar) =>
            $"  %{p}{name}i = insertelement {i} poison, i32 {scalar}, i64 0\n"
            + $"  %{p}{name} = shufflevector {i} %{p}{name}i, {i} poison, <{lanes} x i32> zeroinitializer\n";
        return $"""
              %{p}lbxp = getelementptr i8, ptr %launch, i64 12
              %{p}lbx = load i32, ptr %{p}lbxp, !invariant.load !0
              %{p}lbyp = getelementptr i8, ptr %launch, i64 16
              %{p}lby = load i32, ptr %{p}lbyp, !invariant.load !0
            {Splat("lv", $"%{p}linear")}{Splat("bxv", $"%{p}lbx")}{Splat("byv", $"%{p}lby")}  %{p}lall = add {i} %{p}lv, {builder.Ramp(
                "i32",
                1
            ).Text}
              %{p}lfi = uitofp {i} %{p}lall to {f}
              %{p}lf = fadd {f} %{p}lfi, splat (float 5.000000e-01)
              %{p}bxf = uitofp {i} %{p}bxv to {f}
              %{p}rowf = fdiv {f} %{p}lf, %{p}bxf
              %{p}row = fptoui {f} %{p}rowf to {i}
              %{p}rowx = mul {i} %{p}row, %{p}bxv
              %{p}tidx = sub {i} %{p}lall, %{p}rowx
              %{p}rfi = uitofp {i} %{p}row to {f}
              %{p}rf = fadd {f} %{p}rfi, splat (float 5.000000e-01)
              %{p}byf = uitofp {i} %{p}byv to {f}
              %{p}layf = fdiv {f} %{p}rf, %{p}byf
              %{p}tidz = fptoui {f} %{p}layf to {i}
              %{p}layy = mul {i} %{p}tidz, %{p}byv
              %{p}tidy = sub {i} %{p}row, %{p}layy

            """;
    }
}
