namespace Weir.Cli.Bench;

/// <summary>
/// Programs of OpenCL through Weir beside the same programs on the driver itself, in turn: the median of the pairs' ratios counts, so that
/// what else the machine does meanwhile concerns both.
/// </summary>
internal static class OpenClBench
{
    public const string Section = "opencl";

    private const int Pairs = 15;
    private const double MostEnqueueNs = 500;
    private const double LeastOfThroughput = 0.97;

    private static readonly (string Name, string What, string Unit, Target Target)[] s_figures =
    [
        ("enqueue_ns", "clEnqueueNDRangeKernel, posted", "ns", new Target(TargetKind.DifferenceAtMost, MostEnqueueNs)),
        ("launch_us", "empty kernel, enqueued and waited for", "µs", Target.None),
        ("write_GBs", "clEnqueueWriteBuffer, 64 MiB", "GB/s", Least),
        ("read_GBs", "clEnqueueReadBuffer, 64 MiB", "GB/s", Least),
        ("copy_GBs", "kernel that copies 64 MiB", "GB/s", Least),
        ("work_GFLOPS", "kernel of multiply-adds", "GFLOPS", Least),
    ];

    private static Target Least => new(TargetKind.RatioAtLeast, LeastOfThroughput);

    public static IEnumerable<Figure> Run(BenchPlace place)
    {
        NativeProgram native = NativeProgram.Build(place, "opencl", "-lOpenCL");
        List<Dictionary<string, double>> direct = [];
        List<Dictionary<string, double>> here = [];
        for (int pair = 0; pair < Pairs; pair++)
        {
            direct.Add(native.Run([]));
            here.Add(native.RunUnderWeir(place, ["--device", "software"]));
        }
        foreach ((string name, string what, string unit, Target target) in s_figures)
        {
            double yardstick = Middle([.. direct.Select(run => run[name])]);
            bool isDifference = target.Kind == TargetKind.DifferenceAtMost;
            double[] pairs =
            [
                .. direct.Zip(here, (a, b) => isDifference ? b[name] - a[name] : b[name] / a[name]).Order(),
            ];
            double middle = Middle(pairs);
            string interval = isDifference
                ? $"{pairs[3]:0} to {pairs[^4]:0} {unit} more"
                : $"{pairs[3]:0.00} to {pairs[^4]:0.00}×";
            yield return new Figure(
                Section,
                $"{what} (middle pairs: {interval})",
                isDifference ? yardstick + middle : yardstick * middle,
                unit,
                "the driver itself",
                yardstick,
                target
            );
        }
    }

    private static double Middle(double[] values) => values.Order().ElementAt(values.Length / 2);
}
