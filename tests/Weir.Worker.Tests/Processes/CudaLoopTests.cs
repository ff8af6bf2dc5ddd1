using System.Diagnostics;
using Weir.Worker.Tests.Support;

namespace Weir.Worker.Tests.Processes;

/// <summary>
/// The back end for real drivers without one: its driver is Weir's own library, attached to a software device. All that
/// is proven is the seam, which is what it is for.
/// </summary>
public class CudaLoopTests
{
    [Theory]
    [InlineData("saxpy")]
    [InlineData("gemm")]
    [InlineData("reduce")]
    public void Programs_run_on_a_driver_behind_a_driver(string sample)
    {
        string program = Path.Combine(AppContext.BaseDirectory, $"{sample}-{Guid.NewGuid():N}");
        string source = Path.Combine(WeirRun.Root, "samples", sample + ".c");
        Assert.Equal(0, Run(new ProcessStartInfo("gcc", ["-O2", source, "-o", program, "-ldl", "-lm"])).ExitCode);
        ProcessStartInfo start = WeirRun.Command([
            "--launch",
            "--device",
            "software",
            "--",
            "env",
            $"WEIR_CUDA_DRIVER={Path.Combine(WeirRun.Artifacts, "shim", "libweir.so")}",
            WeirRun.Worker,
            "--launch",
            "--device",
            "cuda",
            "--",
            program,
        ]);
        (int code, string text) = Run(start);
        Assert.True(code == 0, text);
    }

    [Fact]
    public void A_driver_that_is_none_leaves_the_program_without_a_device()
    {
        ProcessStartInfo start = WeirRun.Command(["--describe", "--device", "cuda"]);
        start.Environment["WEIR_CUDA_DRIVER"] = "/etc/passwd";
        (int code, string text) = Run(start);
        Assert.Equal(0, code);
        Assert.Contains("\"devices\":[]", text);
        Assert.Contains("/etc/passwd", text);
    }

    private static (int ExitCode, string Text) Run(ProcessStartInfo start)
    {
        start.RedirectStandardInput = true;
        start.RedirectStandardOutput = true;
        start.RedirectStandardError = true;
        using Process process = Process.Start(start)!;
        process.StandardInput.Close();
        Task<string> errors = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output + errors.Result);
    }
}
