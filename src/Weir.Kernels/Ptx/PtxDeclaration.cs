using Weir.Kernels.Ir;

namespace Weir.Kernels.Ptx;

/// <summary>A variable as it is declared, in a module, a body or a parameter list.</summary>
internal sealed record PtxDeclaration
{
    /// <summary>Name in the text.</summary>
    public required string Name { get; init; }

    /// <summary>State space without its dot: reg, param, global, const, shared, local.</summary>
    public required string Space { get; init; }

    /// <summary>Type of an element.</summary>
    public required IrType Type { get; init; }

    /// <summary>2 or 4 for a vector, else 1.</summary>
    public required int VectorLength { get; init; }

    /// <summary>Size; -1 when an empty first dimension leaves it open.</summary>
    public required long SizeBytes { get; init; }

    /// <summary>Alignment.</summary>
    public required int AlignBytes { get; init; }

    /// <summary>Count of a register range <c>%r&lt;n&gt;</c>; -1 otherwise.</summary>
    public long RangeCount { get; init; } = -1;

    /// <summary>Carries <c>.attribute(.managed)</c>.</summary>
    public bool IsManaged { get; init; }

    /// <summary>A .texref, .samplerref or .surfref.</summary>
    public bool IsOpaque { get; init; }

    /// <summary>Contents before relocation.</summary>
    public byte[] Initial { get; init; } = [];

    /// <summary>Addresses to be put into the contents.</summary>
    public IReadOnlyList<PtxRelocation> Relocations { get; init; } = [];

    /// <summary>Line of the text.</summary>
    public required int Line { get; init; }
}
