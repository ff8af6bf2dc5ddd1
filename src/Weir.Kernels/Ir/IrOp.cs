namespace Weir.Kernels.Ir;

/// <summary>
/// The operations of the intermediate form. One per PTX instruction family, with what PTX writes as modifiers
/// moved into the fields of <see cref="IrInstruction"/>; the meaning is that of the PTX ISA section of the same name.
/// </summary>
public enum IrOp : byte
{
#pragma warning disable CS1591 // Each name is the PTX mnemonic; the PTX ISA documents it.
    // Moves and address arithmetic. Mov's source may be a register, immediate, special register or symbol address.
    Mov, // only Mov has special registers and symbol addresses as sources; %gridid may be moved at 32 or 64 bits
    Pack, // mov.b64 d, {a, b, ...}: Sources are the elements, low first; Type = of an element, DestType = of the whole
    Unpack, // mov.b64 {a, b, ...}, d: Dests are the elements, low first; Type = of the whole, DestType = of an element
    Cvta, // Space; Flag = true for cvta.to.space (generic to space)
    IsSpacep,

    // Integer and float arithmetic; Type says which.
    Add,
    Sub,

    // The carry is one bit per thread, set by the last operation of CarryOut; for SubC it is the borrow.
    AddC, // add.cc / addc(.cc): CarryIn, CarryOut
    SubC,

    // Float Add, Sub and Mul always have a rounding (Rn when PTX leaves it out).
    Mul, // Part: Lo, Hi, Wide (DestType = twice as wide); float: None
    Mad, // Part as Mul; integers only: float mad is Fma
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
    TestP, // TestP says which; Dests[0] = predicate

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
    Shl, // Sources[1] is 32 bits wide and not masked: from the width on the result is 0, or the sign for signed Shr
    Shr,
    Shf, // Part: Hi = left (.l), Lo = right (.r); Flag = .wrap, else .clamp
    Lop3, // Immediate table in Sources[3]
    Popc, // Popc, Clz, Bfind: the result is U32 (DestType when Type is wider)
    Clz,
    Bfind, // Flag = .shiftamt
    Brev,
    Bfe,
    Bfi,
    Fns,
    Bmsk, // Flag = .wrap, else .clamp
    Szext, // Flag = .wrap, else .clamp
    Prmt, // PrmtMode; None = the general form, where bit 3 of a selector replicates the sign
    Dp4a, // Type = of a's bytes, DestType = of b's (U32 or S32); the sum is signed when one of them is. Dp2a: Part = half of b
    Dp2a,

    // Comparison and selection.
    Set, // Compare, optional Combine with a third predicate source; Type = source type, DestType = result type
    SetP, // as Set; Dests[0] = p, Dests[1] = q (complement) when present

    // Lo, Ls, Hi, Hs never occur: they are Lt, Le, Gt, Ge of an unsigned type.
    SelP, // Sources: a, b, predicate
    SlCt, // Type = of Sources[2] (S32 or F32), DestType = of the others

    // Conversion: Type = source type, DestType = result type, Rounding, Saturate, Ftz.
    // A wider source register gives its low bits; a wider destination is zero- or sign-extended by DestType (float: zero).
    Cvt,

    // Memory. Address in Address; vector forms have several Dests (Ld) or Sources (St).
    // Registers may be wider than Type: loads extend (sign for S types), stores take the low bits. Flag = volatile.
    Ld,
    St,
    Atom, // Atomic, Dests[0] = old value (None: not wanted); Cas: Sources = compare, new value
    Red,
    Prefetch,
    Tex, // Geometry; Sources[0] = texture object, rest coordinates (D1 x; D2 x y; D3 x y z; A1 layer x; A2 layer x y; layers U32); four Dests; Type = coordinate type, DestType = result type
    Suld,
    Sust,

    // Threads.
    Bar, // Sources[0] = barrier, optional Sources[1] = thread count; RedX: last source = predicate; WarpSync: Sources[0] = mask
    MemBar, // Order
    Shfl, // Shuffle; Sources: value, b, c, [membermask]; Dests[1] = in-range predicate when present
    Vote, // VoteMode; Sources: predicate, [membermask]
    Match, // Any or All in VoteMode; Dests[1] = predicate of All when present
    Redux, // Atomic says which; Sources: value, membermask
    ActiveMask,
    Elect, // Sources: membermask; Dests: number of the elected lane, predicate of who it is
    NanoSleep, // Sources[0] = nanoseconds; may do nothing
    Mma, // 16 × 8 results of Depth products each; Sources: A's, B's and C's registers, Dests: D's; Type F32 = the upper 19 bits of them
    System, // Service; Sources: up to four arguments; Dests[0] = answer when there is one

    // Control. Only the last instruction of a block.
    Bra, // Guard + Target; falls through to the next block when guarded
    Call, // never occurs: functions are inlined
    Ret,
    Exit,
    Trap, // ends its block; what follows is another block
#pragma warning restore CS1591
}
