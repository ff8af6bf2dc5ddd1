namespace Weir.Cli.Bench;

/// <summary>Kernels on the software device, beside the same kernels in OpenCL C on PoCL and beside what memory gives a C program.</summary>
internal static class KernelBench
{
    public const string Section = "kernels";

    // What memory gives changes from minute to minute on a machine that others share: the programs take turns, and medians count.
    private const int Rounds = 5;

    private static readonly (string Key, string Name)[] Kernels =
    [
        ("saxpy", "saxpy"),
        ("gemm", "gemm"),
        ("reduce", "reduce"),
        ("reduce_cached", "reduce of 1 MiB"),
        ("mandelbrot", "mandelbrot"),
    ];

    // Bytes that saxpy moves: 16 Mi floats, two read and one written.
    private const double SaxpyBytes = 3.0 * 4 * (16 << 20);

    // Bytes that the reduction reads: 16 Mi floats. Neither it nor PoCL's can be quicker than memory gives them.
    private const double ReduceBytes = 4.0 * (16 << 20);

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
        NativeProgram yardsticks = NativeProgram.Build(place, "yardsticks");
        foreach (bool single in (bool[])[true, false])
        {
            Dictionary<string, string>? oneThread = single
                ? new Dictionary<string, string> { ["POCL_MAX_PTHREAD_COUNT"] = "1" }
                : null;
            Dictionary<string, double> tried = opencl.Run([cl], oneThread);
            string[] best = [cl, .. Kernels.Select(kernel => $"{kernel.Key}={tried[kernel.Key + "_choice"]:0}")];
            var yard = new Samples();
            var weir = new Samples();
            var pocl = new Samples();
            for (int round = 0; round < Rounds; round++)
            {
                yard.Add(yardsticks.Run([]));
                weir.Add(cuda.RunUnderWeir(place, single ? ["--threads", "1"] : [], ptx));
                pocl.Add(opencl.Run(best, oneThread));
            }
            string cores = single ? "one core" : "all cores";
            foreach ((string key, string name) in Kernels)
            {
                yield return new(
                    Section,
                    $"{name}, {cores}",
                    weir.Median(key + "_ms"),
                    "ms",
                    "PoCL, its best of three spellings and group sizes",
                    pocl.Median(key + "_ms"),
                    new(TargetKind.SpeedupAtLeast, 1.5)
                );
            }
            yield return Traffic("saxpy", SaxpyBytes, "the same loop in C, same number of threads", "update");
            yield return Traffic("reduce", ReduceBytes, "sum in C, same number of threads", "read");

            Figure Traffic(string kernel, double bytes, string yardstick, string measured) =>
                new(
                    Section,
                    $"{kernel}, {cores}, memory traffic",
                    bytes / weir.Median(kernel + "_ms") / 1e6,
                    "GB/s",
                    yardstick,
                    yard.Median(measured + (single ? "1_GBs" : "_GBs")),
                    new(TargetKind.RatioAtLeast, 0.9)
                );
        }
    }
}
