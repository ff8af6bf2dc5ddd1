using Weir.Kernels.Analysis;

namespace Weir.Kernels.Codegen;

/// <summary>
/// Where values stay while a block goes from one region to the next. What can be computed again is not kept; what is the same
/// in the whole block is kept once, in a pair of slots: what the region found, and what it leaves; the rest lies in a
/// record of each warp in scratch, with the mask of its living threads first where some may have exited.
/// </summary>
internal sealed class BlockRecord
{
    private readonly KernelContext _context;
    private readonly Dictionary<int, int> _places = [];
    private readonly Dictionary<int, (string Found, string Left)> _shared = [];
    private readonly BlockRegions _regions;
    private readonly Liveness _liveness;

    public BlockRecord(KernelContext context, BlockRegions regions, Liveness liveness)
    {
        _context = context;
        _regions = regions;
        _liveness = liveness;
        int at = regions.ThinsOut ? 8 : 0;
        SortedSet<int> live = [.. regions.Regions.Skip(1).SelectMany(region => LiveAt(region.Start))];
        foreach (int register in live)
        {
            if (context.Stable.Definition(register) is not null)
            {
                continue;
            }
            if (regions.Shapes[register].IsUniform && context.Registers.ShapeOf(register).IsUniform)
            {
                string type = context.Registers.TypeOf(register);
                _shared[register] = (context.B.Alloca(type), context.B.Alloca(type));
                continue;
            }
            at = (at + 7) & ~7;
            _places[register] = at;
            at += context.Registers.SavedBytes(register);
        }
        Bytes = (at + 63) & ~63;
    }

    /// <summary>Bytes of scratch per warp; a multiple of 64.</summary>
    public int Bytes { get; }

    private LaneBuilder B => _context.B;

    /// <summary>Registers that live at the start of a piece.</summary>
    public IEnumerable<int> LiveAt(CodeNode node) => _liveness.LiveIn[node.Position].Items();

    /// <summary>
    /// True when a warp that goes through a region without writing any of these registers leaves nothing to be saved.
    /// </summary>
    public bool StaysAsItIs(CodeRegion region, CodeNode after, HashSet<int> written) =>
        region != _regions.Regions[0] && !LiveAt(after).Any(written.Contains);

    /// <summary>Before the warps of a region: what they do not change stays.</summary>
    public void EnterRegion(CodeRegion region)
    {
        foreach (int register in LiveAt(region.Start))
        {
            if (_shared.TryGetValue(register, out (string Found, string Left) slots))
            {
                B.Store(B.Load(_context.Registers.TypeOf(register), false, slots.Found), slots.Left);
            }
        }
    }

    /// <summary>After the warps of a region that ends at a barrier.</summary>
    public void LeaveRegion(CodeNode after)
    {
        foreach (int register in LiveAt(after))
        {
            if (_shared.TryGetValue(register, out (string Found, string Left) slots))
            {
                B.Store(B.Load(_context.Registers.TypeOf(register), false, slots.Left), slots.Found);
            }
        }
    }

    /// <summary>Gives a warp its registers at the start of a region.</summary>
    public void Restore(CodeRegion region, InstructionEmitter instructions)
    {
        List<int> computed = [];
        foreach (int register in LiveAt(region.Start))
        {
            if (_context.Stable.Definition(register) is not null)
            {
                computed.Add(register);
            }
            else if (region == _regions.Regions[0])
            {
                // Read under a guard before anything was written: no value to give back.
                _context.Registers.Clear(register);
            }
            else if (_shared.TryGetValue(register, out (string Found, string Left) slots))
            {
                _context.Registers.Store(register, B.Load(_context.Registers.TypeOf(register), false, slots.Found));
            }
            else
            {
                _context.Registers.Restore(register, Place(register));
            }
        }
        foreach (Ir.IrInstruction instruction in _context.Stable.Recipe(computed))
        {
            instructions.Emit(instruction);
        }
    }

    /// <summary>Keeps a warp's registers at the end of a region.</summary>
    /// <param name="region">The region; what it does not write is where it was.</param>
    /// <param name="after">The piece behind the barrier.</param>
    /// <param name="written">Registers that the region writes.</param>
    public void Save(CodeRegion region, CodeNode after, HashSet<int> written)
    {
        bool first = region == _regions.Regions[0];
        foreach (int register in LiveAt(after))
        {
            if (!first && !written.Contains(register))
            {
                continue;
            }
            if (_shared.TryGetValue(register, out (string Found, string Left) slots))
            {
                B.Store(_context.Registers.Load(register), slots.Left);
            }
            else if (_places.ContainsKey(register))
            {
                _context.Registers.Save(register, Place(register));
            }
        }
    }

    private string Place(int register) => B.Offset(_context.WarpName("record"), _places[register]);
}
