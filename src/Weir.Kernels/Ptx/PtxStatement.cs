using Weir.Kernels.Ir;

namespace Weir.Kernels.Ptx;

/// <summary>One statement of a body.</summary>
/// <param name="Line">Line of the text, 1-based.</param>
internal abstract record PtxStatement(int Line);

/// <summary>A nested scope.</summary>
internal sealed record PtxBlock(IReadOnlyList<PtxStatement> Statements, int Line) : PtxStatement(Line);

/// <summary>A label.</summary>
internal sealed record PtxLabel(string Name, int Line) : PtxStatement(Line);

/// <summary>A table of labels for brx.idx.</summary>
internal sealed record PtxBranchTargets(string Name, IReadOnlyList<string> Labels, int Line) : PtxStatement(Line);

/// <summary>A prototype or a list of functions for an indirect call.</summary>
internal sealed record PtxCallPrototype(string Name, int Line) : PtxStatement(Line);

/// <summary>Registers of a declaration: one, or a numbered range.</summary>
/// <param name="Name">Name, or prefix of the range.</param>
/// <param name="Count">Size of the range; -1 for a single register.</param>
/// <param name="Type">Type.</param>
/// <param name="Line">Line of the text, 1-based.</param>
internal sealed record PtxRegisters(string Name, long Count, IrType Type, int Line) : PtxStatement(Line);

/// <summary>A variable declared in a body.</summary>
internal sealed record PtxLocalVariable(PtxDeclaration Declaration, int Line) : PtxStatement(Line);

/// <summary>An operation.</summary>
internal sealed record PtxInstruction(
    string Opcode,
    IReadOnlyList<string> Modifiers,
    IReadOnlyList<PtxOperand> Operands,
    int Line
) : PtxStatement(Line)
{
    /// <summary>Name of the guarding predicate, or null.</summary>
    public string? Guard { get; init; }

    /// <summary>The guard is <c>@!p</c>.</summary>
    public bool GuardNegated { get; init; }

    /// <summary>Opcode with its modifiers, as written.</summary>
    public string Mnemonic => Modifiers.Count == 0 ? Opcode : Opcode + "." + string.Join('.', Modifiers);
}
