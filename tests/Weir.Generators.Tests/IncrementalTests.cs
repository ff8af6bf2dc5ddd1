using System.Collections.Immutable;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.Diagnostics;
using Microsoft.CodeAnalysis.Text;

namespace Weir.Generators.Tests;

/// <summary>The generator runs again only as far as something has changed.</summary>
public class IncrementalTests
{
    private readonly CSharpCompilation _compilation = CSharpCompilation.Create("x");
    private readonly Text _sample = new("Sample.api", Descriptions.Resource("Sample.api"));

    [Fact]
    public void Files_are_emitted_and_diagnostics_stand_at_their_lines()
    {
        Driver("driver", _sample, new Text("bad.api", "\nnonsense\n"))
            .RunGeneratorsAndUpdateCompilation(_compilation, out Compilation output, out var diagnostics, Cancel);
        Assert.Equal(5, output.SyntaxTrees.Count());
        Diagnostic diagnostic = Assert.Single(diagnostics);
        Assert.Equal(
            ("WEIR001", "bad.api", 1),
            (diagnostic.Id, Place(diagnostic).Path, Place(diagnostic).StartLinePosition.Line)
        );
    }

    [Fact]
    public void An_unknown_product_is_reported()
    {
        Driver("wishes", _sample).RunGeneratorsAndUpdateCompilation(_compilation, out _, out var diagnostics, Cancel);
        Assert.Equal("WEIR012", Assert.Single(diagnostics).Id);
    }

    [Fact]
    public void Nothing_runs_again_when_only_code_changes()
    {
        GeneratorDriver driver = Driver("exports", _sample).RunGenerators(_compilation, Cancel);
        driver = driver.RunGenerators(
            _compilation.AddSyntaxTrees(CSharpSyntaxTree.ParseText("class C;", cancellationToken: Cancel)),
            Cancel
        );
        Assert.Equal([IncrementalStepRunReason.Cached], Reasons(driver, ApiGenerator.FilesStep));
        Assert.Equal([IncrementalStepRunReason.Cached], Reasons(driver, ApiGenerator.OutputStep));
    }

    [Fact]
    public void A_moved_line_is_parsed_and_goes_no_further()
    {
        GeneratorDriver driver = Driver("exports", _sample).RunGenerators(_compilation, Cancel);
        driver = driver
            .ReplaceAdditionalText(_sample, new Text("Sample.api", "# A new first line.\n" + _sample.Content))
            .RunGenerators(_compilation, Cancel);
        Assert.Equal([IncrementalStepRunReason.Modified], Reasons(driver, ApiGenerator.FilesStep));
        Assert.Equal([IncrementalStepRunReason.Cached], Reasons(driver, ApiGenerator.SetStep));
        Assert.Equal([IncrementalStepRunReason.Cached], Reasons(driver, ApiGenerator.OutputStep));
    }

    [Fact]
    public void A_new_call_is_emitted_and_other_files_are_not_parsed_again()
    {
        Text other = new("other.api", "api cu CuResult LocalCalls\n30 post cuMore() carry=no\n");
        GeneratorDriver driver = Driver("exports", _sample, other).RunGenerators(_compilation, Cancel);
        driver = driver
            .ReplaceAdditionalText(other, new Text("other.api", other.Content + "31 post cuEvenMore() carry=no\n"))
            .RunGenerators(_compilation, Cancel);
        Assert.Equal(
            [IncrementalStepRunReason.Modified, IncrementalStepRunReason.Cached],
            Reasons(driver, ApiGenerator.FilesStep).Order()
        );
        Assert.Equal([IncrementalStepRunReason.Modified], Reasons(driver, ApiGenerator.OutputStep));
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private static CSharpGeneratorDriver Driver(string product, params AdditionalText[] texts) =>
        CSharpGeneratorDriver.Create(
            [new ApiGenerator().AsSourceGenerator()],
            texts,
            optionsProvider: new Options(product),
            driverOptions: new GeneratorDriverOptions(
                IncrementalGeneratorOutputKind.None,
                trackIncrementalGeneratorSteps: true
            )
        );

    private static IEnumerable<IncrementalStepRunReason> Reasons(GeneratorDriver driver, string step) =>
        driver.GetRunResult().Results.Single().TrackedSteps[step].SelectMany(s => s.Outputs).Select(o => o.Reason);

    private static FileLinePositionSpan Place(Diagnostic diagnostic) => diagnostic.Location.GetLineSpan();

    private sealed class Text(string path, string content) : AdditionalText
    {
        public string Content => content;

        public override string Path => path;

        public override SourceText GetText(CancellationToken cancellationToken = default) => SourceText.From(content);
    }

    private sealed class Options(string product) : AnalyzerConfigOptionsProvider
    {
        public override AnalyzerConfigOptions GlobalOptions { get; } =
            new Values(ImmutableDictionary<string, string>.Empty.Add("build_property.WeirEmit", product));

        public override AnalyzerConfigOptions GetOptions(SyntaxTree tree) => GlobalOptions;

        public override AnalyzerConfigOptions GetOptions(AdditionalText textFile) => GlobalOptions;
    }

    private sealed class Values(ImmutableDictionary<string, string> values) : AnalyzerConfigOptions
    {
        public override bool TryGetValue(
            string key,
            [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out string? value
        ) => values.TryGetValue(key, out value);
    }
}
