using Weir.Kernels.Ir;
using Xunit;

namespace Weir.Kernels.Tests.Lowering;

/// <summary>The verifier refuses what no text can make.</summary>
public sealed class VerifierTests
{
    private static readonly IrInstruction End = new() { Op = IrOp.Ret };

    public static TheoryData<string, Func<IrInstruction>> Broken =>
        new()
        {
            { "width", () => Add(0, 1, 2) },
            { "missing register", () => Add(0, 0, 9) },
            { "operand too few", () => Add(0, 0, 0) with { Sources = [IrOperand.Register(0)] } },
            {
                "immediate too wide",
                () => Add(0, 0, 0) with { Sources = [IrOperand.Register(0), IrOperand.Immediate(1UL << 32)] }
            },
            { "guard", () => Add(0, 0, 0) with { Guard = IrOperand.Register(0) } },
            {
                "negated value",
                () => Add(0, 0, 0) with { Sources = [IrOperand.Register(0, true), IrOperand.Register(0)] }
            },
            {
                "special register",
                () => Add(0, 0, 0) with { Sources = [IrOperand.Special(IrSpecial.TidX), IrOperand.Register(0)] }
            },
            { "result", () => Add(0, 0, 0) with { Dests = [IrOperand.Immediate(1)] } },
            { "address", () => Add(0, 0, 0) with { Address = IrOperand.Register(1) } },
            {
                "no address",
                () =>
                    new IrInstruction
                    {
                        Op = IrOp.Ld,
                        Type = IrType.U32,
                        Dests = [IrOperand.Register(0)],
                    }
            },
            {
                "target",
                () =>
                    new IrInstruction { Op = IrOp.Bra, Target = 2 }
            },
            { "target of none", () => Add(0, 0, 0) with { Target = 0 } },
        };

    [Theory]
    [MemberData(nameof(Broken))]
    public void Broken_operations_are_refused(string what, Func<IrInstruction> make)
    {
        var error = Assert.Throws<PtxException>(() =>
            IrVerifier.Verify(Function([new IrBlock(0, [make()]), new IrBlock(1, [End])]))
        );
        Assert.False(string.IsNullOrEmpty(what) || error.Unsupported);
    }

    [Fact]
    public void Blocks_must_end_and_hold_control_flow_last()
    {
        IrVerifier.Verify(Function([new IrBlock(0, [Add(0, 0, 0)]), new IrBlock(1, [End])]));
        Assert.Throws<PtxException>(() => IrVerifier.Verify(Function([])));
        Assert.Throws<PtxException>(() => IrVerifier.Verify(Function([new IrBlock(0, [])])));
        Assert.Throws<PtxException>(() => IrVerifier.Verify(Function([new IrBlock(1, [End])])));
        Assert.Throws<PtxException>(() => IrVerifier.Verify(Function([new IrBlock(0, [End, End])])));
        Assert.Throws<PtxException>(() => IrVerifier.Verify(Function([new IrBlock(0, [Add(0, 0, 0)])])));
    }

    private static IrInstruction Add(int d, int a, int b) =>
        new()
        {
            Op = IrOp.Add,
            Type = IrType.S32,
            Dests = [IrOperand.Register(d)],
            Sources = [IrOperand.Register(a), IrOperand.Register(b)],
            Line = 1,
        };

    private static IrFunction Function(IReadOnlyList<IrBlock> blocks) =>
        new()
        {
            Name = "k",
            Registers =
            [
                new IrRegister("%r0", IrType.B32),
                new IrRegister("%d0", IrType.B64),
                new IrRegister("%p0", IrType.Pred),
            ],
            Symbols = [],
            Blocks = blocks,
            Parameters = [],
        };
}
