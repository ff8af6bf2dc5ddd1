namespace Weir.Kernels.Ptx;

/// <summary>What a token is.</summary>
internal enum PtxTokenKind : byte
{
    /// <summary>End of the text.</summary>
    End,

    /// <summary>Name, opcode, register: letters, digits, _, $ and %.</summary>
    Word,

    /// <summary>A dot and what follows it: directive, type or modifier, <c>::</c> included.</summary>
    Dotted,

    /// <summary>Integer literal, value in <see cref="PtxToken.Bits"/>.</summary>
    Integer,

    /// <summary>0f literal: bits of a single.</summary>
    Single,

    /// <summary>0d or decimal literal: bits of a double.</summary>
    Double,

    /// <summary>String, quotes excluded.</summary>
    Text,

    /// <summary>One character of punctuation, in <see cref="PtxToken.Bits"/>; shifts are two of them.</summary>
    Punctuation,
}

/// <summary>A token: where it stands and, for literals and punctuation, its value.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Start">Byte offset in the text.</param>
/// <param name="Length">Bytes.</param>
/// <param name="Line">Line, 1-based.</param>
/// <param name="Bits">Value of a literal, or the character.</param>
internal readonly record struct PtxToken(PtxTokenKind Kind, int Start, int Length, int Line, ulong Bits)
{
    /// <summary>True for the given punctuation.</summary>
    public bool Is(char c) => Kind == PtxTokenKind.Punctuation && Bits == c;
}
