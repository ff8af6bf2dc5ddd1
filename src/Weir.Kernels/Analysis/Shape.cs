namespace Weir.Kernels.Analysis;

/// <summary>How the values of a register in the lanes of one warp relate to each other.</summary>
internal enum ShapeKind : byte
{
    /// <summary>Nothing was written yet (start of the analysis).</summary>
    Unknown,

    /// <summary>All lanes have the same value: kept once.</summary>
    Uniform,

    /// <summary>Lane l has base + l·stride: only the base is kept.</summary>
    Affine,

    /// <summary>Anything.</summary>
    Varying,
}

/// <summary>A point of the lattice Unknown &lt; Uniform, Affine &lt; Varying.</summary>
/// <param name="Kind">The relation.</param>
/// <param name="Stride">Difference from lane to lane, for affine ones; never 0.</param>
/// <param name="Breaks">
/// True for a 64-bit value that came from widening a 32-bit affine one, which may have wrapped between two lanes:
/// from one lane on a constant is added. Both are known at run time.
/// </param>
/// <param name="AlignLog2">The base (or the uniform value) is a multiple of 2 to this power.</param>
/// <param name="RangeLog2">
/// The value of every lane is at least 0 and below 2 to this power; <see cref="AnyRange"/> when that is not known.
/// </param>
internal readonly record struct Shape(
    ShapeKind Kind,
    long Stride = 0,
    bool Breaks = false,
    int AlignLog2 = 0,
    int RangeLog2 = Shape.AnyRange
)
{
    /// <summary>Nothing known about the size of the value.</summary>
    public const int AnyRange = 64;

    /// <summary>Nothing known about alignment.</summary>
    public static readonly Shape Uniform = new(ShapeKind.Uniform);

    /// <summary>Anything.</summary>
    public static readonly Shape Varying = new(ShapeKind.Varying);

    /// <summary>True when one scalar stands for all lanes.</summary>
    public bool IsUniform => Kind == ShapeKind.Uniform;

    /// <summary>True when a base and a stride stand for all lanes.</summary>
    public bool IsAffine => Kind == ShapeKind.Affine;

    /// <summary>True when each lane has its own value.</summary>
    public bool IsVarying => Kind == ShapeKind.Varying;

    /// <summary>An affine shape, or what it degenerates to.</summary>
    public static Shape Affine(long stride, bool breaks, int alignLog2, int rangeLog2 = AnyRange)
    {
        int align = Math.Clamp(alignLog2, 0, 63);
        int range = rangeLog2 > 31 ? AnyRange : rangeLog2;
        return stride != 0 ? new Shape(ShapeKind.Affine, stride, breaks, align, range)
            : breaks ? Varying
            : new Shape(ShapeKind.Uniform, 0, false, align, range);
    }

    /// <summary>Least shape that covers both.</summary>
    public static Shape Join(Shape a, Shape b)
    {
        if (a.Kind == ShapeKind.Unknown)
        {
            return b;
        }
        if (b.Kind == ShapeKind.Unknown)
        {
            return a;
        }
        if (a.Kind != b.Kind || a.Stride != b.Stride)
        {
            return Varying;
        }
        return a with
        {
            Breaks = a.Breaks || b.Breaks,
            AlignLog2 = Math.Min(a.AlignLog2, b.AlignLog2),
            RangeLog2 = Math.Max(a.RangeLog2, b.RangeLog2),
        };
    }
}
