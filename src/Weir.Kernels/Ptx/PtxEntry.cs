namespace Weir.Kernels.Ptx;

/// <summary>A kernel of a module: what can be known without reading its body.</summary>
public sealed record PtxEntry
{
    /// <summary>Name in the text.</summary>
    public required string Name { get; init; }

    /// <summary>Parameters in order.</summary>
    public required IReadOnlyList<PtxParameter> Parameters { get; init; }

    /// <summary>Size of the parameter block, bytes.</summary>
    public required int ParameterBytes { get; init; }

    /// <summary>.maxntid, or null.</summary>
    public (int X, int Y, int Z)? MaxThreads { get; init; }

    /// <summary>.reqntid, or null.</summary>
    public (int X, int Y, int Z)? RequiredThreads { get; init; }

    /// <summary>.minnctapersm, or 0.</summary>
    public int MinBlocksPerProcessor { get; init; }

    /// <summary>.maxnreg, or 0.</summary>
    public int MaxRegisters { get; init; }

    /// <summary>Line of the declaration, 1-based.</summary>
    public int Line { get; init; }
}
