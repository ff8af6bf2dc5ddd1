namespace Weir.EndToEnd;

/// <summary>The demo in its short form, from the command line to the picture.</summary>
public class DemoTests
{
    [Fact]
    public void The_demo_passes_and_leaves_a_picture()
    {
        string folder = WeirInstallation.NewFolder();
        var environment = new Dictionary<string, string?>(ClientRun.Environment) { ["WEIR_ROOT"] = folder };
        ProgramRun run = ProgramRun
            .Start("dotnet", [WeirInstallation.Cli, "demo", "--quick", "--device", "software"], null, environment)
            .Succeeded();
        foreach (string program in (string[])["saxpy", "gemm", "reduce", "scale_cuda", "yadif_cuda"])
        {
            Assert.Contains(program, run.Text);
        }
        byte[] picture = File.ReadAllBytes(Path.Combine(folder, ".weir", "demo", "before-after.png"));
        Assert.Equal("\x89PNG"u8.ToArray()[^3..], picture[1..4]);
    }
}
