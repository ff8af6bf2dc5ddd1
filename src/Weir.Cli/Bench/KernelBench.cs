namespace Weir.Cli.Bench;

/// <summary>Kernels on the software device, beside the same kernels in OpenCL C on PoCL.</summary>
internal static class KernelBench
{
    public const string Section = "kernels";

    private static readonly string[] Kernels = ["saxpy", "gemm", "reduce", "mandelbrot"];

    // Bytes that saxpy moves: 16 Mi floats, two read and one written.
    private const double SaxpyBytes = 3.0 * 4 * (16 << 20);

    public static IEnumerable<Figure> Run(BenchPlace place)
    {
        NativeProgram cuda = NativeProgram.Build(place, "kernels_cuda");
        NativeProgram opencl = NativeProgram.Build(
            place,
            "kernels_opencl",
            "-Wno-deprecated-declarations",
            "-l:libOpenCL.so.1"
        );
        string ptx = Path.Combine(place.Sources, "kernels", "kernels.ptx");
        string cl = Path.Combine(place.Sources, "kernels", "kernels.cl");
        Dictionary<string, double> yard = NativeProgram.Build(place, "yardsticks").Run([]);
        foreach (bool single in (bool[])[true, false])
        {
            Dictionary<string, double> weir = cuda.RunUnderWeir(place, single ? ["--threads", "1"] : [], ptx);
            Dictionary<string, double> pocl = opencl.Run(
                [cl],
                single ? new Dictionary<string, string> { ["POCL_MAX_PTHREAD_COUNT"] = "1" } : null
            );
            string cores = single ? "one core" : "all cores";
            foreach (string kernel in Kernels)
            {
                yield return new(
                    Section,
                    $"{kernel}, {cores}",
                    weir[kernel + "_ms"],
                    "ms",
                    "PoCL, its best of three spellings and group sizes",
                    pocl[kernel + "_ms"],
                    new(TargetKind.SpeedupAtLeast, 1.5)
                );
            }
            yield return new(
                Section,
                $"saxpy, {cores}, memory traffic",
                SaxpyBytes / weir["saxpy_ms"] / 1e6,
                "GB/s",
                "triad in C, same number of threads",
                yard[single ? "triad1_GBs" : "triad_GBs"],
                new(TargetKind.RatioAtLeast, 0.9)
            );
        }
    }
}
