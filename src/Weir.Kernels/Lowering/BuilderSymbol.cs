using Weir.Kernels.Ir;

namespace Weir.Kernels.Lowering;

/// <summary>A variable while its kernel is built.</summary>
internal sealed class BuilderSymbol
{
    public required string Name { get; init; }

    public required IrSpace Space { get; init; }

    public required long SizeBytes { get; init; }

    public required int AlignBytes { get; init; }

    /// <summary>Function instance whose local memory it lives in; null outside local memory.</summary>
    public CallFrame? Frame { get; init; }

    /// <summary>A parameter or return value of a call: lives in registers when its accesses allow.</summary>
    public bool IsCallParameter { get; init; }

    /// <summary>Extern shared array, placed behind the static ones.</summary>
    public bool IsDynamic { get; init; }

    /// <summary>Offset in its space; for global and const the index in the symbol table.</summary>
    public long Offset { get; set; }

    /// <summary>Replaced by registers, or never named.</summary>
    public bool IsGone { get; set; }
}
