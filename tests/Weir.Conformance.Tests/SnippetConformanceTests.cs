using Xunit;

namespace Weir.Conformance.Tests;

/// <summary>Memory, threads and control flow, compiled, against the oracle: byte-identical.</summary>
public class SnippetConformanceTests
{
    public static TheoryData<string> Names => [.. Snippets.All.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void Compiled_snippet_gives_what_the_oracle_gives(string name)
    {
        foreach (var block in Snippets.Blocks)
        {
            var difference = Comparison.Difference(arena => Snippets.Case(name, block, arena));
            Assert.True(difference is null, $"block {block}: {difference}");
        }
    }
}
