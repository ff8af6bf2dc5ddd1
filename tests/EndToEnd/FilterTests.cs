namespace Weir.EndToEnd;

/// <summary>
/// ffmpeg's CUDA filters against its CPU filters of the same kind. The two do not compute the same (tap positions,
/// rounding, what happens at the edges), so each case has a floor: what the interpreter of tests/Weir.Oracle reaches with
/// the same launches (its bytes are the device's: tests/Weir.Conformance.Tests replays them), less 0.1 dB; set once, on
/// ffmpeg 5.1. Two are low for a known reason: scale_cuda reads its bilinear textures as integers, which are not blended
/// (CUDA Programming Guide, "Texture Fetching"), and its Lanczos kernel does not saturate, so bright edges wrap.
/// </summary>
public class FilterTests
{
    private const string Small = "testsrc2=s=320x180:r=24";
    private const int Frames = 4;

    // ffmpeg's scaler has variants for several processors; these flags make it compute the same on all.
    private const string Exact = "+accurate_rnd+bitexact";

    [Theory]
    [InlineData("nearest", "neighbor", "yuv420p", 160, 90, double.PositiveInfinity)]
    [InlineData("bilinear", "bilinear", "yuv420p", 160, 90, 34.3)]
    [InlineData("bilinear", "bilinear", "yuv420p", 640, 360, 32.7)]
    [InlineData("bicubic", "bicubic", "yuv420p", 640, 360, 40.5)]
    [InlineData("bicubic", "bicubic", "nv12", 480, 270, 40.6)]
    [InlineData("lanczos", "lanczos", "yuv420p", 640, 360, 30.0)]
    [InlineData("bicubic", "bicubic", "yuv444p", 400, 200, 43.7)]
    [InlineData("bicubic", "bicubic", "p010le", 640, 360, 40.5)]
    public void Scaling_reaches_its_floor(string cuda, string cpu, string format, int width, int height, double floor)
    {
        byte[] weir = Video.OnWeir(
            [Small],
            $"format={format},hwupload_cuda,scale_cuda={width}:{height}:interp_algo={cuda},hwdownload,format={format}",
            format,
            Frames
        );
        byte[] reference = Video.OnCpu(
            [Small],
            $"format={format},scale={width}:{height}:flags={cpu}{Exact}",
            format,
            Frames
        );
        Compare(weir, reference, floor, format == "p010le" ? 2 : 1);
    }

    [Fact]
    public void Overlaying_reaches_its_floor()
    {
        string[] sources = [Small, "mandelbrot=s=96x64:r=24"];
        byte[] weir = Video.OnWeir(
            sources,
            "[0]format=yuv420p,hwupload_cuda[m];[1]format=yuv420p,hwupload_cuda[o];[m][o]overlay_cuda=x=20:y=30,hwdownload,format=yuv420p",
            "yuv420p",
            Frames
        );
        byte[] reference = Video.OnCpu(
            sources,
            "[0]format=yuv420p[m];[1]format=yuv420p[o];[m][o]overlay=x=20:y=30",
            "yuv420p",
            Frames
        );
        Compare(weir, reference, double.PositiveInfinity);
    }

    [Fact]
    public void Overlaying_with_transparency_reaches_its_floor()
    {
        string[] sources = [Small, "mandelbrot=s=96x64:r=24"];
        const string Half = "format=yuva420p,colorchannelmixer=aa=0.5,format=yuva420p";
        byte[] weir = Video.OnWeir(
            sources,
            $"[0]format=yuv420p,hwupload_cuda[m];[1]{Half},hwupload_cuda[o];[m][o]overlay_cuda=x=20:y=30,hwdownload,format=yuv420p",
            "yuv420p",
            Frames
        );
        byte[] reference = Video.OnCpu(
            sources,
            $"[0]format=yuv420p[m];[1]{Half}[o];[m][o]overlay=x=20:y=30",
            "yuv420p",
            Frames
        );
        Compare(weir, reference, 60.8);
    }

    [Theory]
    [InlineData("send_frame", "yuv420p", 52.5)]
    [InlineData("send_field", "yuv420p", 50.8)]
    [InlineData("send_frame_nospatial", "yuv420p", 43.9)]
    [InlineData("send_frame", "yuv444p", 56.6)]
    public void Deinterlacing_reaches_its_floor(string mode, string format, double floor)
    {
        string combed = $"format={format},tinterlace=interleave_top,setfield=tff";
        string[] sources = ["testsrc2=s=320x180:r=48"];
        byte[] weir = Video.OnWeir(
            sources,
            $"{combed},hwupload_cuda,yadif_cuda=mode={mode},hwdownload,format={format}",
            format,
            Frames
        );
        byte[] reference = Video.OnCpu(sources, $"{combed},yadif=mode={mode}", format, Frames);
        Compare(weir, reference, floor);
    }

    [Fact]
    public void Keying_by_colour_reaches_its_floor()
    {
        const string Key = "color=0x00ff00:similarity=0.3:blend=0.1";
        byte[] weir = Video.OnWeir(
            [Small],
            $"format=yuv420p,hwupload_cuda,chromakey_cuda={Key},hwdownload,format=yuva420p",
            "yuva420p",
            Frames
        );
        byte[] reference = Video.OnCpu([Small], $"format=yuva420p,chromakey={Key}", "yuva420p", Frames);
        Compare(weir, reference, 22.3);
    }

    [Fact]
    public void Thumbnails_are_frames_of_the_source()
    {
        byte[] weir = Video.OnWeir(
            [Small],
            "format=yuv420p,hwupload_cuda,thumbnail_cuda=n=5,hwdownload,format=yuv420p",
            "yuv420p",
            1
        );
        byte[] source = Video.OnCpu([Small], "format=yuv420p", "yuv420p", 5);
        IEnumerable<byte[]> frames = source.Chunk(weir.Length);
        Assert.Contains(frames, frame => frame.AsSpan().SequenceEqual(weir));
    }

    [Fact]
    public void The_same_graph_gives_the_same_bytes_every_time()
    {
        byte[] Once() =>
            Video.OnWeir(
                [Small, "mandelbrot=s=96x64:r=24"],
                "[1]format=yuv420p,hwupload_cuda,scale_cuda=128:96:interp_algo=lanczos[o];[0]format=yuv420p,hwupload_cuda[m];"
                    + "[m][o]overlay_cuda=x=20:y=30,yadif_cuda,hwdownload,format=yuv420p",
                "yuv420p",
                Frames
            );
        Assert.Equal(Once(), Once());
    }

    private static void Compare(byte[] result, byte[] reference, double floor, int bytesPerSample = 1)
    {
        double decibels = Video.Psnr(result, reference, bytesPerSample);
        Assert.True(decibels >= floor, $"{decibels:0.00} dB, below the floor of {floor:0.00} dB");
    }
}
