namespace Weir.Cli.Bench;

/// <summary>What the first launch of a kernel costs.</summary>
internal static class CompileBench
{
    public const string Section = "compile";

    public static IEnumerable<Figure> Run(BenchPlace place)
    {
        string ptx = Path.Combine(place.Sources, "kernels", "kernels.ptx");
        Dictionary<string, double> weir = NativeProgram.Build(place, "compile").RunUnderWeir(place, [], ptx);
        yield return First("first launch, 200 instructions", weir["first_launch_200_ms"], 50);
        yield return First("first launch, tiled GEMM (100 instructions, barriers)", weir["first_launch_gemm_ms"], 50);
        yield return First("first launch, reduction (120 instructions, barriers)", weir["first_launch_reduce_ms"], 50);
        yield return First("first launch, 5,000 instructions", weir["first_launch_5000_ms"], 400);
        yield return First("first launch, 200 instructions, from the disk cache", weir["cached_launch_200_ms"], 5);
    }

    private static Figure First(string name, double value, double bound) =>
        new(Section, name, value, "ms", "", null, new(TargetKind.AtMost, bound));
}
