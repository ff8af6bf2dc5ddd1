namespace Weir.Kernels.Ir;

/// <summary>What an operand is.</summary>
public enum IrOperandKind : byte
{
    /// <summary>Absent (the sink register <c>_</c>, an optional operand that is not there).</summary>
    None,

    /// <summary>A register, <see cref="IrOperand.Index"/> into <see cref="IrFunction.Registers"/>.</summary>
    Register,

    /// <summary>A constant, the bits in <see cref="IrOperand.Bits"/> at the operation's width.</summary>
    Immediate,

    /// <summary>A special register, <see cref="IrOperand.Index"/> as <see cref="IrSpecial"/>.</summary>
    Special,

    /// <summary>
    /// The address of a variable, <see cref="IrOperand.Index"/> into <see cref="IrFunction.Symbols"/>, plus
    /// <see cref="IrOperand.Bits"/> bytes. For shared, local and param symbols the address is the offset in that space.
    /// </summary>
    Symbol,
}

/// <summary>An operand. Immutable and small: instructions hold them by value.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Index">Register, special register or symbol number.</param>
/// <param name="Bits">Immediate bits, or byte offset of a symbol.</param>
/// <param name="Negated">The predicate is read negated (<c>!p</c>).</param>
public readonly record struct IrOperand(IrOperandKind Kind, int Index, ulong Bits, bool Negated = false)
{
    /// <summary>No operand.</summary>
    public static readonly IrOperand None = default;

    /// <summary>Reads a register.</summary>
    public static IrOperand Register(int index, bool negated = false) => new(IrOperandKind.Register, index, 0, negated);

    /// <summary>A constant given by its bits.</summary>
    public static IrOperand Immediate(ulong bits) => new(IrOperandKind.Immediate, 0, bits);

    /// <summary>Reads a special register.</summary>
    public static IrOperand Special(IrSpecial special) => new(IrOperandKind.Special, (int)special, 0);

    /// <summary>Takes a variable's address.</summary>
    public static IrOperand Symbol(int index, ulong offsetBytes = 0) => new(IrOperandKind.Symbol, index, offsetBytes);

    /// <summary>True when the operand is a register.</summary>
    public bool IsRegister => Kind == IrOperandKind.Register;

    /// <summary>True when there is no operand.</summary>
    public bool IsNone => Kind == IrOperandKind.None;
}
