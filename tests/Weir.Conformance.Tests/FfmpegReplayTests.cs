using System.Diagnostics;
using Weir.Oracle;
using Xunit;

namespace Weir.Conformance.Tests;

/// <summary>
/// ffmpeg itself, with its CUDA filters on small frames: every kernel that the software device launched runs again on
/// the oracle and leaves the same bytes in all of the session's memory.
/// </summary>
public class FfmpegReplayTests
{
    public static TheoryData<string, string, string> Chains =>
        new()
        {
            { "scale bilinear, overlay", "Subsample_Bilinear Overlay_Cuda", ScaleOverlay },
            { "yadif", "yadif_uchar", Yadif },
            { "scale nearest", "Subsample_Nearest", Scale("interp_algo=nearest") },
            { "scale bicubic", "Subsample_Bicubic", Scale("interp_algo=bicubic") },
            { "scale lanczos", "Subsample_Lanczos", Scale("interp_algo=lanczos") },
            { "scale to ten bits", "Subsample_", Scale("format=p010le", "p010le") },
            {
                "thumbnail",
                "Thumbnail_uchar",
                Source + "format=nv12,hwupload_cuda,thumbnail_cuda=n=2,hwdownload,format=nv12"
            },
            {
                "chromakey",
                "Process_uchar",
                Source + "format=yuv420p,hwupload_cuda,chromakey_cuda=0x00ff00:0.3:0.1,hwdownload,format=yuva420p"
            },
        };

    private const string Source = "testsrc2=s=72x40:r=10:d=0.3,";

    private const string ScaleOverlay =
        "mandelbrot=s=48x32:r=10:end_pts=3,trim=end_frame=2,format=yuv420p,hwupload_cuda,scale_cuda=24:14:interp_algo=bilinear[small];"
        + Source
        + "format=yuv420p,hwupload_cuda[large];[large][small]overlay_cuda=x=8:y=6:shortest=1,hwdownload,format=yuv420p";

    private const string Yadif =
        Source
        + "format=yuv420p,tinterlace=interleave_top,setfield=tff,hwupload_cuda,yadif_cuda,hwdownload,format=yuv420p";

    private static string Scale(string options, string result = "yuv420p") =>
        Source + $"format=yuv420p,hwupload_cuda,scale_cuda=50:30:{options},hwdownload,format={result}";

    [Theory]
    [MemberData(nameof(Chains))]
    public void Every_launch_is_the_oracles(string name, string kernels, string graph)
    {
        var folder = Path.Combine(Installation.Artifacts, "conformance", Guid.NewGuid().ToString("N"));
        Directory.CreateDirectory(folder);
        try
        {
            RunFfmpeg(graph, folder);
            var launched = new HashSet<string>();
            foreach (var file in Directory.GetFiles(folder).Order(StringComparer.Ordinal))
            {
                var record = LaunchRecord.Read(File.ReadAllBytes(file));
                launched.Add(record.Entry);
                Assert.True(
                    Replay.Difference(record) is null,
                    $"{name}, {Path.GetFileName(file)}: {Replay.Difference(record)}"
                );
            }
            foreach (var kernel in kernels.Split(' '))
            {
                Assert.Contains(launched, l => l.StartsWith(kernel, StringComparison.Ordinal));
            }
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static void RunFfmpeg(string graph, string recordFolder)
    {
        var start = new ProcessStartInfo(
            Environment.ProcessPath is { } host && Path.GetFileName(host) == "dotnet" ? host : "dotnet"
        )
        {
            RedirectStandardError = true,
            RedirectStandardOutput = true,
            RedirectStandardInput = true,
        };
        string[] arguments =
        [
            Path.Combine(Installation.Artifacts, "cli", "weir.dll"),
            "run",
            "--",
            "ffmpeg",
            "-nostdin",
            "-hide_banner",
            "-loglevel",
            "error",
            "-init_hw_device",
            "cuda=weir",
            "-filter_hw_device",
            "weir",
            "-filter_complex",
            graph,
            "-frames:v",
            "2",
            "-f",
            "null",
            "-",
        ];
        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }
        start.Environment["WEIR_RECORD_LAUNCHES"] = recordFolder;
        using var ffmpeg = Process.Start(start)!;
        var output = ffmpeg.StandardOutput.ReadToEndAsync();
        var errors = ffmpeg.StandardError.ReadToEnd();
        ffmpeg.WaitForExit();
        Assert.True(ffmpeg.ExitCode == 0, $"ffmpeg ended with {ffmpeg.ExitCode}: {errors}{output.Result}");
    }
}
