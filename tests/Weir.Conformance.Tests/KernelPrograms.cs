using Weir.Oracle;

namespace Weir.Conformance.Tests;

/// <summary>
/// Launches of the kernels in Kernels/ and of the samples, with block shapes that leave warps partly filled.
/// </summary>
internal static class KernelPrograms
{
    public static readonly IReadOnlyDictionary<string, Func<ulong, KernelCase>> All = new Dictionary<
        string,
        Func<ulong, KernelCase>
    >
    {
        ["saxpy"] = arena =>
            Sample("saxpy", new Dim3(3), new Dim3(96), arena)
                .Parameter(1000)
                .Parameter(2.5f)
                .In(Floats(1000))
                .In(Floats(1000, 7)),
        ["gemm"] = arena =>
            Sample("gemm", new Dim3(3, 3), new Dim3(16, 16), arena)
                .Parameter(37)
                .In(Floats(37 * 37))
                .In(Floats(37 * 37, 3))
                .Out<float>(37 * 37),
        ["reduce"] = arena =>
            Sample("reduce", new Dim3(4), new Dim3(256), arena).Parameter(5000).In(Floats(5000)).Out<float>(4),
        ["mandelbrot"] = arena =>
            Kernel("control", "mandelbrot", new Dim3(2, 40), new Dim3(48), arena)
                .Parameter(90)
                .Parameter(40)
                .Parameter(100)
                .Out<uint>(90 * 40),
        ["collatz"] = arena =>
            Kernel("control", "collatz", new Dim3(5), new Dim3(64), arena).Parameter(300).Out<uint>(300),
        ["interpret"] = arena =>
            Kernel("control", "interpret", new Dim3(2), new Dim3(100), arena)
                .Parameter(170)
                .In(Enumerable.Range(0, 40).Select(i => (byte)(i * i * 7)))
                .Parameter(40)
                .Out<int>(170),
        ["calls"] = arena =>
            Kernel("control", "calls", new Dim3(2), new Dim3(40), arena).Parameter(77).In(Floats(77 * 3)).Out<int>(77),
        ["blur"] = arena =>
            Kernel("memory", "blur", new Dim3(4), new Dim3(128), arena).Parameter(500).In(Floats(500)).Out<float>(500),
        ["histogram"] = arena =>
            Kernel("memory", "histogram", new Dim3(3), new Dim3(100), arena)
                .Parameter(3000)
                .In(Enumerable.Range(0, 3000).Select(i => (byte)(i * i / 7)))
                .Out<uint>(256)
                .Out<uint>(1),
        ["sort"] = arena =>
            Kernel("memory", "sort", new Dim3(3), new Dim3(50), arena).Parameter(140).In(Integers(140)).Out<int>(140),
        ["transpose"] = arena =>
            Kernel("memory", "transpose", new Dim3(3, 3), new Dim3(12, 12), arena, dynamicShared: 12 * 13 * 4)
                .Parameter(30)
                .In(Integers(900))
                .Out<int>(900),
        ["widths"] = arena =>
            Kernel("memory", "widths", new Dim3(2), new Dim3(33), arena)
                .Parameter(60)
                .In(Floats(240))
                .In(Enumerable.Range(0, 240).Select(i => (byte)(i * 37)))
                .In(Enumerable.Range(0, 120).Select(i => (short)(i * 1237)))
                .In(Enumerable.Range(0, 60).Select(i => (i * 0x1234_5678_9abL) - (long)1e14))
                .In(Enumerable.Range(0, 60).Select(i => Math.Sqrt(i) * 1e6)),
        ["scan"] = arena => Kernel("memory", "scan", new Dim3(3), new Dim3(200), arena).In(Integers(600)).Out<int>(600),
        ["warpScan"] = arena =>
            Kernel("warp", "warpScan", new Dim3(2), new Dim3(96), arena).In(Integers(192)).Out<int>(192).Out<int>(192),
        ["segments"] = arena =>
            Kernel("warp", "segments", new Dim3(2), new Dim3(64), arena).In(Floats(128)).Out<float>(128),
        ["compact"] = arena =>
            Kernel("warp", "compact", new Dim3(2), new Dim3(128), arena).In(Integers(256)).Out<int>(256).Out<uint>(8),
        ["leaving"] = arena =>
            Kernel("warp", "leaving", new Dim3(2), new Dim3(80), arena).In(Integers(160)).Out<uint>(160),
        ["halves"] = arena =>
            Kernel("warp", "halves", new Dim3(2), new Dim3(64), arena).In(Integers(128)).Out<int>(128),
        ["blockVotes"] = arena =>
            Kernel("warp", "blockVotes", new Dim3(3), new Dim3(72), arena).In(Integers(216)).Out<uint>(216),
        ["hash"] = arena =>
            Kernel("numbers", "hash", new Dim3(2), new Dim3(64), arena).Parameter(120).In(Integers(120)).Out<uint>(120),
        ["modular"] = arena =>
            Kernel("numbers", "modular", new Dim3(2), new Dim3(50), arena)
                .Parameter(90)
                .In(Enumerable.Range(0, 90).Select(i => (ulong)i * 0x9e37_79b9_7f4a_7c15))
                .Out<ulong>(90),
        ["bodies"] = arena =>
            Kernel("numbers", "bodies", new Dim3(2), new Dim3(32), arena)
                .Parameter(50)
                .In(Enumerable.Range(0, 50).Select(i => Math.Sin(i) * 10))
                .Out<double>(50),
        ["rounding"] = arena =>
            Kernel("numbers", "rounding", new Dim3(4), new Dim3(64), arena)
                .Parameter(250)
                .In(Floats(250, 5))
                .Out<int>(250),
    };

    private static KernelCase Sample(string name, Dim3 grid, Dim3 block, ulong arena) =>
        new()
        {
            Ptx = KernelText.Of($"{name}.cu.ptx"),
            Entry = name,
            Grid = grid,
            Block = block,
            ArenaBase = arena,
        };

    private static KernelCase Kernel(
        string file,
        string entry,
        Dim3 grid,
        Dim3 block,
        ulong arena,
        uint dynamicShared = 0
    ) =>
        new()
        {
            Ptx = KernelText.Of($"{file}.ptx"),
            Entry = entry,
            Grid = grid,
            Block = block,
            DynamicSharedBytes = dynamicShared,
            ArenaBase = arena,
        };

    private static KernelCase In<T>(this KernelCase run, IEnumerable<T> values)
        where T : unmanaged => run.Buffer(KernelCase.Bytes(values), out _);

    private static unsafe KernelCase Out<T>(this KernelCase run, int count)
        where T : unmanaged => run.Buffer(new byte[count * sizeof(T)], out _);

    private static IEnumerable<float> Floats(int count, int step = 1) =>
        Enumerable.Range(0, count).Select(i => ((i * step * 37 % 1009) - 504) * 0.0625f * (1 + (i % 3)));

    private static IEnumerable<int> Integers(int count) =>
        Enumerable.Range(0, count).Select(i => (i * i * 31) + (i * 17 % 101) & 127);
}
