using Weir.Oracle;

namespace Weir.Conformance.Tests;

/// <summary>Launches of the demo's three programs, small.</summary>
internal static class SampleKernels
{
    public static KernelCase Saxpy(float[] x, float[] y, float a, Dim3 grid, Dim3 block, out int result) =>
        new KernelCase
        {
            Ptx = KernelText.Of("saxpy.cu.ptx"),
            Entry = "saxpy",
            Grid = grid,
            Block = block,
        }
            .Parameter(x.Length)
            .Parameter(a)
            .Buffer(KernelCase.Bytes(x), out _)
            .Buffer(KernelCase.Bytes(y), out result);

    /// <summary>c = a·b, n by n.</summary>
    public static KernelCase Gemm(float[] a, float[] b, int n, out int result)
    {
        var tiles = (uint)(n + 15) / 16;
        return new KernelCase
        {
            Ptx = KernelText.Of("gemm.cu.ptx"),
            Entry = "gemm",
            Grid = new Dim3(tiles, tiles),
            Block = new Dim3(16, 16),
        }
            .Parameter(n)
            .Buffer(KernelCase.Bytes(a), out _)
            .Buffer(KernelCase.Bytes(b), out _)
            .Buffer(new byte[n * n * sizeof(float)], out result);
    }

    /// <summary>One sum per block.</summary>
    public static KernelCase Reduce(float[] x, Dim3 grid, Dim3 block, out int result) =>
        new KernelCase
        {
            Ptx = KernelText.Of("reduce.cu.ptx"),
            Entry = "reduce",
            Grid = grid,
            Block = block,
        }
            .Parameter(x.Length)
            .Buffer(KernelCase.Bytes(x), out _)
            .Buffer(new byte[grid.X * sizeof(float)], out result);
}
