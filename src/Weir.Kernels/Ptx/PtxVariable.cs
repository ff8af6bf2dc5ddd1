using Weir.Kernels.Ir;

namespace Weir.Kernels.Ptx;

/// <summary>A variable of a module in the global or const space. Shared ones belong to the kernels that use them.</summary>
public sealed record PtxVariable
{
    /// <summary>Name in the text.</summary>
    public required string Name { get; init; }

    /// <summary>Global, const or shared.</summary>
    public required IrSpace Space { get; init; }

    /// <summary>Size in bytes; 0 when an extern array leaves it open.</summary>
    public required long SizeBytes { get; init; }

    /// <summary>Alignment in bytes.</summary>
    public required int AlignBytes { get; init; }

    /// <summary>Declared here, defined in another module.</summary>
    public bool IsExtern { get; init; }

    /// <summary>Visible to other modules and to the host (.visible, .weak, .common).</summary>
    public bool IsVisible { get; init; }

    /// <summary>Carries <c>.attribute(.managed)</c>.</summary>
    public bool IsManaged { get; init; }

    /// <summary>A .texref, .samplerref or .surfref.</summary>
    public bool IsOpaque { get; init; }

    /// <summary>Contents before relocation, from offset 0; what follows up to <see cref="SizeBytes"/> is zero.</summary>
    public byte[] Initial { get; init; } = [];

    /// <summary>Addresses to be put into the contents.</summary>
    public IReadOnlyList<PtxRelocation> Relocations { get; init; } = [];

    /// <summary>Line of the declaration, 1-based.</summary>
    public int Line { get; init; }
}
