using Weir.Oracle;
using Xunit;

namespace Weir.Conformance.Tests;

/// <summary>Whole kernels on the oracle against the same work written in C#.</summary>
public class OracleSampleTests
{
    [Fact]
    public void Saxpy_is_a_fused_multiply_and_add_per_element()
    {
        var x = Enumerable.Range(0, 1000).Select(i => i * 0.37f).ToArray();
        var y = Enumerable.Range(0, 1000).Select(i => 100 - (i * 0.11f)).ToArray();
        var run = SampleKernels.Saxpy(x, y, 2.5f, new Dim3(3), new Dim3(96), out var result);
        var expected = x.Zip(y, (a, b) => MathF.FusedMultiplyAdd(2.5f, a, b));
        Assert.Equal(expected, KernelCase.Values<float>(run.RunOnOracle()[result]));
    }

    [Fact]
    public void Gemm_with_shared_tiles_and_barriers_multiplies_matrices()
    {
        const int N = 37;
        var a = Enumerable.Range(0, N * N).Select(i => (float)((i * 7 % 13) - 6)).ToArray();
        var b = Enumerable.Range(0, N * N).Select(i => (float)((i * 5 % 11) - 5)).ToArray();
        var run = SampleKernels.Gemm(a, b, N, out var result);
        var expected = new float[N * N];
        for (var row = 0; row < N; row++)
        {
            for (var column = 0; column < N; column++)
            {
                for (var i = 0; i < N; i++)
                {
                    expected[(row * N) + column] += a[(row * N) + i] * b[(i * N) + column];
                }
            }
        }
        Assert.Equal(expected, KernelCase.Values<float>(run.RunOnOracle()[result]));
    }

    [Fact]
    public void Reduce_with_shuffles_adds_everything()
    {
        var x = Enumerable.Range(0, 5000).Select(i => (float)(i % 17)).ToArray();
        var run = SampleKernels.Reduce(x, new Dim3(4), new Dim3(256), out var result);
        Assert.Equal(x.Sum(), KernelCase.Values<float>(run.RunOnOracle()[result]).Sum());
    }
}
