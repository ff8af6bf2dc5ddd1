namespace Weir.Cli.Demo;

/// <summary>Size and length of the generated video. Frames are yuv420p at 24 per second.</summary>
internal sealed record VideoFormat(int Width, int Height, int Frames)
{
    public static readonly VideoFormat Full = new(1280, 720, 48);
    public static readonly VideoFormat Quick = new(320, 180, 6);

    /// <summary>Bytes of one frame: full-size luma, both chroma planes at half width and height (rounded up).</summary>
    public long FrameBytes => ((long)Width * Height) + (2L * ((Width + 1) / 2) * ((Height + 1) / 2));

    /// <summary>ffmpeg's arguments that describe a raw file of such frames as an input.</summary>
    public string[] RawInput(string path) =>
        ["-f", "rawvideo", "-pix_fmt", "yuv420p", "-s", $"{Width}x{Height}", "-r", "24", "-i", path];
}
