using System.Globalization;
using System.Text.RegularExpressions;

namespace Weir.Cli.Demo;

/// <summary>
/// A chain of ffmpeg's CUDA filters, and the same with ffmpeg's CPU filters as its reference. Both read the same
/// generated video; results are raw frames, compared by PSNR over all of them.
/// </summary>
/// <param name="Name">Name in the table and of the files.</param>
/// <param name="Inputs">Generated sources.</param>
/// <param name="OnDevice">The filter graph with CUDA filters.</param>
/// <param name="OnCpu">The same with CPU filters.</param>
/// <param name="FloorDecibels">The PSNR that the result must reach (docs/guides/demo.md says where it comes from).</param>
internal sealed partial record VideoChain(
    string Name,
    Func<VideoFormat, string[]> Inputs,
    Func<VideoFormat, string> OnDevice,
    Func<VideoFormat, string> OnCpu,
    Func<VideoFormat, double> FloorDecibels
)
{
    // The small picture is a third of the frame's size, scaled up from a quarter of it.
    private static string Small(VideoFormat f) => $"w={f.Width / 3 / 2 * 2}:h={f.Height / 3 / 2 * 2}";

    private static string Place(VideoFormat f) => $"x={f.Width / 20 * 2}:y={f.Height / 20 * 2}";

    private static string Source(string name, int width, int height, int rate) => $"{name}=s={width}x{height}:r={rate}";

    public static readonly VideoChain ScaleOverlay = new(
        "ffmpeg scale_cuda + overlay_cuda",
        f => [Source("testsrc2", f.Width, f.Height, 24), Source("mandelbrot", f.Width / 4, f.Height / 4, 24)],
        f =>
            "[1]format=yuv420p,hwupload_cuda,scale_cuda="
            + Small(f)
            + ":interp_algo=bicubic[small];"
            + "[0]format=yuv420p,hwupload_cuda[large];"
            + "[large][small]overlay_cuda="
            + Place(f)
            + ",hwdownload,format=yuv420p",
        f =>
            "[1]format=yuv420p,scale="
            + Small(f)
            + ":flags=bicubic+accurate_rnd+bitexact[small];"
            + "[0]format=yuv420p[large];"
            + "[large][small]overlay="
            + Place(f),
        f => f == VideoFormat.Full ? 53.5 : 36.1
    );

    public static readonly VideoChain Deinterlace = new(
        "ffmpeg yadif_cuda",
        f => [Source("testsrc2", f.Width, f.Height, 48)],
        _ => "format=yuv420p,tinterlace=interleave_top,setfield=tff,hwupload_cuda,yadif_cuda,hwdownload,format=yuv420p",
        _ => "format=yuv420p,tinterlace=interleave_top,setfield=tff,yadif",
        f => f == VideoFormat.Full ? 53.0 : 52.1
    );

    /// <summary>What the demo runs.</summary>
    public static readonly VideoChain[] All = [ScaleOverlay, Deinterlace];

    /// <summary>File with the result's raw frames.</summary>
    public string ResultPath(string folder) => Path.Combine(folder, FileName + ".yuv");

    private string FileName => Name.Replace("ffmpeg ", "").Replace(" + ", "-");

    public DemoOutcome Run(ClientProgram client, VideoFormat format)
    {
        string result = ResultPath(client.Folder);
        string reference = Path.Combine(client.Folder, FileName + "-reference.yuv");
        string[] device = ["-init_hw_device", "cuda=weir", "-filter_hw_device", "weir"];

        if (client.Run("ffmpeg", Arguments(device, OnDevice(format), format, result)) is not { } run)
        {
            return DemoOutcome.NotRun(Name, "ffmpeg is not installed");
        }
        if (run.ExitCode != 0)
        {
            return DemoOutcome.Failed(Name, run);
        }
        if (ProgramRun.Start("ffmpeg", Arguments([], OnCpu(format), format, reference)) is not { ExitCode: 0 })
        {
            return DemoOutcome.NotRun(Name, "ffmpeg's CPU filters failed");
        }
        foreach (string path in (string[])[result, reference])
        {
            long frames = new FileInfo(path).Length / format.FrameBytes;
            if (frames != format.Frames)
            {
                return DemoOutcome.NotRun(Name, $"{path} has {frames} frames instead of {format.Frames}");
            }
        }
        double decibels = Psnr(format, result, reference);
        double floor = FloorDecibels(format);
        string check = string.Create(
            CultureInfo.InvariantCulture,
            $"{(double.IsPositiveInfinity(decibels) ? "equal to" : $"{decibels:0.0} dB against")} the CPU filter (at least {floor:0.0})"
        );
        bool passed = decibels >= floor;
        return new DemoOutcome(
            Name,
            run.Session,
            run.Elapsed,
            check,
            passed,
            passed ? null : "too far from the reference"
        );
    }

    private IEnumerable<string> Arguments(string[] device, string graph, VideoFormat format, string path) =>
        [
            "-v",
            "error",
            "-nostdin",
            "-y",
            .. device,
            .. Inputs(format).SelectMany(input => (string[])["-f", "lavfi", "-i", input]),
            "-filter_complex",
            graph,
            "-frames:v",
            format.Frames.ToString(CultureInfo.InvariantCulture),
            "-pix_fmt",
            "yuv420p",
            "-f",
            "rawvideo",
            path,
        ];

    /// <summary>PSNR of all planes and frames in decibels; infinite when the files are equal, NaN when ffmpeg fails.</summary>
    private static double Psnr(VideoFormat format, string result, string reference)
    {
        string[] arguments =
        [
            "-v",
            "info",
            "-nostdin",
            .. format.RawInput(result),
            .. format.RawInput(reference),
            "-lavfi",
            "psnr",
            "-f",
            "null",
            "-",
        ];
        Match average = Average().Match(ProgramRun.Start("ffmpeg", arguments)?.Errors ?? "");
        return !average.Success ? double.NaN
            : average.Groups[1].Value == "inf" ? double.PositiveInfinity
            : double.Parse(average.Groups[1].Value, CultureInfo.InvariantCulture);
    }

    [GeneratedRegex(@"PSNR .*average:(inf|[0-9.]+)")]
    private static partial Regex Average();
}
