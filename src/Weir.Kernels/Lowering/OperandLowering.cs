using Weir.Kernels.Ir;
using Weir.Kernels.Ptx;

namespace Weir.Kernels.Lowering;

/// <summary>Operands of an instruction in a scope: names become registers, literals bits; widths are checked.</summary>
internal sealed class OperandLowering(IrBuilder builder, ModuleNames module, NameScope scope, CallFrame frame, int line)
{
    /// <summary>A register that is written, or none for a sink.</summary>
    public IrOperand Dest(PtxOperand operand, IrType type, bool wider)
    {
        if (operand.Kind == PtxOperandKind.Sink)
        {
            return IrOperand.None;
        }

        if (!operand.IsPlainName)
        {
            throw Wrong("a result must be a register");
        }

        return Register(operand, type, wider);
    }

    /// <summary>A value that is read: register, literal, special register or address of a variable.</summary>
    /// <param name="operand">As written.</param>
    /// <param name="type">Type that reads it.</param>
    /// <param name="wider">A wider register is allowed.</param>
    /// <param name="inMove">
    /// Only moves read special registers and take addresses of variables; elsewhere the value goes through a register.
    /// </param>
    public IrOperand Source(PtxOperand operand, IrType type, bool wider, bool inMove = false)
    {
        switch (operand.Kind)
        {
            case PtxOperandKind.Name when operand.Negated:
                throw Wrong($"'!{operand.Name}' cannot be negated here");
            case PtxOperandKind.Name:
                return Name(operand, type, wider, inMove);
            case PtxOperandKind.Integer:
            case PtxOperandKind.Single:
            case PtxOperandKind.Double:
                return Literal(operand, type);
            default:
                throw Wrong("an operand is no register and no constant");
        }
    }

    /// <summary>A predicate, possibly negated.</summary>
    public IrOperand Predicate(PtxOperand operand)
    {
        if (operand.Kind != PtxOperandKind.Name || operand.Bits != 0)
        {
            // A constant where a predicate stands: 1 is true.
            return operand.Kind == PtxOperandKind.Integer
                ? IrOperand.Immediate(operand.Bits == 0 ? 0UL : 1UL)
                : throw Wrong("a predicate is expected");
        }

        return Register(operand, IrType.Pred, false) with
        {
            Negated = operand.Negated,
        };
    }

    /// <summary>A register of at least or exactly the width of a type.</summary>
    public IrOperand Register(PtxOperand operand, IrType type, bool wider)
    {
        var meaning = scope.Find(operand.Name);
        if (meaning.Kind != NameKind.Register)
        {
            throw meaning.Kind == NameKind.None
                ? Wrong($"'{operand.Name}' is not declared")
                : Wrong($"'{operand.Name}' is no register");
        }

        var register = builder.Registers[meaning.Index];
        var bits = IrTypes.Bits(type);
        var fits = register.Bits == bits || (wider && register.Bits > bits && bits > 1 && register.Bits > 1);
        return fits
            ? IrOperand.Register(meaning.Index)
            : throw Wrong(
                $"register '{operand.Name}' of type .{PtxTypes.Name(register.Type)} does not fit .{PtxTypes.Name(type)}"
            );
    }

    /// <summary>A literal's bits at a type's width.</summary>
    public IrOperand Literal(PtxOperand operand, IrType type)
    {
        var bits = IrTypes.Bits(type);
        var mask = bits == 64 ? ulong.MaxValue : (1UL << bits) - 1;
        switch (operand.Kind)
        {
            case PtxOperandKind.Integer when !IrTypes.IsFloat(type):
                return IrOperand.Immediate(type == IrType.Pred ? (operand.Bits == 0 ? 0UL : 1UL) : operand.Bits & mask);
            case PtxOperandKind.Single when bits == 32 && !IrTypes.IsPacked(type):
                return IrOperand.Immediate(operand.Bits);
            case PtxOperandKind.Double when bits == 64:
                return IrOperand.Immediate(operand.Bits);
            case PtxOperandKind.Double when type == IrType.F32:
                return IrOperand.Immediate(
                    BitConverter.SingleToUInt32Bits((float)BitConverter.UInt64BitsToDouble(operand.Bits))
                );
            default:
                throw Wrong($"the constant does not fit .{PtxTypes.Name(type)}");
        }
    }

