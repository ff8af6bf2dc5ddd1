using Weir.Oracle;
using Xunit;

namespace Weir.Conformance.Tests;

/// <summary>What a kernel must not do ends with a fault that names the line.</summary>
public class OracleFaultTests
{
    private const string Head =
        ".version 7.0\n.target sm_70\n.address_size 64\n.visible .entry k(.param .u64 p)\n{\n.reg .b32 %r<4>;\n.reg .b64 %rd<4>;\n.reg .pred %p<3>;\n";

    private static OracleFault Fault(string body, int threads = 32)
    {
        var run = new KernelCase
        {
            Ptx = Head + body + "\nret;\n}",
            Entry = "k",
            Block = new Dim3((uint)threads),
            MaxSteps = 100_000,
        }.Buffer(new byte[64], out _);
        return Assert.Throws<OracleFault>(() => run.RunOnOracle());
    }

    [Theory]
    [InlineData("ld.param.u64 %rd1, [p];\nld.global.u32 %r1, [%rd1+64];", OracleFaultKind.IllegalAddress, 10)]
    [InlineData("ld.param.u64 %rd1, [p];\nst.global.u32 [%rd1-4], %r1;", OracleFaultKind.IllegalAddress, 10)]
    [InlineData("mov.u64 %rd1, 0;\nld.u8 %r1, [%rd1];", OracleFaultKind.IllegalAddress, 10)]
    [InlineData("ld.param.u64 %rd1, [p];\nld.global.u32 %r1, [%rd1+2];", OracleFaultKind.MisalignedAddress, 10)]
    [InlineData(".shared .b32 s;\nst.shared.u32 [s+4], %r1;", OracleFaultKind.IllegalAddress, 10)]
    [InlineData("mov.u32 %r1, %tid.x;\nsetp.eq.u32 %p1, %r1, 3;\n@%p1 trap;", OracleFaultKind.Trap, 11)]
    public void Names_kind_and_line(string body, OracleFaultKind kind, int line)
    {
        var fault = Fault(body);
        Assert.Equal(kind, fault.Kind);
        Assert.Equal(line, fault.Line);
    }

    [Fact]
    public void A_barrier_that_part_of_the_threads_never_reaches_is_a_deadlock()
    {
        Assert.Equal(
            OracleFaultKind.Deadlock,
            Fault("mov.u32 %r1, %tid.x;\nsetp.lt.u32 %p1, %r1, 32;\n@%p1 bar.sync 1;\n@!%p1 bar.sync 2;", 64).Kind
        );
    }

    [Fact]
    public void A_loop_without_end_is_given_up() => Assert.Equal(OracleFaultKind.TooLong, Fault("L: bra L;").Kind);
}
