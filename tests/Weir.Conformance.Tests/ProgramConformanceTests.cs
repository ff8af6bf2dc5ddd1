using Xunit;

namespace Weir.Conformance.Tests;

/// <summary>Kernels compiled from CUDA, and the samples: machine code against the oracle, byte-identical.</summary>
public class ProgramConformanceTests
{
    public static TheoryData<string> Names => [.. KernelPrograms.All.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void Compiled_kernel_gives_what_the_oracle_gives(string name) =>
        Assert.Null(Comparison.Difference(KernelPrograms.All[name], mustWrite: true));
}
