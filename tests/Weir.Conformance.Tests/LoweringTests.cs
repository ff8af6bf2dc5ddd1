using System.Text;
using Weir.Kernels;
using Weir.Kernels.Ptx;
using Xunit;

namespace Weir.Conformance.Tests;

/// <summary>The front end accepts all that the conformance tests compare.</summary>
public class LoweringTests
{
    [Fact]
    public void Every_instruction_form_is_lowered()
    {
        var refused = new List<string>();
        foreach (var form in InstructionForms.All.Where(f => !InstructionForms.IsRefused(f)))
        {
            Lower(form.Kernel(), form.ToString(), refused);
        }
        Assert.Empty(refused);
    }

    [Fact]
    public void Every_kernel_program_is_lowered()
    {
        var refused = new List<string>();
        foreach (var text in KernelPrograms.All.Values.Select(k => k(0).Ptx).Distinct())
        {
            Lower(text, "", refused);
        }
        Assert.Empty(refused);
    }

    [Fact]
    public void Every_kernel_of_ffmpeg_is_lowered()
    {
        var refused = new List<string>();
        foreach (var text in FfmpegModules.All)
        {
            Lower(text, "", refused);
        }
        Assert.Empty(refused);
    }

    private static void Lower(string ptx, string what, List<string> refused)
    {
        try
        {
            var module = PtxModule.Parse(Encoding.UTF8.GetBytes(ptx));
            foreach (var entry in module.Entries)
            {
                module.Lower(entry.Name);
            }
        }
        catch (PtxException e)
        {
            refused.Add($"{what}: {e.Message}");
        }
    }
}
