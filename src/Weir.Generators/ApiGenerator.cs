using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Text;
using Weir.Generators.Emit;
using Weir.Generators.Model;
using Weir.Generators.Parsing;

namespace Weir.Generators;

/// <summary>
/// Reads the API description (additional files <c>*.api</c>) and adds what the project asks for with the MSBuild property
/// <c>WeirEmit</c>: <c>driver</c>, <c>exports</c>, <c>dispatch</c>, <c>native</c>.
/// </summary>
[Generator(LanguageNames.CSharp)]
public sealed class ApiGenerator : IIncrementalGenerator
{
    internal const string FilesStep = "WeirFiles";
    internal const string SetStep = "WeirSet";
    internal const string OutputStep = "WeirOutput";

    /// <inheritdoc/>
    public void Initialize(IncrementalGeneratorInitializationContext context)
    {
        IncrementalValueProvider<ApiResult> result = context
            .AdditionalTextsProvider.Where(f => f.Path.EndsWith(".api", StringComparison.Ordinal))
            .Select((f, cancel) => ApiParser.Parse(f.Path, f.GetText(cancel)?.ToString() ?? ""))
            .WithTrackingName(FilesStep)
            .Collect()
            .Select((files, _) => ApiSetBuilder.Build(files));
        context.RegisterSourceOutput(result.Select((r, _) => r.Diagnostics), Report);

        IncrementalValueProvider<string> product = context.AnalyzerConfigOptionsProvider.Select(
            (options, _) => options.GlobalOptions.TryGetValue("build_property.WeirEmit", out string? value) ? value : ""
        );
        IncrementalValueProvider<(ApiSet Set, string Product)> output = result
            .Select((r, _) => r.Set)
            .WithTrackingName(SetStep)
            .Combine(product)
            .WithTrackingName(OutputStep);
        context.RegisterSourceOutput(output, (production, input) => Produce(production, input.Product, input.Set));
    }

    private static void Produce(SourceProductionContext context, string product, ApiSet set)
    {
        if (product.Length == 0)
        {
            return;
        }
        if (!Products.IsKnown(product))
        {
            DiagnosticDescriptor unknown = DiagnosticCatalog.Descriptor(DiagnosticCatalog.UnknownEmit);
            context.ReportDiagnostic(Diagnostic.Create(unknown, Location.None, $"WeirEmit is '{product}'"));
            return;
        }
        foreach (EmittedFile file in Products.Emit(product, set))
        {
            context.AddSource(file.Name, SourceText.From(file.Text, System.Text.Encoding.UTF8));
        }
    }

    private static void Report(SourceProductionContext context, EquatableArray<ApiDiagnostic> diagnostics)
    {
        foreach (ApiDiagnostic d in diagnostics)
        {
            LinePosition start = new(d.Line - 1, 0);
            Location place = Location.Create(d.Path, default, new LinePositionSpan(start, start));
            context.ReportDiagnostic(Diagnostic.Create(DiagnosticCatalog.Descriptor(d.Id), place, d.Message));
        }
    }
}
