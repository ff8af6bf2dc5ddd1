using System.Diagnostics;
using System.Text.Json;

namespace Weir.EndToEnd;

/// <summary>The C programs in samples/ check themselves; sizes that are no multiple of anything included.</summary>
public class SampleTests
{
    [Theory]
    [InlineData("saxpy", null)]
    [InlineData("saxpy", "1")]
    [InlineData("saxpy", "65537")]
    [InlineData("gemm", null)]
    [InlineData("gemm", "1")]
    [InlineData("gemm", "33")]
    [InlineData("reduce", null)]
    [InlineData("reduce", "1")]
    [InlineData("reduce", "1000")]
    public void A_sample_agrees_with_the_cpu(string name, string? size)
    {
        string program = ClientRun.Compile(Sample(name), WeirInstallation.NewFolder());
        ClientRun.Run(program, size is null ? [] : [size]).Succeeded();
    }

    [Fact]
    public void The_report_counts_what_a_sample_did()
    {
        string folder = WeirInstallation.NewFolder();
        string program = ClientRun.Compile(Sample("saxpy"), folder);
        (ProgramRun run, IReadOnlyList<JsonElement> sessions) = ClientRun.RunWithReport(
            Path.Combine(folder, "report.jsonl"),
            program,
            "1000"
        );
        run.Succeeded();
        JsonElement session = Assert.Single(sessions);
        Assert.Equal(program, session.GetProperty("program").GetString());
        Assert.Equal("software", session.GetProperty("backend").GetString());
        Assert.Equal("closed", session.GetProperty("end").GetString());
        Assert.Equal(1, session.GetProperty("kernelLaunches").GetInt64());
        Assert.Equal(8000, session.GetProperty("bytesToDevice").GetInt64());
        Assert.Equal(4000, session.GetProperty("bytesToHost").GetInt64());
    }

    [Fact]
    public void A_kernel_is_compiled_once_and_then_found_on_disk()
    {
        string folder = WeirInstallation.NewFolder();
        string program = ClientRun.Compile(Sample("reduce"), folder);
        string report = Path.Combine(folder, "report.jsonl");
        ClientRun.Run(program).Succeeded();
        (_, IReadOnlyList<JsonElement> sessions) = ClientRun.RunWithReport(report, program);
        JsonElement session = Assert.Single(sessions);
        Assert.Equal(0, session.GetProperty("kernelsCompiled").GetInt64());
        Assert.Equal(1, session.GetProperty("kernelsFromCache").GetInt64());
    }

    [Fact]
    public void A_program_that_begins_from_an_image_finds_its_weights_there()
    {
        string folder = WeirInstallation.NewFolder();
        string program = ClientRun.Compile(Sample("warm"), folder);
        string image = Path.Combine(folder, "image");
        ProcessStartInfo start = new(WeirInstallation.Worker, ["--launch", "--device", "software", "--", program, "-"])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        };
        foreach ((string name, string? value) in ClientRun.Environment)
        {
            start.Environment[name] = value;
        }
        using Process cold = Process.Start(start)!;
        Assert.StartsWith("cold: 0 of", cold.StandardOutput.ReadLine());
        _ = SessionDeskClient.Await(
            cold.Id,
            session => session.GetProperty("state").GetString() == "attached",
            "attached"
        );
        _ = SessionDeskClient.Do("snapshot", cold.Id, image);
        cold.StandardInput.Close();
        Assert.True(cold.WaitForExit(TimeSpan.FromSeconds(60)));
        string[] line = ["--launch", "--device", "software", "--from", image, "--", program];
        ProgramRun warm = ProgramRun.Start(WeirInstallation.Worker, line, null, ClientRun.Environment);
        Assert.StartsWith("warm: 0 of", warm.Succeeded().Text);
        line[4] = folder;
        ProgramRun refused = ProgramRun.Start(WeirInstallation.Worker, line, null, ClientRun.Environment);
        Assert.Equal(125, refused.ExitCode);
        Assert.Contains("there is no image in", refused.Errors);
    }

    private static string Sample(string name) => Path.Combine(WeirInstallation.Root, "samples", name + ".c");
}
