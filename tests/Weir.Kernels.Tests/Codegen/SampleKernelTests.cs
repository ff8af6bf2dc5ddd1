using System.Reflection;
using Weir.Kernels.Abi;
using Xunit;

namespace Weir.Kernels.Tests.Codegen;

/// <summary>The three small CUDA programs' kernels, compiled and run.</summary>
public sealed class SampleKernelTests
{
    public static string Sample(string name)
    {
        using Stream stream = Assembly.GetExecutingAssembly().GetManifestResourceStream(name)!;
        return new StreamReader(stream).ReadToEnd();
    }

    [Theory]
    [InlineData(1000, 128)]
    [InlineData(1024, 256)]
    [InlineData(5, 33)]
    [InlineData(70, 7)]
    public void Saxpy_adds(int n, int block)
    {
        using KernelRun run = new(Sample("samples.saxpy.cu.ptx"), "saxpy");
        float[] x = [.. Enumerable.Range(0, n).Select(i => i * 0.5f)];
        float[] y = [.. Enumerable.Range(0, n).Select(i => 3f - i)];
        (ulong dx, ulong dy) = (run.Put(x), run.Put(y));
        ulong a = BitConverter.SingleToUInt32Bits(2.5f);
        Assert.Equal(
            KernelFault.None,
            run.Launch(((n + block - 1) / block, 1, 1), (block, 1, 1), [(ulong)n, a, dx, dy])
        );
        float[] result = KernelRun.Get<float>(dy, n);
        for (int i = 0; i < n; i++)
        {
            Assert.Equal(MathF.FusedMultiplyAdd(2.5f, x[i], y[i]), result[i]);
        }
    }

    [Theory]
    [InlineData(64)]
    [InlineData(50)]
    [InlineData(1)]
    public void Gemm_multiplies(int n)
    {
        using KernelRun run = new(Sample("samples.gemm.cu.ptx"), "gemm");
        Random random = new(1);
        float[] a = [.. Enumerable.Range(0, n * n).Select(_ => random.Next(-8, 8))];
        float[] b = [.. Enumerable.Range(0, n * n).Select(_ => random.Next(-8, 8))];
        (ulong da, ulong db, ulong dc) = (run.Put(a), run.Put(b), run.Reserve(4 * n * n));
        int blocks = (n + 15) / 16;
        Assert.Equal(KernelFault.None, run.Launch((blocks, blocks, 1), (16, 16, 1), [(ulong)n, da, db, dc]));
        float[] c = KernelRun.Get<float>(dc, n * n);
        for (int row = 0; row < n; row++)
        {
            for (int column = 0; column < n; column++)
            {
                float sum = 0;
                for (int k = 0; k < n; k++)
                {
                    sum += a[row * n + k] * b[k * n + column];
                }
                Assert.Equal(sum, c[row * n + column]);
            }
        }
    }

    [Theory]
    [InlineData(10000, 256, 4)]
    [InlineData(1000, 1024, 1)]
    [InlineData(3, 32, 2)]
    [InlineData(777, 96, 3)]
    public void Reduce_sums(int n, int block, int grid)
    {
        using KernelRun run = new(Sample("samples.reduce.cu.ptx"), "reduce");
        float[] x = [.. Enumerable.Range(0, n).Select(i => (float)(i % 17))];
        (ulong dx, ulong dy) = (run.Put(x), run.Reserve(4 * grid));
        Assert.Equal(KernelFault.None, run.Launch((grid, 1, 1), (block, 1, 1), [(ulong)n, dx, dy]));
        Assert.Equal(x.Sum(), KernelRun.Get<float>(dy, grid).Sum());
    }

    [Fact]
    public void Saxpy_beyond_its_memory_is_a_fault_with_address_line_and_thread()
    {
        using KernelRun run = new(Sample("samples.saxpy.cu.ptx"), "saxpy", windowBytes: 8192);
        ulong x = run.Window;
        ulong y = run.Window + 4096;
        Assert.Equal(KernelFault.IllegalAddress, run.Launch((20, 1, 1), (128, 1, 1), [2000, 0, x, y]));
        Assert.Equal(KernelFault.IllegalAddress, run.Thread.FaultKind);
        Assert.Equal(run.Window + 8192, run.Thread.FaultAddress);
        Assert.Equal(8ul, run.Thread.FaultBlock);
        Assert.Equal(0u, run.Thread.FaultThread);
        Assert.True(run.Thread.FaultLine > 0);

        Assert.Equal(KernelFault.MisalignedAddress, run.Launch((1, 1, 1), (64, 1, 1), [64, 0, x + 2, y]));
        Assert.Equal(run.Window + 2, run.Thread.FaultAddress);
        Assert.Equal(KernelFault.IllegalAddress, run.Launch((1, 1, 1), (64, 1, 1), [64, 0, 0, y]));
        Assert.Equal(0ul, run.Thread.FaultAddress);
    }
}
