using Weir.Kernels.Ir;

namespace Weir.Kernels.Analysis;

/// <summary>How threads of a block are dealt to the lanes of a warp.</summary>
/// <param name="Lanes">Lanes of a vector: 16 or 32.</param>
/// <param name="Rows">
/// True: the lanes are neighbours in x, with the same y and z. False: they are neighbours in the linear numbering, as
/// programs see warps, and cross rows of the block.
/// </param>
/// <param name="TrueWarps">True when the lanes are exactly a warp as programs see it.</param>
internal readonly record struct LaneModel(int Lanes, bool Rows, bool TrueWarps)
{
    /// <summary>Stands for a whole block as one vector, for what must hold in all its threads.</summary>
    public const int BlockLanes = 1024;

    /// <summary>True when the whole block is looked at as one vector.</summary>
    public bool IsBlock => Lanes == BlockLanes;

    /// <summary>Logarithm of <see cref="Lanes"/>.</summary>
    public int LanesLog2 => int.Log2(Lanes);

    /// <summary>Shape of a special register.</summary>
    public Shape ShapeOf(IrSpecial special) =>
        special switch
        {
            IrSpecial.TidX => Rows ? Shape.Affine(1, false, LanesLog2, 11) : Shape.Varying,
            IrSpecial.TidY or IrSpecial.TidZ => Rows ? Shape.Affine(0, false, 0, 10) : Shape.Varying,
            IrSpecial.LaneId => TrueWarps ? Shape.Affine(1, false, 63, 5) : Shape.Varying,
            IrSpecial.WarpId => TrueWarps ? Shape.Uniform : Shape.Varying,
            IrSpecial.NTidX or IrSpecial.NTidY or IrSpecial.NTidZ => Shape.Affine(0, false, 0, 11),
            IrSpecial.LaneMaskEq
            or IrSpecial.LaneMaskGe
            or IrSpecial.LaneMaskGt
            or IrSpecial.LaneMaskLe
            or IrSpecial.LaneMaskLt => Shape.Varying,
            IrSpecial.Clock or IrSpecial.Clock64 when IsBlock => Shape.Varying,
            _ => Shape.Uniform,
        };
}
