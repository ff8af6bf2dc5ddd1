namespace Weir.Cli.Bench;

/// <summary>Kernels on the software device, beside the same kernels in OpenCL C on PoCL and beside what memory gives a C program.</summary>
internal static class KernelBench
{
    public const string Section = "kernels";

    // What memory gives changes from minute to minute on a machine that others share: the programs take turns, and medians count.
    private const int Rounds = 3;

    private const double Mebibytes64 = 64 << 20;

    // As bench/native/problems.h names them, with the least speed beside PoCL.
    private static readonly (string Key, string Name, double Target)[] Kernels =
    [
        ("saxpy", "saxpy", 0.9),
        ("triad", "triad", 0.9),
        ("stencil", "stencil, five points", 0.9),
        ("transpose", "transpose", 0.9),
        ("gemm", "gemm", 1.5),
        ("gemm_half", "gemm of halves", 0.9),
        ("reduce", "reduce", 1.5),
        ("reduce_cached", "reduce of 1 MiB", 1.5),
        ("scan", "scan", 0.9),
        ("histogram", "histogram, atomics", 0.9),
        ("mandelbrot", "mandelbrot", 1.5),
        ("nbody", "n-body", 0.9),
        ("spmv", "sparse matrix × vector", 0.9),
    ];

    // Those that memory decides, with the bytes that they must move and the C loop that moves as many in the same way.
    private static readonly (string Key, double Bytes, string Yardstick, string Measured)[] Streams =
    [
        ("saxpy", 3 * Mebibytes64, "the same loop in C", "update"),
        ("triad", 3 * Mebibytes64, "the same loop in C", "triad"),
        ("stencil", 2 * Mebibytes64, "copying loop in C", "move"),
        ("transpose", 2 * Mebibytes64, "copying loop in C", "move"),
        ("reduce", Mebibytes64, "sum in C", "read"),
    ];

    public static IEnumerable<Figure> Run(BenchPlace place)
    {
        NativeProgram cuda = NativeProgram.Build(place, "kernels_cuda");
        NativeProgram opencl = NativeProgram.Build(
            place,
            "kernels_opencl",
            "-Wno-deprecated-declarations",
            "-l:libOpenCL.so.1"
        );
        NativeProgram yardsticks = NativeProgram.Build(place, "yardsticks");
        string ptx = Path.Combine(place.Sources, "kernels", "kernels.ptx");
        string cl = Path.Combine(place.Sources, "kernels", "kernels.cl");
        foreach (bool single in (bool[])[true, false])
        {
            string[] options = single ? ["--threads", "1"] : [];
            Dictionary<string, string>? oneThread = single
                ? new Dictionary<string, string> { ["POCL_MAX_PTHREAD_COUNT"] = "1" }
                : null;
            // Once without being measured: each side finds its best code.
            Dictionary<string, double> tried = opencl.Run([cl], oneThread);
            _ = cuda.RunUnderWeir(place, options, ptx, "1500");
            string[] best = [cl, .. Kernels.Select(kernel => $"{kernel.Key}={tried[kernel.Key + "_choice"]:0}")];
            var yard = new Samples();
            var weir = new Samples();
            var pocl = new Samples();
            for (int round = 0; round < Rounds; round++)
            {
                yard.Add(yardsticks.Run([]));
                weir.Add(cuda.RunUnderWeir(place, options, ptx, "200"));
                pocl.Add(opencl.Run(best, oneThread));
            }
            string cores = single ? "one core" : "all cores";
            double logarithms = 0;
            foreach ((string key, string name, double target) in Kernels)
            {
                var figure = new Figure(
                    Section,
                    $"{name}, {cores}",
                    weir.Median(key + "_ms"),
                    "ms",
                    "PoCL, its best of three spellings and group sizes",
                    pocl.Median(key + "_ms"),
                    new(TargetKind.SpeedupAtLeast, target)
                );
                logarithms += Math.Log(figure.Judged);
                yield return figure;
            }
            yield return new(
                Section,
                $"geometric mean of the speeds above, {cores}",
                Math.Exp(logarithms / Kernels.Length),
                "×",
                "PoCL",
                1,
                new(TargetKind.RatioAtLeast, 2)
            );
            foreach ((string key, double bytes, string yardstick, string measured) in Streams)
            {
                yield return new(
                    Section,
                    $"{key}, {cores}, memory traffic",
                    bytes / weir.Median(key + "_ms") / 1e6,
                    "GB/s",
                    yardstick + ", same number of threads",
                    yard.Median(measured + (single ? "1_GBs" : "_GBs")),
                    new(TargetKind.RatioAtLeast, 0.9)
                );
            }
        }
    }
}
