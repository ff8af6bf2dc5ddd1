namespace Weir.Kernels.Ir;

#pragma warning disable CS1591 // Each name is the PTX modifier; the PTX ISA documents it.

/// <summary>Rounding modifiers. The I forms round to an integer value.</summary>
public enum IrRounding : byte
{
    None,
    Rn,
    Rz,
    Rm,
    Rp,
    Rni,
    Rzi,
    Rmi,
    Rpi,
    Approx,
    Full,
}

/// <summary>Which half of a product, or direction of a funnel shift.</summary>
public enum IrPart : byte
{
    None,
    Lo,
    Hi,
    Wide,
}

/// <summary>Comparison operators; the U forms are true when an operand is NaN; Lo, Ls, Hi, Hs are unsigned.</summary>
public enum IrCompare : byte
{
    None,
    Eq,
    Ne,
    Lt,
    Le,
    Gt,
    Ge,
    Lo,
    Ls,
    Hi,
    Hs,
    Equ,
    Neu,
    Ltu,
    Leu,
    Gtu,
    Geu,
    Num,
    Nan,
}

/// <summary>Boolean operator that combines a comparison with a predicate.</summary>
public enum IrCombine : byte
{
    None,
    And,
    Or,
    Xor,
}

/// <summary>State spaces. <see cref="Generic"/> is an access without a space.</summary>
public enum IrSpace : byte
{
    Generic,
    Global,
    Shared,
    Local,
    Const,
    Param,
}

/// <summary>Operation of an atomic, a reduction or a redux.</summary>
public enum IrAtomic : byte
{
    None,
    Add,
    Min,
    Max,
    Inc,
    Dec,
    And,
    Or,
    Xor,
    Exch,
    Cas,
}

/// <summary>What testp asks of a floating value.</summary>
public enum IrTestP : byte
{
    None,
    Finite,
    Infinite,
    Number,
    NotANumber,
    Normal,
    Subnormal,
}

/// <summary>Memory ordering of an access or a fence.</summary>
public enum IrOrder : byte
{
    Weak,
    Relaxed,
    Acquire,
    Release,
    AcqRel,
    Sc,
}

/// <summary>Modes of shfl.</summary>
public enum IrShuffle : byte
{
    None,
    Up,
    Down,
    Bfly,
    Idx,
}

/// <summary>Modes of vote and match.</summary>
public enum IrVote : byte
{
    None,
    All,
    Any,
    Uni,
    Ballot,
}

/// <summary>Kinds of bar.</summary>
public enum IrBarrier : byte
{
    None,
    Sync,
    Arrive,
    RedPopc,
    RedAnd,
    RedOr,
    WarpSync,
}

/// <summary>Modes of prmt.</summary>
public enum IrPrmt : byte
{
    None,
    F4e,
    B4e,
    Rc8,
    Ecl,
    Ecr,
    Rc16,
}

/// <summary>Texture geometries.</summary>
public enum IrGeometry : byte
{
    None,
    D1,
    D2,
    D3,
    A1,
    A2,
    Cube,
}

/// <summary>Special registers that an operand may read.</summary>
public enum IrSpecial : byte
{
    None,
    TidX,
    TidY,
    TidZ,
    NTidX,
    NTidY,
    NTidZ,
    CtaIdX,
    CtaIdY,
    CtaIdZ,
    NCtaIdX,
    NCtaIdY,
    NCtaIdZ,
    LaneId,
    WarpId,
    NWarpId,
    SmId,
    NSmId,
    GridId,
    LaneMaskEq,
    LaneMaskLe,
    LaneMaskLt,
    LaneMaskGe,
    LaneMaskGt,
    Clock,
    Clock64,
    GlobalTimer,
    DynamicSharedSize,
    TotalSharedSize,
}
