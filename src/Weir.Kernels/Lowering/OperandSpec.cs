using Weir.Kernels.Ir;
using Weir.Kernels.Ptx;

namespace Weir.Kernels.Lowering;

/// <summary>How an operand of a form is read.</summary>
internal enum OperandRole : byte
{
    Dest,

    /// <summary>Two results, the second (a predicate) optional.</summary>
    DestPair,
    DestVector,
    Source,

    /// <summary>A predicate that may be negated.</summary>
    Predicate,
    SourceVector,
    Address,
    Constant,
    Custom,
}

/// <summary>Where an operand's type comes from.</summary>
internal enum OperandTyping : byte
{
    Default,
    Type,
    DestType,
    Wide,
    Fixed,
}

/// <summary>An operand of a form; see <see cref="InstructionForm"/> for the notation.</summary>
internal sealed record OperandSpec(OperandRole Role, OperandTyping Typing, IrType Fixed, bool Wider, bool Optional)
{
    /// <summary>True for what is written.</summary>
    public bool IsDest => Role is OperandRole.Dest or OperandRole.DestPair or OperandRole.DestVector;

    /// <summary>Reads the notation.</summary>
    public static OperandSpec Parse(string text)
    {
        var optional = text.EndsWith('?');
        text = optional ? text[..^1] : text;
        var wider = text.EndsWith('~');
        text = wider ? text[..^1] : text;
        var (typing, type) = (OperandTyping.Default, IrType.None);
        if (text.IndexOf(':') is > 0 and var colon)
        {
            var name = text[(colon + 1)..];
            text = text[..colon];
            typing = name switch
            {
                "T" => OperandTyping.Type,
                "U" => OperandTyping.DestType,
                "W" => OperandTyping.Wide,
                _ => OperandTyping.Fixed,
            };
            if (typing == OperandTyping.Fixed && !PtxTypes.TryParse(name, out type))
            {
                throw new InvalidOperationException($"'{name}' is no type of an operand");
            }
        }

        var role = text[0] switch
        {
            '!' => OperandRole.Predicate,
            '[' => OperandRole.Address,
            '#' => OperandRole.Constant,
            '@' => OperandRole.Custom,
            '{' when text[1] == 'd' => OperandRole.DestVector,
            '{' => OperandRole.SourceVector,
            'd' or 'p' when text.Contains('|') => OperandRole.DestPair,
            'd' or 'p' => OperandRole.Dest,
            _ => OperandRole.Source,
        };
        return new OperandSpec(role, typing, role == OperandRole.Predicate ? IrType.Pred : type, wider, optional);
    }

    /// <summary>The type for an instruction whose slots are known.</summary>
    public IrType Resolve(IrInstruction instruction) =>
        Typing switch
        {
            _ when Role == OperandRole.Predicate => IrType.Pred,
            OperandTyping.Fixed => Fixed,
            OperandTyping.Type => instruction.Type,
            OperandTyping.DestType => instruction.DestType,
            OperandTyping.Wide => Widen(instruction.Type),
            _ => IsDest && instruction.DestType != IrType.None ? instruction.DestType : instruction.Type,
        };

    private static IrType Widen(IrType type) =>
        type switch
        {
            IrType.U16 => IrType.U32,
            IrType.S16 => IrType.S32,
            IrType.U32 => IrType.U64,
            IrType.S32 => IrType.S64,
            _ => throw new InvalidOperationException($"{type} has no type twice as wide"),
        };
}