    /// <summary>An address: base, offset, and the space in which the access happens.</summary>
    public (IrOperand Base, long Offset, IrSpace Space) Address(PtxOperand operand, IrSpace space)
    {
        if (operand.Kind != PtxOperandKind.Memory || operand.Items.Count != 1)
        {
            throw Wrong("an address in brackets is expected");
        }

        // Parameters of functions live in local memory (or in registers, decided later).
        var inFunction = !frame.Function.IsEntry;
        var name = operand.Items[0];
        if (name.Kind == PtxOperandKind.Integer)
        {
            return (IrOperand.Immediate(name.Bits), 0, space == IrSpace.Param && inFunction ? IrSpace.Local : space);
        }

        if (name.Kind != PtxOperandKind.Name || name.Negated)
        {
            throw Wrong("an address is a register, a variable or a constant, plus an offset");
        }

        var offset = (long)operand.Bits;
        var meaning = Find(name.Name);
        if (meaning.Kind == NameKind.Register)
        {
            var bits = builder.Registers[meaning.Index].Bits;
            var narrow = bits == 32 && space is IrSpace.Shared or IrSpace.Local or IrSpace.Const or IrSpace.Param;
            if (bits != 64 && !narrow)
            {
                throw Wrong($"'{name.Name}' is no 64-bit address");
            }

            return (
                IrOperand.Register(meaning.Index),
                offset,
                space == IrSpace.Param && inFunction ? IrSpace.Local : space
            );
        }

        if (meaning.Kind != NameKind.Symbol)
        {
            throw Wrong($"'{name.Name}' is no variable");
        }

        var symbol = builder.Symbols[meaning.Index];
        var matches =
            symbol.Space == space
            || (symbol.IsCallParameter && space == IrSpace.Param)
            || (space == IrSpace.Generic && symbol.Space == IrSpace.Global);
        if (!matches)
        {
            throw Wrong($"'{name.Name}' is not in the state space of the access");
        }

        return (IrOperand.Symbol(meaning.Index), offset, symbol.Space);
    }

    /// <summary>The meaning of a name, module variables included.</summary>
    public NameMeaning Find(string name)
    {
        var meaning = scope.Find(name);
        return meaning.Kind == NameKind.None ? module.Find(name, line) : meaning;
    }

    private IrOperand Name(PtxOperand operand, IrType type, bool wider, bool inMove)
    {
        if (SpecialRegisters.TryFind(operand.Name, out var special, out var bits) && operand.Bits == 0)
        {
            return Special(special, bits, type, inMove);
        }

        if (operand.Name is "%clock_hi" or "%globaltimer_hi" or "%globaltimer_lo" && operand.Bits == 0)
        {
            return TimerHalf(operand.Name, type);
        }

        var meaning = Find(operand.Name);
        switch (meaning.Kind)
        {
            case NameKind.Register when operand.Bits == 0:
                return Register(operand, type, wider);
            case NameKind.Register:
                throw Wrong($"'{operand.Name}' with an offset is no value; only addresses in brackets have one");
            case NameKind.Symbol:
                return SymbolAddress(meaning.Index, operand, type, inMove);
            case NameKind.Function when IrTypes.Bits(type) == 64 && operand.Bits == 0 && !IrTypes.IsFloat(type):
                return IrOperand.Immediate(FunctionHandle.Of(operand.Name));
            case NameKind.None when operand.Name.StartsWith('%') && operand.Name.Contains('.'):
                throw new PtxException($"unsupported special register '{operand.Name}'", line, unsupported: true);
            case NameKind.None:
                throw Wrong($"'{operand.Name}' is not declared");
            default:
                throw Wrong($"'{operand.Name}' is no value");
        }
    }

    private IrOperand Special(IrSpecial special, int bits, IrType type, bool inMove)
    {
        var width = IrTypes.Bits(type);
        if (width != bits && !(special == IrSpecial.GridId && width == 32))
        {
            throw Wrong($"a special register of {bits} bits does not fit .{PtxTypes.Name(type)}");
        }

        return inMove ? IrOperand.Special(special) : Materialise(IrOperand.Special(special), width);
    }

    private IrOperand Materialise(IrOperand value, int bits)
    {
        var temporary = builder.Temporary(PtxTypes.Untyped(bits));
        builder.Move(PtxTypes.Untyped(bits), temporary, value, line);
        return temporary;
    }

    private IrOperand TimerHalf(string name, IrType type)
    {
        if (IrTypes.Bits(type) != 32)
        {
            throw Wrong($"'{name}' has 32 bits");
        }

        var whole = builder.Temporary(IrType.B64);
        builder.Move(
            IrType.B64,
            whole,
            IrOperand.Special(name[1] == 'c' ? IrSpecial.Clock64 : IrSpecial.GlobalTimer),
            line
        );
        var half = builder.Temporary(IrType.B32);
        builder.Emit(
            new IrInstruction
            {
                Op = IrOp.Unpack,
                Type = IrType.B64,
                DestType = IrType.B32,
                Dests = name.EndsWith("_hi", StringComparison.Ordinal)
                    ? [IrOperand.None, half]
                    : [half, IrOperand.None],
                Sources = [whole],
                Line = line,
            }
        );
        return half;
    }

    private IrOperand SymbolAddress(int index, PtxOperand operand, IrType type, bool inMove)
    {
        var symbol = builder.Symbols[index];
        var bits = IrTypes.Bits(type);
        var narrow = bits == 32 && symbol.Space is IrSpace.Shared or IrSpace.Local or IrSpace.Param;
        if ((bits != 64 && !narrow) || IrTypes.IsFloat(type))
        {
            throw Wrong($"the address of '{operand.Name}' does not fit .{PtxTypes.Name(type)}");
        }

        var address = IrOperand.Symbol(index, operand.Bits);
        return inMove ? address : Materialise(address, bits);
    }

    private PtxException Wrong(string reason) => new(reason, line);
}
