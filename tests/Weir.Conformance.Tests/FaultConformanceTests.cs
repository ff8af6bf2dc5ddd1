using Weir.Kernels.Abi;
using Weir.Oracle;
using Xunit;

namespace Weir.Conformance.Tests;

/// <summary>What is a fault on the oracle is the same fault, in the same line, in machine code.</summary>
public class FaultConformanceTests
{
    /// <summary>Eleven lines; the body's first is line 12.</summary>
    private const string Head =
        ".version 7.0\n.target sm_70\n.address_size 64\n.visible .entry k(.param .u64 p)\n{\n"
        + ".reg .b32 %r<4>;\n.reg .f32 %f<2>;\n.reg .b64 %rd<4>;\n.reg .pred %p<3>;\nld.param.u64 %rd1, [p];\nmov.u32 %r2, %tid.x;\n";

    [Theory]
    [InlineData("ld.global.u32 %r1, [%rd1+1048576];", KernelFault.IllegalAddress, 12)]
    [InlineData("mov.u64 %rd2, 0;\nst.u8 [%rd2], %r1;", KernelFault.IllegalAddress, 13)]
    [InlineData("mov.u64 %rd2, -16;\nld.global.v2.u64 {%rd2, %rd3}, [%rd2];", KernelFault.IllegalAddress, 13)]
    [InlineData("ld.global.u32 %r1, [%rd1+2];", KernelFault.MisalignedAddress, 12)]
    [InlineData(
        "setp.eq.u32 %p1, %r2, 7;\n@%p1 add.s64 %rd1, %rd1, 1;\natom.global.add.u32 %r1, [%rd1], 1;",
        KernelFault.MisalignedAddress,
        14
    )]
    [InlineData("setp.eq.u32 %p1, %r2, 40;\n@%p1 trap;", KernelFault.Trap, 13)]
    [InlineData("tex.2d.v4.f32.f32 {%r1, %r1, %r1, %r1}, [%rd1, {%f1, %f1}];", KernelFault.BadTexture, 12)]
    [InlineData(
        "setp.lt.u32 %p1, %r2, 32;\n@%p1 bra L;\nbar.sync 1;\nbra.uni M;\nL:\nbar.sync 2;\nM:",
        KernelFault.BarrierDeadlock,
        0
    )]
    [InlineData(".shared .b32 s[4];\nmov.u32 %r1, 4096;\nst.shared.u32 [%r1], %r1;", KernelFault.IllegalAddress, 14)]
    public void Kind_and_line_are_reported(string body, KernelFault fault, int line)
    {
        using var arena = new Arena();
        var run = new KernelCase
        {
            Ptx = Head + body + "\nret;\n}",
            Entry = "k",
            Block = new Dim3(64),
            ArenaBase = arena.Base,
        }.Buffer(new byte[64], out _);
        var expected = Assert.Throws<OracleFault>(() => run.RunOnOracle());
        Assert.EndsWith(expected.Kind.ToString(), fault.ToString());
        Assert.Equal(line, expected.Line);
        var result = CompiledKernels.Run(run, arena);
        Assert.Equal((fault, line), (result.Fault, result.Line));
    }
}
