using System.Globalization;
using Weir.Kernels.Ir;

namespace Weir.Kernels.Codegen;

/// <summary>
/// Arithmetic rounded towards zero or an infinity. The processor has these roundings as a mode; one piece of assembler sets it, does
/// the operation, and sets it back, so that nothing else ever runs in it.
/// </summary>
internal sealed class DirectedArithmetic(KernelContext context)
{
    /// <summary>The modes, as the module names them.</summary>
    public const string Modes = """
        @round_nearest = internal constant i32 8064
        @round_down = internal constant i32 16256
        @round_up = internal constant i32 24448
        @round_zero = internal constant i32 32640

        """;

    private LaneBuilder B => context.B;

    /// <summary>True for a rounding that only this class does.</summary>
    public static bool Is(IrRounding rounding) => rounding is IrRounding.Rz or IrRounding.Rm or IrRounding.Rp;

    /// <summary>add, sub, mul, div or sqrt.</summary>
    public Value Apply(string mnemonic, IrRounding rounding, params Value[] operands)
    {
        string inputs = string.Join(", ", Enumerable.Range(1, operands.Length).Reverse().Select(n => $"${n}"));
        return InChunks(rounding, operands, suffix => $"v{mnemonic}{suffix} {inputs}, $0", "=x");
    }

    /// <summary>a · b + c.</summary>
    public Value Fused(IrRounding rounding, Value a, Value b, Value c) =>
        InChunks(rounding, [a, b, c], suffix => $"vfmadd213{suffix} $3, $2, $0", "=&x", tied: true);

    private Value InChunks(
        IrRounding rounding,
        Value[] operands,
        Func<string, string> line,
        string result,
        bool tied = false
    )
    {
        string element = operands[0].Type;
        bool vector = Array.Exists(operands, operand => operand.IsVector);
        string kind = (vector ? "p" : "s") + (element == "double" ? "d" : "s");
        string inputs = string.Concat(operands.Select((_, n) => n == 0 && tied ? ",0" : ",x"));
        int first = operands.Length + 1;
        string Assembler(string type, IEnumerable<string> values) =>
            $"call {type} asm \"vldmxcsr ${first}\\0A\\09{line(kind)}\\0A\\09vldmxcsr ${first + 1}\", "
            + $"\"{result}{inputs},*m,*m\"({string.Join(", ", values.Select(value => $"{type} {value}"))}, "
            + $"ptr elementtype(i32) @{Mode(rounding)}, ptr elementtype(i32) @round_nearest)";
        if (!vector)
        {
            return B.Assign(Assembler(element, operands.Select(operand => operand.Text)), element, false);
        }
        int width = (HostTarget.Instance.HasAvx512 ? 512 : 256) / operands[0].Bits;
        Value[] spread = Array.ConvertAll(operands, B.Splat);
        if (width >= B.Lanes)
        {
            return B.Assign(Assembler(B.VectorOf(element), spread.Select(value => value.Text)), element, true);
        }
        string type = $"<{width} x {element}>";
        List<(string Text, int Width)> parts = [];
        for (int start = 0; start < B.Lanes; start += width)
        {
            int from = start;
            IEnumerable<string> picked = spread.Select(value =>
                B.Assign(
                    $"shufflevector {B.Arg(value)}, {B.VectorOf(element)} poison, {Places(from, width)}",
                    element,
                    true
                ).Text
            );
            parts.Add((B.Assign(Assembler(type, picked.ToList()), element, true).Text, width));
        }
        while (parts.Count > 1)
        {
            List<(string, int)> joined = [];
            for (int p = 0; p < parts.Count; p += 2)
            {
                int half = parts[p].Width;
                string spelled = $"<{half} x {element}>";
                string text = B.Assign(
                    $"shufflevector {spelled} {parts[p].Text}, {spelled} {parts[p + 1].Text}, {Places(0, 2 * half)}",
                    element,
                    true
                ).Text;
                joined.Add((text, 2 * half));
            }
            parts = joined;
        }
        return new Value(parts[0].Text, element, true);
    }

    private static string Places(int from, int count)
    {
        IEnumerable<string> places = Enumerable
            .Range(from, count)
            .Select(n => "i32 " + n.ToString(CultureInfo.InvariantCulture));
        return $"<{count} x i32> <{string.Join(", ", places)}>";
    }

    private static string Mode(IrRounding rounding) =>
        rounding switch
        {
            IrRounding.Rm => "round_down",
            IrRounding.Rp => "round_up",
            _ => "round_zero",
        };
}
