using Weir.Kernels.Analysis;

namespace Weir.Kernels.Codegen;

/// <summary>
/// Emits the function that runs a block of a kernel whose threads reach every barrier together: for each region between
/// barriers a loop over the warps. Within a region a warp runs as everywhere: full copy, masked copy.
/// </summary>
internal sealed class BlockEmitter(
    KernelContext context,
    BlockRegions regions,
    BlockRecord record,
    StableValues addresses,
    bool full
)
{
    /// <summary>Parameters of every block function, spelled.</summary>
    public const string Parameters =
        "ptr noalias align 8 dereferenceable(128) %launch, ptr noalias align 8 dereferenceable(128) %thread, i64 %block, i32 %cx, i32 %cy, i32 %cz, ptr %scratch";

    private LaneBuilder B => context.B;

    private int Lanes => context.Model.Lanes;

    /// <summary>Emits the whole function.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="localBytes">Local memory of a warp, behind its record.</param>
    public string Emit(string name, int localBytes)
    {
        string exit = B.Alloca("i32");
        WarpLoop loop = new(context, record.Bytes, localBytes);
        for (int n = 0; n < regions.Regions.Length; n++)
        {
            EmitRegion(n, loop, exit);
        }
        B.Label("leave");
        B.Line("ret i32 0");
        return $"define internal i32 @{name}({Parameters}) #0 {{\nentry:\n{context.Text}}}\n";
    }

    private static string Label(int region) => $"r{region}";

    private void EmitRegion(int number, WarpLoop loop, string exit)
    {
        CodeRegion region = regions.Regions[number];
        context.WarpPrefix = Label(number);
        if (number == 0)
        {
            B.Branch(Label(0));
        }
        B.Label(Label(number));
        if (context.Variant == Abi.CodeVariant.Checked)
        {
            // Between two regions all threads have met.
            B.Line(DriverText.EpochText(Label(number)).Trim());
        }
        B.Store(LaneBuilder.Int("i32", -1), exit);
        record.EnterRegion(region);
        loop.Begin();
        RegionEnds ends = new(context, region, record, exit, regions.ThinsOut);
        EmitWarp(region, ends);
        loop.End(ends.Next, ends.Done);
        EmitSuccessors(region, exit);
    }

    /// <summary>One warp's way through a region.</summary>
    private void EmitWarp(CodeRegion region, RegionEnds ends)
    {
        WarpBlocks blocks = new(context, full, region.Nodes);
        blocks.FindPending();
        PieceEmitter pieces = new(context);
        context.Node = region.Start;
        context.Mask = null;
        ForgetOthers(region, ends, blocks);
        record.Restore(region, pieces.Instructions);
        if (full && region.Start.Position == 0)
        {
            new BlockPrefetch(context, region, addresses).Emit(pieces.Instructions);
        }
        Value lanes = Living(region, ends);
        if (full)
        {
            string part = B.NewLabel("part");
            B.Branch(B.All(lanes), blocks.Full(region.Start), part, likely: true);
            B.Label(part);
        }
        B.Store(lanes, blocks.Pending(region.Start));
        B.Branch(blocks.Check(region.Start.Position));
        if (full)
        {
            FullCopyEmitter copy = new(context, blocks, pieces, ends);
            foreach (CodeNode node in region.Nodes)
            {
                copy.Emit(node);
            }
        }
        MaskedCopyEmitter masked = new(context, blocks, pieces, ends);
        foreach (CodeNode node in region.Nodes)
        {
            masked.Emit(node);
        }
        B.Label(blocks.End);
        ends.EmitEnd();
    }

    /// <summary>What the warp before left in slots is of no use to this one; said so, LLVM does not carry it round the loop.</summary>
    private void ForgetOthers(CodeRegion region, RegionEnds ends, WarpBlocks blocks)
    {
        foreach (CodeNode node in region.Nodes)
        {
            B.Store(B.Splat(LaneBuilder.Int("i1", 0)), blocks.Pending(node));
        }
        HashSet<int> live = [.. record.LiveAt(region.Start)];
        foreach (int register in ends.Written)
        {
            if (!live.Contains(register))
            {
                context.Registers.Clear(register);
            }
        }
    }

    private Value Living(CodeRegion region, RegionEnds ends)
    {
        if (!regions.ThinsOut || region.Start.Position == 0)
        {
            return B.Compare("ult", B.Ramp("i32", 1), context.Warp("count"));
        }
        Value alive = B.Load("i32", false, context.WarpName("record"));
        string some = B.NewLabel("living");
        B.Branch(B.Compare("ne", alive, 0), some, ends.Next);
        B.Label(some);
        return B.FromBits(B.Resize(alive, $"i{Lanes}", false));
    }

    private void EmitSuccessors(CodeRegion region, string exit)
    {
        string prefix = context.WarpPrefix;
        bool one = region.Exits.Length == 1 && !region.Leaves;
        if (one)
        {
            Go(region.Exits[0]);
            return;
        }
        IEnumerable<string> cases = region.Exits.Select(k => $"i32 {k}, label %{prefix}to{k}");
        Value where = B.Load("i32", false, exit);
        B.Line($"switch i32 {where.Text}, label %leave [ {string.Join(" ", cases)} ]");
        foreach (int k in region.Exits)
        {
            B.Label($"{prefix}to{k}");
            Go(k);
        }
    }

    private void Go(int continuation)
    {
        record.LeaveRegion(regions.Regions[continuation + 1].Start);
        B.Branch(Label(continuation + 1));
    }
}
