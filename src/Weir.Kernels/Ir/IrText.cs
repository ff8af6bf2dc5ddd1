using System.Globalization;
using System.Text;

namespace Weir.Kernels.Ir;

/// <summary>The intermediate form as text for people; nothing reads it back.</summary>
public static class IrText
{
    /// <summary>Writes a kernel: a line per operation, with the PTX line that it comes from.</summary>
    public static string Write(IrFunction function)
    {
        StringBuilder text = new();
        text.Append(CultureInfo.InvariantCulture, $"kernel {function.Name}\n");
        foreach (IrSymbol symbol in function.Symbols)
        {
            text.Append(
                CultureInfo.InvariantCulture,
                $"  {symbol.Space.ToString().ToLowerInvariant()} {symbol.Name}: {symbol.SizeBytes} bytes at {symbol.Offset}\n"
            );
        }
        foreach (IrBlock block in function.Blocks)
        {
            text.Append(CultureInfo.InvariantCulture, $"block {block.Index}:\n");
            foreach (IrInstruction instruction in block.Instructions)
            {
                string line = Write(function, instruction);
                text.Append(CultureInfo.InvariantCulture, $"  {line, -60} ; line {instruction.Line}\n");
            }
        }
        return text.ToString();
    }

    private static string Write(IrFunction function, IrInstruction i)
    {
        StringBuilder text = new();
        if (!i.Guard.IsNone)
        {
            text.Append('@').Append(Operand(function, i.Guard)).Append(' ');
        }
        if (i.Dests.Count > 0)
        {
            text.AppendJoin(", ", i.Dests.Select(dest => Operand(function, dest))).Append(" = ");
        }
        text.Append(i.Op.ToString().ToLowerInvariant());
        foreach (string modifier in Modifiers(i))
        {
            text.Append('.').Append(modifier);
        }
        List<string> operands = [];
        if (!i.Address.IsNone)
        {
            string offset = i.AddressOffset == 0 ? "" : i.AddressOffset.ToString("+0;-0", CultureInfo.InvariantCulture);
            operands.Add($"[{Operand(function, i.Address)}{offset}]");
        }
        operands.AddRange(i.Sources.Select(source => Operand(function, source)));
        if (i.Target >= 0)
        {
            operands.Add("block " + i.Target.ToString(CultureInfo.InvariantCulture));
        }
        return operands.Count == 0 ? text.ToString() : text.Append(' ').AppendJoin(", ", operands).ToString();
    }

    private static IEnumerable<string> Modifiers(IrInstruction i)
    {
        (bool Said, string Name)[] all =
        [
            (i.Op == IrOp.System, Name(i.Service)),
            (i.Depth > 0, "m16n8k" + i.Depth.ToString(CultureInfo.InvariantCulture)),
            (i.Barrier != default, Name(i.Barrier)),
            (i.Space != default, Name(i.Space)),
            (i.Atomic != default, Name(i.Atomic)),
            (i.Shuffle != default, Name(i.Shuffle)),
            (i.VoteMode != default, Name(i.VoteMode)),
            (i.Compare != default, Name(i.Compare)),
            (i.Combine != default, Name(i.Combine)),
            (i.TestP != default, Name(i.TestP)),
            (i.PrmtMode != default, Name(i.PrmtMode)),
            (i.Geometry != default, Name(i.Geometry)),
            (i.Order != default, Name(i.Order)),
            (i.Part != default, Name(i.Part)),
            (i.Rounding != default, Name(i.Rounding)),
            (i.Ftz, "ftz"),
            (i.Saturate, "sat"),
            (i.Relu, "relu"),
            (i.CarryIn, "carryin"),
            (i.CarryOut, "carryout"),
            (i.Flag, "flag"),
            (i.DestType != default, Name(i.DestType)),
            (i.Type != default, Name(i.Type)),
        ];
        return all.Where(modifier => modifier.Said).Select(modifier => modifier.Name);
    }

    private static string Name(Enum value) => value.ToString().ToLowerInvariant();

    private static string Operand(IrFunction function, IrOperand operand) =>
        operand.Kind switch
        {
            IrOperandKind.Register => (operand.Negated ? "!" : "") + function.Registers[operand.Index].Name,
            IrOperandKind.Immediate => "0x" + operand.Bits.ToString("x", CultureInfo.InvariantCulture),
            IrOperandKind.Special => "%" + ((IrSpecial)operand.Index).ToString().ToLowerInvariant(),
            IrOperandKind.Symbol => function.Symbols[operand.Index].Name
                + (operand.Bits == 0 ? "" : "+" + operand.Bits.ToString(CultureInfo.InvariantCulture)),
            _ => "_",
        };
}
