using Weir.Kernels;
using Weir.Kernels.Abi;
using Weir.Oracle;
using Xunit;

namespace Weir.Conformance.Tests;

/// <summary>Every instruction form, compiled, over corner and random operands, against the oracle: byte-identical.</summary>
public class InstructionConformanceTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Compiled_forms_give_what_the_oracle_gives(int part)
    {
        var wrong = new List<string>();
        var forms = InstructionForms.All.Where(f => !InstructionForms.IsRefused(f)).ToArray();
        for (var i = part; i < forms.Length; i += 4)
        {
            if (Difference(forms[i], seed: i) is { } difference)
            {
                wrong.Add($"{forms[i]}: {difference}");
            }
        }
        Assert.True(wrong.Count == 0, $"{wrong.Count} forms:\n{string.Join('\n', wrong)}");
    }

    [Fact]
    public void Forms_that_are_not_supported_yet_are_refused()
    {
        foreach (var form in InstructionForms.All.Where(InstructionForms.IsRefused))
        {
            var refusal = Assert.Throws<PtxException>(() => CompiledKernels.Compile(form.Kernel(), "apply"));
            Assert.True(refusal.Unsupported, form.ToString());
            Assert.True(refusal.Line > 0, form.ToString());
        }
    }

    private static string? Difference(InstructionForm form, int seed)
    {
        using var arena = new Arena();
        var run = form.Case(1000, seed, arena.Base, out var results, out var seconds);
        var expected = run.RunOnOracle();
        CompiledResult actual;
        try
        {
            actual = CompiledKernels.Run(run, arena);
        }
        catch (PtxException refusal)
        {
            return $"refused: {refusal.Message}";
        }
        if (actual.Fault != KernelFault.None)
        {
            return $"ended with {actual.Fault} in line {actual.Line}";
        }
        var rows = form.Operands(1000, seed);
        var width = expected[results].Length / rows.Count;
        for (var i = 0; i < rows.Count; i++)
        {
            var want = Value(expected[results], i, width);
            var have = Value(actual.Buffers[results], i, width);
            if (
                want != have
                && !(form.AnyNaN && SoftFloat.Of(form.Result) is var format && format.IsNaN(want) && format.IsNaN(have))
            )
            {
                return $"of {string.Join(' ', rows[i].Select(v => v.ToString("x")))}: {want:x} expected, {have:x} found";
            }
        }
        return expected[seconds].AsSpan().SequenceEqual(actual.Buffers[seconds]) ? null : "second results differ";
    }

    private static ulong Value(byte[] bytes, int index, int width)
    {
        var eight = new byte[8];
        bytes.AsSpan(index * width, width).CopyTo(eight);
        return BitConverter.ToUInt64(eight);
    }
}
