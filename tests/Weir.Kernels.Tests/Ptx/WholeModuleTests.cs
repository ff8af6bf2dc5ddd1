using System.Text;
using Weir.Conformance.Tests;
using Weir.Kernels.Ir;
using Weir.Kernels.Ptx;
using Xunit;

namespace Weir.Kernels.Tests.Ptx;

/// <summary>Modules that compilers made: every kernel must lower, verify, and do so from its own text too.</summary>
public sealed class WholeModuleTests
{
    public static TheoryData<string> Names =>
        [
            .. typeof(WholeModuleTests)
                .Assembly.GetManifestResourceNames()
                .Where(n => n.EndsWith(".ptx", StringComparison.Ordinal))
                .Order(),
        ];

    [Theory]
    [MemberData(nameof(Names))]
    public void Kernels_in_the_repository_lower(string name)
    {
        using var stream = typeof(WholeModuleTests).Assembly.GetManifestResourceStream(name)!;
        var bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        LowerAll(bytes);
    }

    [Fact]
    public void Ffmpegs_modules_lower()
    {
        Assert.Equal(5, FfmpegModules.All.Count);
        var kernels = FfmpegModules.All.Sum(text => LowerAll(Encoding.Latin1.GetBytes(text)));
        Assert.Equal(331, kernels);
    }

    private static int LowerAll(byte[] text)
    {
        var module = PtxModule.Parse(text);
        Assert.NotEmpty(module.Entries);
        for (var i = 0; i < module.Entries.Count; i++)
        {
            var entry = module.Entries[i];
            var whole = module.Lower(entry.Name);
            if (i >= 20 && i % 16 != 0)
            {
                // One in many of a large module is enough for what follows.
                continue;
            }

            var own = PtxModule.Parse(module.EntryText(entry.Name)).Lower(entry.Name);
            Assert.Equal(Operations(whole), Operations(own));
            Assert.Equal(
                whole.Blocks.SelectMany(b => b.Instructions).Select(o => o.Line),
                own.Blocks.SelectMany(b => b.Instructions).Select(o => module.MapLine(entry.Name, o.Line))
            );
        }

        return module.Entries.Count;
    }

    private static IEnumerable<IrOp> Operations(IrFunction function) =>
        function.Blocks.SelectMany(b => b.Instructions).Select(i => i.Op);
}
