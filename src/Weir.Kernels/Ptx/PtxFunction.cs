namespace Weir.Kernels.Ptx;

/// <summary>An entry or a function with the place of its text; bodies are parsed when asked for.</summary>
internal sealed class PtxFunction
{
    /// <summary>Name in the text.</summary>
    public required string Name { get; init; }

    /// <summary>A kernel.</summary>
    public required bool IsEntry { get; init; }

    /// <summary>Return values.</summary>
    public required IReadOnlyList<PtxFormal> Returns { get; init; }

    /// <summary>Parameters.</summary>
    public required IReadOnlyList<PtxFormal> Parameters { get; init; }

    /// <summary>Line of the declaration.</summary>
    public required int Line { get; init; }

    /// <summary>Offset of the first byte of the declaration.</summary>
    public required int Start { get; init; }

    /// <summary>Offset behind the declaration.</summary>
    public required int End { get; init; }

    /// <summary>Offset of the first byte behind the body's opening brace; -1 for a declaration without a body.</summary>
    public required int BodyStart { get; init; }

    /// <summary>Line of <see cref="BodyStart"/>.</summary>
    public required int BodyLine { get; init; }

    /// <summary>A directive of the signature that cannot be honoured, with its line; null when there is none.</summary>
    public (string Text, int Line)? Unsupported { get; init; }

    /// <summary>True when there is a body.</summary>
    public bool HasBody => BodyStart >= 0;
}
