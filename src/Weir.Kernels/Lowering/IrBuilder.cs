using Weir.Kernels.Ir;

namespace Weir.Kernels.Lowering;

/// <summary>
/// Collects registers, variables and operations of one kernel in text order. While it is built, branch targets are
/// labels; blocks are cut when all is there.
/// </summary>
internal sealed class IrBuilder
{
    /// <summary>Largest kernel after inlining, operations.</summary>
    public const int MaxInstructions = 250_000;

    private readonly List<int> _labels = [];

    /// <summary>Registers so far.</summary>
    public List<IrRegister> Registers { get; } = [];

    /// <summary>Variables so far.</summary>
    public List<BuilderSymbol> Symbols { get; } = [];

    /// <summary>Operations so far.</summary>
    public List<IrInstruction> Code { get; } = [];

    /// <summary>Places of labels in <see cref="Code"/>.</summary>
    public IReadOnlyList<int> Labels => _labels;

    /// <summary>Makes a register.</summary>
    public int NewRegister(string name, IrType type)
    {
        Registers.Add(new IrRegister(name, type));
        return Registers.Count - 1;
    }

    /// <summary>Makes a register for a value that the text does not name.</summary>
    public IrOperand Temporary(IrType type) => IrOperand.Register(NewRegister($"%t{Registers.Count}", type));

    /// <summary>Makes a variable.</summary>
    public int NewSymbol(BuilderSymbol symbol)
    {
        Symbols.Add(symbol);
        return Symbols.Count - 1;
    }

    /// <summary>Makes a label without a place.</summary>
    public int NewLabel()
    {
        _labels.Add(-1);
        return _labels.Count - 1;
    }

    /// <summary>Puts a label here.</summary>
    public void Place(int label) => _labels[label] = Code.Count;

    /// <summary>Adds an operation.</summary>
    public void Emit(IrInstruction instruction)
    {
        if (Code.Count >= MaxInstructions)
        {
            throw new PtxException(
                $"the kernel has more than {MaxInstructions} instructions",
                instruction.Line,
                unsupported: true
            );
        }

        Code.Add(instruction);
    }

    /// <summary>Adds a move.</summary>
    public void Move(IrType type, IrOperand to, IrOperand from, int line) =>
        Emit(
            new IrInstruction
            {
                Op = IrOp.Mov,
                Type = type,
                Dests = [to],
                Sources = [from],
                Line = line,
            }
        );

    /// <summary>Moves labels after <see cref="Code"/> was rewritten.</summary>
    /// <param name="place">New place of each old one, the end included.</param>
    public void MoveLabels(int[] place)
    {
        for (var i = 0; i < _labels.Count; i++)
        {
            _labels[i] = _labels[i] < 0 ? -1 : place[_labels[i]];
        }
    }

    // Calls leave branches to the very next operation behind.
    private void DropEmptyBranches()
    {
        var place = new int[Code.Count + 1];
        var kept = 0;
        for (var i = 0; i < Code.Count; i++)
        {
            place[i] = kept;
            if (Code[i].Op != IrOp.Bra || _labels[Code[i].Target] != i + 1)
            {
                Code[kept++] = Code[i];
            }
        }

        place[Code.Count] = kept;
        Code.RemoveRange(kept, Code.Count - kept);
        MoveLabels(place);
    }

    /// <summary>Cuts the operations into blocks.</summary>
    public List<IrBlock> Blocks()
    {
        DropEmptyBranches();
        // A kernel may end in a label or in an operation that falls through: that is an exit.
        if (Code.Count == 0 || !Ends(Code[^1]) || _labels.Contains(Code.Count))
        {
            Code.Add(new IrInstruction { Op = IrOp.Ret, Line = Code.Count == 0 ? 0 : Code[^1].Line });
        }

        var starts = new bool[Code.Count];
        starts[0] = true;
        foreach (var label in _labels)
        {
            if (label >= 0)
            {
                starts[label] = true;
            }
        }

        for (var i = 0; i + 1 < Code.Count; i++)
        {
            starts[i + 1] |= Code[i].Op is IrOp.Bra or IrOp.Ret or IrOp.Exit or IrOp.Trap;
        }

        var blockOf = new int[Code.Count];
        for (var (i, n) = (0, -1); i < Code.Count; i++)
        {
            n += starts[i] ? 1 : 0;
            blockOf[i] = n;
        }

        var blocks = new List<IrBlock>();
        for (var i = 0; i < Code.Count; )
        {
            var end = i + 1;
            while (end < Code.Count && !starts[end])
            {
                end++;
            }

            var instructions = Code.GetRange(i, end - i);
            var last = instructions[^1];
            if (last.Op == IrOp.Bra)
            {
                instructions[^1] = last with { Target = blockOf[_labels[last.Target]] };
            }

            blocks.Add(new IrBlock(blocks.Count, instructions));
            i = end;
        }

        return blocks;
    }

    private static bool Ends(IrInstruction instruction) =>
        instruction.Guard.IsNone && instruction.Op is IrOp.Bra or IrOp.Ret or IrOp.Exit;
}
