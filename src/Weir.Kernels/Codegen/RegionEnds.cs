using Weir.Kernels.Analysis;
using Weir.Kernels.Ir;

namespace Weir.Kernels.Codegen;

/// <summary>How the run of a warp through one region ends: it keeps its registers, and the next warp's turn comes.</summary>
/// <param name="context">The function.</param>
/// <param name="region">The region.</param>
/// <param name="record">Where registers stay.</param>
/// <param name="exit">Slot of the continuation at which the block goes on; -1 when all threads exited.</param>
/// <param name="thinsOut">Some threads may exit while others go on.</param>
internal sealed class RegionEnds(
    KernelContext context,
    CodeRegion region,
    BlockRecord record,
    string exit,
    bool thinsOut
) : WarpEnds(context)
{
    private readonly KernelContext _context = context;

    /// <summary>Registers that the region writes.</summary>
    public HashSet<int> Written { get; } =
    [
        .. region
            .Nodes.SelectMany(node => node.Instructions)
            .SelectMany(i => i.Dests)
            .Where(d => d.IsRegister)
            .Select(d => d.Index),
    ];

    /// <summary>Label of the end of the loop over warps.</summary>
    public string Next => _context.WarpPrefix + "next";

    /// <summary>Label behind the loop over warps.</summary>
    public string Done => _context.WarpPrefix + "done";

    /// <inheritdoc/>
    public override void Finish() => EmitEnd();

    /// <inheritdoc/>
    public override void EmitEnd()
    {
        if (thinsOut)
        {
            B.Store(LaneBuilder.Int("i32", 0), _context.WarpName("record"));
        }
        B.Branch(Next);
    }

    /// <inheritdoc/>
    public override void EndFull(CodeNode node, IrInstruction end)
    {
        // Only whole warps get here from elsewhere than the entry, and they stay whole.
        Wait(node, thinsOut && region.Start.Position == 0 ? LaneBuilder.Int("i32", -1) : null);
    }

    /// <inheritdoc/>
    public override void EndMasked(CodeNode node, IrInstruction end, Value mask, Value? guard) =>
        Wait(node, thinsOut ? B.Resize(B.Bits(mask), "i32", false) : null);

    /// <inheritdoc/>
    public override bool IsIdle(CodeNode from, CodeNode to)
    {
        if (
            from != region.Start
            || thinsOut
            || to.BodyCount > 0
            || to.Terminator is not { } end
            || !CodeNode.IsWaiting(end)
            || from.Instructions.Take(from.BodyCount).Any(i => i.Op != IrOp.SetP && !IsStable(i))
        )
        {
            return false;
        }
        HashSet<int> written =
        [
            .. from.Instructions.SelectMany(i => i.Dests).Where(d => d.IsRegister).Select(d => d.Index),
        ];
        return record.StaysAsItIs(region, to.Successors[0], written);
    }

    /// <inheritdoc/>
    public override void EndIdle(CodeNode to, Value? stays)
    {
        B.Store(LaneBuilder.Int("i32", to.Successors[0].Continuation), exit);
        if (stays is not { } others)
        {
            B.Branch(Next);
            return;
        }
        // In a block of several rows the next one starts over.
        Value rows = _context.Head(
            $"mul i32 {_context.LaunchField(16, "i32").Text}, {_context.LaunchField(20, "i32").Text}",
            "i32"
        );
        Value line = _context.Head($"icmp eq i32 {rows.Text}, 1", "i1");
        B.Branch(B.Binary("and", line, others), Done, Next);
    }

    private bool IsStable(IrInstruction i) =>
        i.Dests.Count == 1 && i.Dests[0].IsRegister && _context.Stable.Definition(i.Dests[0].Index) == i;

    private void Wait(CodeNode node, Value? alive)
    {
        CodeNode after = node.Successors[0];
        record.Save(region, after, Written);
        if (alive is { } lanes)
        {
            B.Store(lanes, _context.WarpName("record"));
        }
        B.Store(LaneBuilder.Int("i32", after.Continuation), exit);
        B.Branch(Next);
    }
}
