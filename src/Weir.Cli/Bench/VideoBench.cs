using System.Diagnostics;

namespace Weir.Cli.Bench;

/// <summary>ffmpeg's scale_cuda chain on the software device, beside ffmpeg's own scaler on the same cores.</summary>
internal static class VideoBench
{
    public const string Section = "video";

    private const int Frames = 240;

    public static IEnumerable<Figure> Run(BenchPlace place)
    {
        string video = Path.Combine(place.Work, "input.yuv");
        if (!File.Exists(video))
        {
            Ffmpeg(
                [],
                "-f",
                "lavfi",
                "-i",
                $"testsrc2=s=1280x720:r=30:d={Frames / 30}",
                "-pix_fmt",
                "yuv420p",
                "-f",
                "rawvideo",
                "-y",
                video
            );
        }
        string[] input = ["-f", "rawvideo", "-pix_fmt", "yuv420p", "-s", "1280x720", "-r", "30", "-i", video];
        string[] discard = ["-f", "null", "-"];
        string[] cuda = ["-init_hw_device", "cuda=c", "-filter_hw_device", "c"];
        string chain = "hwupload_cuda,scale_cuda=640:360:interp_algo=bicubic,hwdownload,format=yuv420p";
        string[] launch = [place.Worker, "--launch", "--"];
        // A run of one frame is taken off, so that start and compilation do not count.
        double weir = FramesPerSecond(frames =>
            Ffmpeg(launch, [.. cuda, .. input, "-frames:v", frames, "-vf", chain, .. discard])
        );
        double own = FramesPerSecond(frames =>
            Ffmpeg([], [.. input, "-frames:v", frames, "-vf", "scale=640:360:flags=bicubic", .. discard])
        );
        yield return new(
            Section,
            "scale_cuda chain, 1280x720 to 640x360, bicubic",
            weir,
            "frames/s",
            "ffmpeg's own scale, bicubic, on the CPU",
            own,
            Target.None
        );
    }

    private static double FramesPerSecond(Action<string> run)
    {
        double one = Enumerable.Range(0, 3).Min(_ => Time(() => run("1")));
        double all = Enumerable.Range(0, 3).Min(_ => Time(() => run(Frames.ToString())));
        return (Frames - 1) / (all - one);
    }

    private static double Time(Action action)
    {
        long start = Stopwatch.GetTimestamp();
        action();
        return Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    private static void Ffmpeg(string[] launch, params string[] arguments)
    {
        string[] line = [.. launch, "ffmpeg", "-hide_banner", "-loglevel", "error", "-nostdin", .. arguments];
        (int code, _, string error) = NativeProgram.Execute(line[0], line[1..], null);
        if (code != 0)
        {
            throw new BenchException($"ffmpeg ended with code {code}:\n{error}");
        }
    }
}
