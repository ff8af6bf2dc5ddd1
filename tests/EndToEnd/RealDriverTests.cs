using System.Text.Json;

namespace Weir.EndToEnd;

/// <summary>
/// The back end for a real driver, without a GPU: its library is Weir's own shim, which is a client of a second broker with
/// the software device. Every call then goes client → rings → worker → the driver's C API → rings → worker → device.
/// </summary>
public class RealDriverTests
{
    [Theory]
    [InlineData("saxpy")]
    [InlineData("gemm")]
    [InlineData("reduce")]
    public void A_sample_runs_on_the_real_driver_s_back_end(string name)
    {
        string folder = WeirInstallation.NewFolder();
        string program = ClientRun.Compile(Path.Combine(WeirInstallation.Root, "samples", name + ".c"), folder);
        string report = Path.Combine(folder, "report.jsonl");
        Chained(report, program).Succeeded();
        JsonElement session = JsonDocument.Parse(WrittenFile.Lines(report)[0]).RootElement;
        Assert.Equal("cuda", session.GetProperty("backend").GetString());
        Assert.True(session.GetProperty("kernelLaunches").GetInt64() > 0);
    }

    [Theory]
    [InlineData("EndToEnd/clients/errors.c")]
    [InlineData("EndToEnd/clients/threads.c")]
    [InlineData("Weir.Shim.Tests/clients/callbacks.c")]
    [InlineData("Weir.Shim.Tests/clients/contexts.c")]
    [InlineData("Weir.Shim.Tests/clients/copies.c")]
    public void A_client_sees_the_same_through_it(string path)
    {
        string source = Path.Combine(WeirInstallation.Root, "tests", path);
        string program = ClientRun.Compile(source, WeirInstallation.NewFolder());
        ProgramRun direct = ClientRun.Run(program);
        ProgramRun chained = Chained(null, program);
        Assert.Equal((direct.ExitCode, direct.Text), (chained.ExitCode, chained.Text));
    }

    [Fact]
    public void The_pictures_of_ffmpeg_s_filters_are_the_same()
    {
        // A driver's memory lies anywhere, so nothing may be told from an address alone.
        string[] words =
        [
            .. "-v error -init_hw_device cuda=c -filter_hw_device c -f lavfi -i testsrc2=s=320x180:d=0.4".Split(' '),
            "-vf",
            "format=yuv420p,hwupload_cuda,scale_cuda=160:90,hwdownload,format=yuv420p",
            .. "-f md5 -".Split(' '),
        ];
        ProgramRun direct = ClientRun.Run("ffmpeg", words).Succeeded();
        ProgramRun chained = Chained(null, "ffmpeg", words).Succeeded();
        Assert.StartsWith("MD5=", direct.Text);
        Assert.Equal(direct.Text, chained.Text);
    }

    [Fact]
    public void A_machine_without_a_driver_says_so()
    {
        string source = Path.Combine(WeirInstallation.Root, "samples/saxpy.c");
        string program = ClientRun.Compile(source, WeirInstallation.NewFolder());
        Dictionary<string, string?> environment = new(ClientRun.Environment)
        {
            ["WEIR_CUDA_DRIVER"] = "/nonexistent.so",
        };
        ProgramRun run = ProgramRun.Start(
            WeirInstallation.Worker,
            ["--launch", "--device", "cuda", "--", program],
            null,
            environment
        );
        Assert.Contains("CUDA_ERROR_NO_DEVICE", run.Text + run.Errors);
    }

    /// <summary>Two launchers in a row; only the inner one's workers are told of the "driver".</summary>
    private static ProgramRun Chained(string? report, string program, params string[] arguments) =>
        ProgramRun.Start(
            WeirInstallation.Worker,
            [
                "--launch",
                "--device",
                "software",
                "--",
                "/usr/bin/env",
                "WEIR_CUDA_DRIVER=" + Path.Combine(WeirInstallation.Artifacts, "shim", "libcuda.so.1"),
                WeirInstallation.Worker,
                "--launch",
                "--device",
                "cuda",
                .. report is null ? Array.Empty<string>() : ["--report", report],
                "--",
                program,
                .. arguments,
            ],
            null,
            ClientRun.Environment
        );
}
