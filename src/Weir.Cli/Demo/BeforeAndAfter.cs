namespace Weir.Cli.Demo;

/// <summary>The picture that the demo leaves: a frame before and after each chain.</summary>
internal static class BeforeAndAfter
{
    /// <summary>
    /// Writes one PNG: left the source, right the result; above scaled and overlaid, below deinterlaced (enlarged, so
    /// that the combing shows). Returns its path, or null when ffmpeg could not write it.
    /// </summary>
    public static string? Write(string folder, VideoFormat format)
    {
        string picture = Path.Combine(folder, "before-after.png");
        string size = $"s={format.Width}x{format.Height}";
        int frame = format.Frames / 2;
        string pick = $"select=eq(n\\,{frame})";
        string enlarge =
            $"crop={format.Width / 2}:{format.Height / 2},scale={format.Width}:{format.Height}:flags=neighbor";
        string graph =
            $"[0]{pick},format=yuv420p[before];[1]{pick}[after];[before][after]hstack[above];"
            + $"[2]format=yuv420p,tinterlace=interleave_top,{pick},{enlarge}[combed];[3]{pick},{enlarge}[smooth];"
            + "[combed][smooth]hstack[below];[above][below]vstack,scale=iw/2:-1";
        string[] arguments =
        [
            "-v",
            "error",
            "-nostdin",
            "-y",
            "-f",
            "lavfi",
            "-i",
            $"testsrc2={size}:r=24",
            .. format.RawInput(VideoChain.ScaleOverlay.ResultPath(folder)),
            "-f",
            "lavfi",
            "-i",
            $"testsrc2={size}:r=48",
            .. format.RawInput(VideoChain.Deinterlace.ResultPath(folder)),
            "-filter_complex",
            graph,
            "-frames:v",
            "1",
            picture,
        ];
        return ProgramRun.Start("ffmpeg", arguments) is { ExitCode: 0 } ? picture : null;
    }
}
