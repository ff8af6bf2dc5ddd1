using Weir.Kernels.Analysis;
using Weir.Kernels.Ir;

namespace Weir.Kernels.Codegen;

/// <summary>
/// Asks for what the same warp of a later block will load. Between its barriers a block waits for itself, so the processor sees
/// the next block's loads too late to overlap them. Only for loads of neighbouring addresses that follow from the thread's place and
/// parameters: these are computed once more for the later block. A prefetch from a bad address does nothing.
/// </summary>
internal sealed class BlockPrefetch
{
    /// <summary>Blocks ahead: measured on streams of 8 KiB per block, where one block is too late and four gain nothing.</summary>
    private const int BlocksAhead = 2;

    private const int LineBytes = 64;
    private const int MaxLoads = 16;

    private readonly KernelContext _context;
    private readonly StableValues _addresses;
    private readonly List<IrInstruction> _loads;

    public BlockPrefetch(KernelContext context, CodeRegion region, StableValues addresses)
    {
        _context = context;
        _addresses = addresses;
        _loads = [.. region.Nodes.SelectMany(node => node.Instructions).Where(IsStreamed).Take(MaxLoads)];
    }

    private LaneBuilder B => _context.B;

    /// <summary>Emits the requests of a warp.</summary>
    public void Emit(InstructionEmitter instructions)
    {
        if (_loads.Count == 0)
        {
            return;
        }
        using (_context.InLaterBlock(BlocksAhead))
        {
            foreach (IrInstruction step in _addresses.Recipe(_loads.Select(load => load.Address.Index).Distinct()))
            {
                instructions.Emit(step);
            }
            foreach (IrInstruction load in _loads)
            {
                Value start = B.Binary(
                    "add",
                    _context.Registers.LoadAffine(load.Address.Index).Base,
                    load.AddressOffset
                );
                long bytes = LaneBytes(load) * B.Lanes;
                for (long at = 0; at < bytes; at += LineBytes)
                {
                    B.CallVoid(
                        "llvm.prefetch.p0",
                        $"ptr {B.Cast("inttoptr", B.Binary("add", start, at), "ptr").Text}",
                        "i32 0",
                        "i32 3",
                        "i32 1"
                    );
                }
            }
        }
    }

    private bool IsStreamed(IrInstruction i) =>
        i is { Op: IrOp.Ld, Space: IrSpace.Global }
        && i.Address.IsRegister
        && _context.Function.Registers[i.Address.Index].Bits == 64
        && _context.ShapeOf(i.Address) is { IsAffine: true } shape
        && shape.Stride == LaneBytes(i)
        && _addresses.Definition(i.Address.Index) is not null
        && DependsOnBlock(i.Address.Index);

    private bool DependsOnBlock(int register) =>
        _addresses
            .Recipe([register])
            .SelectMany(step => step.Sources)
            .Any(source => source.Kind == IrOperandKind.Special && (IrSpecial)source.Index == IrSpecial.CtaIdX);

    private static long LaneBytes(IrInstruction load) =>
        new Value("", MemoryEmitter.ElementType(load.Type), false).Bits / 8 * load.Dests.Count;
}
