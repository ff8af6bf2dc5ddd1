using System.Collections.Frozen;

namespace Weir.Kernels.Lowering;

/// <summary>All instructions that are accepted. What is not here is refused, with its text and line.</summary>
internal static class InstructionTable
{
    private static readonly FrozenDictionary<string, InstructionForm[]> ByOpcode = ArithmeticForms
        .All.Concat(FloatForms.All)
        .Concat(BitForms.All)
        .Concat(CompareForms.All)
        .Concat(ConversionForms.All)
        .Concat(MemoryForms.All)
        .Concat(ThreadForms.All)
        .Concat(ControlForms.All)
        .GroupBy(form => form.Opcode)
        .ToFrozenDictionary(group => group.Key, group => group.ToArray());

    /// <summary>Every form, by opcode.</summary>
    public static IEnumerable<InstructionForm> All => ByOpcode.Values.SelectMany(forms => forms);

    /// <summary>The forms of an opcode; empty when it is not supported at all.</summary>
    public static ReadOnlySpan<InstructionForm> Of(string opcode) =>
        ByOpcode.TryGetValue(opcode, out var forms) ? forms : [];
}
