using Weir.Kernels.Codegen;
using Weir.Kernels.Ir;
using Weir.Kernels.Lowering;
using Weir.Kernels.Tests.Ptx;
using Xunit;

namespace Weir.Kernels.Tests.Lowering;

public sealed class FormTests
{
    public static TheoryData<string> Opcodes => [.. InstructionTable.All.Select(f => f.Opcode).Distinct().Order()];

    [Theory]
    [MemberData(nameof(Opcodes))]
    public void Every_form_lowers_or_says_why_not(string opcode)
    {
        var lowered = 0;
        foreach (var form in InstructionTable.Of(opcode))
        {
            foreach (var text in FormTexts.Of(form))
            {
                try
                {
                    Lower(text);
                    lowered++;
                }
                catch (PtxException e) when (form.Check is not null)
                {
                    Assert.StartsWith($"line {Texts.BodyLine}: {text.Split(' ')[0].TrimEnd(';')}: ", e.Message);
                }
            }
        }

        Assert.True(lowered > 0);
    }

    [Theory]
    [MemberData(nameof(Opcodes))]
    public void Every_form_can_be_compiled(string opcode)
    {
        // What the code generator cannot do must be refused when a kernel is lowered, since that is when it is loaded.
        foreach (var text in InstructionTable.Of(opcode).ToArray().SelectMany(FormTexts.Of).Distinct())
        {
            IrFunction function;
            try
            {
                function = Lower(text);
            }
            catch (PtxException)
            {
                continue;
            }

            KernelCompiler.EmitModule(function);
        }
    }

    [Theory]
    [MemberData(nameof(Opcodes))]
    public void A_modifier_that_is_not_in_the_table_is_refused(string opcode)
    {
        foreach (var form in InstructionTable.Of(opcode))
        {
            var text = FormTexts.Of(form).First();
            var end = text.IndexOf(' ');
            foreach (var bad in new[] { text.Insert(end, ".fancy"), text.Insert(opcode.Length, ".fancy") })
            {
                var error = Assert.Throws<PtxException>(() => Lower(bad));
                Assert.True(error.Unsupported, error.Message);
                Assert.Equal(Texts.BodyLine, error.Line);
                Assert.Contains(".fancy", error.Message);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Opcodes))]
    public void An_operand_too_many_is_an_error(string opcode)
    {
        foreach (var form in InstructionTable.Of(opcode))
        {
            var text = FormTexts.Of(form).First();
            var more = form.Operands.Count == 0 ? text.Replace(";", "%r1, %r2;") : text.Replace(";", ", %r1, %r2;");
            Assert.Equal(Texts.BodyLine, Assert.Throws<PtxException>(() => Lower(more)).Line);
        }
    }

    [Fact]
    public void Widths_of_registers_must_fit()
    {
        // Each register that an operation's type decides is replaced by one of another width.
        foreach (var form in InstructionTable.All.Where(f => f.Rule == LoweringRule.Plain))
        {
            var text = FormTexts.Of(form).First();
            for (var i = 0; i < form.Operands.Count; i++)
            {
                if (
                    form.Operands[i].Wider
                    || form.Operands[i].Role is OperandRole.Constant or OperandRole.Address or OperandRole.DestVector
                )
                {
                    continue;
                }

                var operands = text[(text.IndexOf(' ') + 1)..^1].Split(", ");
                operands[i] = "%c1";
                var bad = $"{text[..text.IndexOf(' ')]} {string.Join(", ", operands)};";
                Assert.Contains("does not fit", Assert.Throws<PtxException>(() => Lower(bad)).Message);
            }
        }
    }

    private static IrFunction Lower(string text) =>
        Texts.Lower($"{text}\nTABLE: .branchtargets END;\nEND: ret;", ".func callee() { ret; }");
}
