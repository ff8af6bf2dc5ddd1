namespace Weir.Oracle;

/// <summary>Turns operands of one function into readers and writers.</summary>
internal sealed class Binding(Function function, OracleModule module)
{
    public Function Function => function;

    public OracleModule Module => module;

    public Read Read(Operand operand, PtxType type, Instruction at)
    {
        switch (operand)
        {
            case RegisterOperand { Register: var register, Negated: var negated }:
                var index = register.Index;
                if (register.Type.Kind == 'p')
                {
                    return negated ? lane => lane.Frame.Registers[index] ^ 1 : lane => lane.Frame.Registers[index];
                }
                if (register.Type.Bits < type.Bits)
                {
                    throw at.Unknown($"{register.Name} is too narrow");
                }
                var mask = type.Mask;
                return lane => lane.Frame.Registers[index] & mask;
            case LiteralOperand literal:
                var bits =
                    type.Kind == 'p'
                        ? Literal.Integer(literal.Text, at.Line) & 1
                        : Literal.Bits(literal.Text, literal.Negative, type, at.Line);
                return _ => bits;
            case SpecialOperand special:
                return SpecialRegisters.Bind(special.Name, at);
            case VariableOperand { Variable: var variable, Offset: var offset }:
                return variable.Space is "local" or "param"
                    ? lane => (ulong)lane.Frame.LocalBase + variable.Address + (ulong)offset
                    : _ => variable.Address + (ulong)offset;
            case NameOperand name:
                var handle = module.FunctionHandle(name.Name, at);
                return _ => handle;
            default:
                throw at.Unknown("operand is no value");
        }
    }

    public Read Source(Instruction at, int index, PtxType type) =>
        index < at.Operands.Count ? Read(at.Operands[index], type, at) : throw at.Unknown("operand is missing");

    /// <summary>Writes a value of the given type; a wider register takes it sign- or zero-extended.</summary>
    public static Write Write(Operand operand, PtxType type, Instruction at)
    {
        switch (operand)
        {
            case SinkOperand:
                return (_, _) => { };
            case RegisterOperand { Register: var register }:
                var index = register.Index;
                var width = register.Type;
                if (width.Bits < type.Bits)
                {
                    throw at.Unknown($"{register.Name} is too narrow");
                }
                return width.Bits > type.Bits
                    ? (lane, value) => lane.Frame.Registers[index] = width.Truncate(type.Value(value))
                    : (lane, value) => lane.Frame.Registers[index] = value & type.Mask;
            default:
                throw at.Unknown("result is no register");
        }
    }

    public static Write Result(Instruction at, PtxType type) =>
        at.Operands.Count > 0 ? Write(at.Operands[0], type, at) : throw at.Unknown("result is missing");

    public Step Unary(Instruction at, PtxType to, PtxType from, Func<ulong, ulong> operation)
    {
        var write = Result(at, to);
        var a = Source(at, 1, from);
        return lane => write(lane, operation(a(lane)));
    }

    public Step Binary(Instruction at, PtxType to, PtxType first, PtxType second, Func<ulong, ulong, ulong> operation)
    {
        var write = Result(at, to);
        var a = Source(at, 1, first);
        var b = Source(at, 2, second);
        return lane => write(lane, operation(a(lane), b(lane)));
    }

    public Step Binary(Instruction at, PtxType type, Func<ulong, ulong, ulong> operation) =>
        Binary(at, type, type, type, operation);

    public Step Ternary(
        Instruction at,
        PtxType to,
        PtxType first,
        PtxType second,
        PtxType third,
        Func<ulong, ulong, ulong, ulong> operation
    )
    {
        var write = Result(at, to);
        var a = Source(at, 1, first);
        var b = Source(at, 2, second);
        var c = Source(at, 3, third);
        return lane => write(lane, operation(a(lane), b(lane), c(lane)));
    }

    /// <summary>Refuses modifiers that the instruction's code does not look at.</summary>
    public static void Allow(Instruction at, params ReadOnlySpan<string> known)
    {
        foreach (var modifier in at.Modifiers)
        {
            if (!known.Contains(modifier) && !PtxType.TryParse(modifier, out _))
            {
                throw at.Unknown($"modifier .{modifier}");
            }
        }
    }
}
