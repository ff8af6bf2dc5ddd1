using Weir.Kernels.Abi;

namespace Weir.Kernels.Ir;

/// <summary>
/// One operation. Modifiers that an operation does not have keep their default; the verifier refuses those that
/// make no sense together, so a code generator may rely on what it reads here.
/// </summary>
public sealed record IrInstruction
{
    /// <summary>The operation.</summary>
    public required IrOp Op { get; init; }

    /// <summary>The type it works at (for Cvt, Set, SetP and Tex: of its sources).</summary>
    public IrType Type { get; init; }

    /// <summary>Type of the result where it differs (Cvt, Set, Mul.wide results, Tex).</summary>
    public IrType DestType { get; init; }

    /// <summary>Registers written; <see cref="IrOperand.None"/> for a sink.</summary>
    public IReadOnlyList<IrOperand> Dests { get; init; } = [];

    /// <summary>Values read, in PTX order. Addresses are apart, in <see cref="Address"/>.</summary>
    public IReadOnlyList<IrOperand> Sources { get; init; } = [];

    /// <summary>Predicate register that guards the operation, or none; may be negated.</summary>
    public IrOperand Guard { get; init; }

    /// <summary>Base of a memory access: register, symbol or immediate.</summary>
    public IrOperand Address { get; init; }

    /// <summary>Bytes added to <see cref="Address"/>.</summary>
    public long AddressOffset { get; init; }

    /// <summary>State space of an access, of cvta and isspacep.</summary>
    public IrSpace Space { get; init; }

    /// <summary>Rounding or precision.</summary>
    public IrRounding Rounding { get; init; }

    /// <summary>Subnormal inputs and outputs are flushed to zero of the same sign.</summary>
    public bool Ftz { get; init; }

    /// <summary>.sat: clamps to [0,1] (float) or to the type's range (integer).</summary>
    public bool Saturate { get; init; }

    /// <summary>.relu: negative results become +0.</summary>
    public bool Relu { get; init; }

    /// <summary>Which half of a product; direction of a funnel shift (Hi = .l, Lo = .r).</summary>
    public IrPart Part { get; init; }

    /// <summary>Comparison of Set and SetP.</summary>
    public IrCompare Compare { get; init; }

    /// <summary>How the comparison joins the predicate in Sources[2].</summary>
    public IrCombine Combine { get; init; }

    /// <summary>Operation of Atom, Red and Redux.</summary>
    public IrAtomic Atomic { get; init; }

    /// <summary>Mode of Shfl.</summary>
    public IrShuffle Shuffle { get; init; }

    /// <summary>Mode of Vote and Match.</summary>
    public IrVote VoteMode { get; init; }

    /// <summary>Question of TestP.</summary>
    public IrTestP TestP { get; init; }

    /// <summary>
    /// Ordering of Ld, St, Atom, Red and MemBar. What is not weak also has <see cref="Flag"/> set on Ld and St: the
    /// access must happen as written.
    /// </summary>
    public IrOrder Order { get; init; }

    /// <summary>Kind of Bar.</summary>
    public IrBarrier Barrier { get; init; }

    /// <summary>Mode of Prmt.</summary>
    public IrPrmt PrmtMode { get; init; }

    /// <summary>Geometry of Tex, Suld, Sust.</summary>
    public IrGeometry Geometry { get; init; }

    /// <summary>Mma: elements of a row of A and a column of B; else 0.</summary>
    public int Depth { get; init; }

    /// <summary>Mma: type of B's elements; A's are of <see cref="Type"/>, the results of <see cref="DestType"/>.</summary>
    public IrType OtherType { get; init; }

    /// <summary>What System asks for.</summary>
    public SystemService Service { get; init; }

    /// <summary>A flag of several operations: cvta.to (generic to space), shf.wrap, bfind.shiftamt, min/max.NaN, ld/st volatile.</summary>
    public bool Flag { get; init; }

    /// <summary>add.cc, addc, … : the carry is read.</summary>
    public bool CarryIn { get; init; }

    /// <summary>The carry is written.</summary>
    public bool CarryOut { get; init; }

    /// <summary>Successor block of Bra, index into <see cref="IrFunction.Blocks"/>.</summary>
    public int Target { get; init; } = -1;

    /// <summary>bra.uni, or a branch that analysis found uniform.</summary>
    public bool Uniform { get; init; }

    /// <summary>Line of the PTX text, 1-based.</summary>
    public int Line { get; init; }
}
