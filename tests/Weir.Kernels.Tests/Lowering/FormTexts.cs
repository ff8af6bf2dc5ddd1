using Weir.Kernels.Ir;
using Weir.Kernels.Lowering;

namespace Weir.Kernels.Tests.Lowering;

/// <summary>Writes instructions that fit a form: every value of every slot occurs, with operands that fit.</summary>
internal static class FormTexts
{
    /// <summary>Instructions of a form, with the slots' values.</summary>
    public static IEnumerable<string> Of(InstructionForm form)
    {
        // All values of one slot with the first of the others: what depends on two slots is covered by their own tests.
        var first = form.Slots.Select(s => s.Optional ? null : s.Values.Order().First()).ToArray();
        yield return Write(form, first);
        for (var i = 0; i < form.Slots.Count; i++)
        {
            foreach (var value in form.Slots[i].Values.Order())
            {
                var values = (string?[])first.Clone();
                values[i] = value;
                yield return Write(form, values);
            }
        }
    }

    private static string Write(InstructionForm form, string?[] values)
    {
        var instruction = new IrInstruction { Op = form.Op };
        var vector = 1;
        for (var i = 0; i < values.Length; i++)
        {
            if (values[i] is { } value)
            {
                instruction = ModifierSlots.Apply(instruction, form.Slots[i].Name, value);
                vector = form.Slots[i].Name == "vec" ? value[1] - '0' : vector;
            }
        }

        var mnemonic = form.Opcode + string.Concat(values.Where(v => v is not null).Select(v => "." + v));
        var operands = form.Rule switch
        {
            LoweringRule.Move => $"{Register(instruction.Type, 1)}, {Register(instruction.Type, 2)}",
            LoweringRule.Branch => "END",
            LoweringRule.BranchIndexed => "%r1, TABLE",
            LoweringRule.Call => "callee",
            LoweringRule.Return => "",
            LoweringRule.Texture => $"{{{Many(instruction.DestType, 4)}}}, [%d1, {{{Coordinates(instruction)}}}]",
            LoweringRule.AsyncCopy => "[%r1+16], [%d1+16], 16",
            LoweringRule.LoadMatrix => $"{{{Many(IrType.B32, Matrices(form, values))}}}, "
                + (instruction.Space == IrSpace.Shared ? "[%r1+16]" : "[%d1+16]"),
            LoweringRule.MultiplyMatrix => Fragments(form.Fix?.Invoke(instruction) ?? instruction),
            _ => string.Join(", ", form.Operands.Select((spec, n) => Operand(spec, instruction, vector, n))),
        };
        return $"{mnemonic} {operands};";
    }

    private static int Matrices(InstructionForm form, string?[] values) =>
        values[form.Slots.ToList().FindIndex(slot => slot.Name == "num")]![1] - '0';

    private static string Fragments(IrInstruction instruction)
    {
        var bits = instruction.Depth * IrTypes.Bits(instruction.Type);
        var sums = instruction.DestType == IrType.F16 ? Many(IrType.B32, 2) : Many(instruction.DestType, 4);
        return $"{{{sums}}}, {{{Many(IrType.B32, bits / 64)}}}, {{{Many(IrType.B32, bits / 128)}}}, {{{sums}}}";
    }

    private static string Coordinates(IrInstruction instruction) =>
        instruction.Geometry switch
        {
            IrGeometry.D1 => Register(instruction.Type, 1),
            IrGeometry.D2 => Many(instruction.Type, 2),
            IrGeometry.D3 => Many(instruction.Type, 4),
            IrGeometry.A1 => $"%r1, {Register(instruction.Type, 1)}",
            _ => $"%r1, {Many(instruction.Type, 3)}",
        };

    private static string Operand(OperandSpec spec, IrInstruction instruction, int vector, int n)
    {
        var type = spec.Resolve(instruction);
        return spec.Role switch
        {
            OperandRole.DestPair => $"{Register(type, 1)}|%p7",
            OperandRole.DestVector or OperandRole.SourceVector when vector > 1 => $"{{{Many(type, vector)}}}",
            OperandRole.Predicate => "!%p1",
            OperandRole.Address => Address(instruction.Space),
            OperandRole.Constant => "3",
            _ => Register(type, n + 1),
        };
    }

    private static string Address(IrSpace space) => space == IrSpace.Param ? "[a]" : "[%d1+16]";

    private static string Many(IrType type, int count) =>
        string.Join(", ", Enumerable.Range(1, count).Select(n => Register(type, n)));

    private static string Register(IrType type, int n) =>
        IrTypes.Bits(type) switch
        {
            1 => "%p",
            8 => "%h",
            16 => "%h",
            32 => type == IrType.F32 ? "%f" : "%r",
            _ => type == IrType.F64 ? "%g" : "%d",
        } + n;
}
