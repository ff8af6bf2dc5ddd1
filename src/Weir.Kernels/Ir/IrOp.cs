namespace Weir.Kernels.Ir;

/// <summary>
/// The operations of the intermediate form. One per PTX instruction family, with what PTX writes as modifiers
/// moved into the fields of <see cref="IrInstruction"/>; the meaning is that of the PTX ISA section of the same name.
/// </summary>
public enum IrOp : byte
{
#pragma warning disable CS1591 // Each name is the PTX mnemonic; the PTX ISA documents it.
    // Moves and address arithmetic. Mov's source may be a register, immediate, special register or symbol address.
    Mov,
    Pack, // mov.b64 d, {a, b, ...}: Sources are the elements, low first
    Unpack, // mov.b64 {a, b, ...}, d: Dests are the elements, low first
    Cvta, // Space; To = true for cvta.to.space
    IsSpacep,

    // Integer and float arithmetic; Type says which.
    Add,
    Sub,
    AddC, // add.cc / addc(.cc): CarryIn, CarryOut
    SubC,
    Mul, // Part: Lo, Hi, Wide; float: None
    Mad, // Part as Mul; float mad is Fma
    MadC,
    Mul24,
    Mad24,
    Sad,
    Fma,
    Div,
    Rem,
    Abs,
    Neg,
    Min,
    Max,
    CopySign,
    TestP,

    // Approximate functions.
    Rcp,
    Sqrt,
    Rsqrt,
    Sin,
    Cos,
    Lg2,
    Ex2,
    Tanh,

    // Bits.
    And,
    Or,
    Xor,
    Not,
    CNot,
    Shl,
    Shr,
    Shf, // Part: Hi = left (.l), Lo = right (.r); Clamp or wrap in Wrap
    Lop3, // Immediate table in Sources[3]
    Popc,
    Clz,
    Bfind, // ShiftAmount = .shiftamt
    Brev,
    Bfe,
    Bfi,
    Fns,
    Prmt, // Mode in Compare-free field PrmtMode
    Dp4a,
    Dp2a,

    // Comparison and selection.
    Set, // Compare, optional Combine with a third predicate source; Type = source type, DestType = result type
    SetP, // as Set; Dests[0] = p, Dests[1] = q (complement) when present
    SelP,
    SlCt,

    // Conversion: Type = source type, DestType = result type, Rounding, Saturate, Ftz.
    Cvt,

    // Memory. Address in Address; vector forms have several Dests (Ld) or Sources (St).
    Ld,
    St,
    Atom, // Atomic, Dests[0] = old value
    Red,
    Prefetch,
    Tex, // Geometry; Sources[0] = texture object, rest coordinates; Type = coordinate type, DestType = result type
    Suld,
    Sust,

    // Threads.
    Bar, // Sources[0] = barrier, optional Sources[1] = thread count; Barrier says sync, arrive, red
    MemBar,
    Shfl, // Shuffle; Sources: value, b, c, [membermask]; Dests[1] = in-range predicate when present
    Vote, // VoteMode; Sources: predicate, [membermask]
    Match, // Any or All in VoteMode
    Redux, // Atomic says which
    ActiveMask,
    NanoSleep,

    // Control. Only the last instruction of a block.
    Bra, // Guard + Target; falls through to the next block when guarded
    BrxIdx,
    Call,
    Ret,
    Exit,
    Trap,
#pragma warning restore CS1591
}
