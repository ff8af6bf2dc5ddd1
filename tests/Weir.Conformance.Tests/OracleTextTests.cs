using Weir.Oracle;
using Xunit;

namespace Weir.Conformance.Tests;

/// <summary>The oracle reads real PTX and knows every instruction in it.</summary>
public class OracleTextTests
{
    [Fact]
    public void Every_kernel_of_ffmpeg_is_understood()
    {
        var kernels = 0;
        foreach (var text in FfmpegModules.All)
        {
            var module = OracleModule.Parse(text);
            kernels += module.Entries.Count;
            module.CheckInstructions();
        }
        Assert.Equal(5, FfmpegModules.All.Count);
        Assert.True(kernels > 300, $"{kernels} kernels");
    }

    [Theory]
    [InlineData("saxpy.cu.ptx")]
    [InlineData("gemm.cu.ptx")]
    [InlineData("reduce.cu.ptx")]
    public void Samples_are_understood(string file) => OracleModule.Parse(KernelText.Of(file)).CheckInstructions();

    [Fact]
    public void Unknown_instructions_and_modifiers_are_refused_with_their_line()
    {
        const string Frame = ".version 7.0\n.target sm_70\n.address_size 64\n.visible .entry k() {\n.reg .b32 %r<3>;\n";
        var unknown = OracleModule.Parse(Frame + "frobnicate.b32 %r1, %r2;\nret; }");
        Assert.Contains("line 6", Assert.Throws<OracleSyntaxException>(unknown.CheckInstructions).Message);
        var modifier = OracleModule.Parse(Frame + "add.odd.s32 %r1, %r2, %r2;\nret; }");
        Assert.Contains(".odd", Assert.Throws<OracleSyntaxException>(modifier.CheckInstructions).Message);
        Assert.Throws<OracleSyntaxException>(() => OracleModule.Parse(Frame + "add.s32 %r1, %r2"));
    }
}
