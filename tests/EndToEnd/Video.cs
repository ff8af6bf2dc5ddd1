using System.Globalization;

namespace Weir.EndToEnd;

/// <summary>Runs ffmpeg with and without Weir and compares frames.</summary>
internal static class Video
{
    private static readonly string[] Device = ["-init_hw_device", "cuda=weir", "-filter_hw_device", "weir"];

    /// <summary>
    /// The frames, raw in <paramref name="format"/>, that a graph of CUDA filters makes of generated sources on Weir's
    /// software device. The graph begins with frames in main memory and ends with hwdownload.
    /// </summary>
    public static byte[] OnWeir(string[] sources, string graph, string format, int frames) =>
        ClientRun.Run("ffmpeg", [.. Arguments(sources, Device, graph, format, frames)]).Succeeded().Output;

    /// <summary>The same of CPU filters, without Weir.</summary>
    public static byte[] OnCpu(string[] sources, string graph, string format, int frames) =>
        ProgramRun.Start("ffmpeg", Arguments(sources, [], graph, format, frames)).Succeeded().Output;

    /// <summary>
    /// PSNR over all frames in decibels, every byte weighing the same; infinite when they are equal. Samples are bytes
    /// (<paramref name="bytesPerSample"/> 1) or little-endian words in the upper bits (2).
    /// </summary>
    public static double Psnr(byte[] one, byte[] other, int bytesPerSample = 1)
    {
        Assert.Equal(other.Length, one.Length);
        Assert.NotEmpty(one);
        double sum = 0;
        for (int i = bytesPerSample - 1; i < one.Length; i += bytesPerSample)
        {
            double difference = one[i] - other[i];
            if (bytesPerSample == 2)
            {
                difference += (one[i - 1] - other[i - 1]) / 256.0;
            }
            sum += difference * difference;
        }
        return 10 * Math.Log10(255.0 * 255.0 * (one.Length / bytesPerSample) / sum);
    }

    private static IEnumerable<string> Arguments(
        string[] sources,
        string[] device,
        string graph,
        string format,
        int frames
    ) =>
        [
            "-v",
            "error",
            "-nostdin",
            .. device,
            .. sources.SelectMany(source => (string[])["-f", "lavfi", "-i", source]),
            "-filter_complex",
            graph,
            "-frames:v",
            frames.ToString(CultureInfo.InvariantCulture),
            "-pix_fmt",
            format,
            "-f",
            "rawvideo",
            "-",
        ];
}
