using Weir.Generators.Model;

namespace Weir.Generators.Emit;

/// <summary>One generated file.</summary>
internal sealed record EmittedFile(string Name, string Text);

/// <summary>What a project can ask for with the MSBuild property <c>WeirEmit</c>.</summary>
internal static class Products
{
    private static readonly Dictionary<string, Func<ApiSet, IEnumerable<EmittedFile>>> All = new()
    {
        ["driver"] = set =>
            [
                new("IDriver.g.cs", DriverEmitter.Emit(set)),
                new("Op.g.cs", OpEmitter.Emit(set)),
                new("CallTable.g.cs", CallTableEmitter.Emit(set)),
                new("ExportTable.g.cs", ExportTableEmitter.Emit(set)),
                new("ProcTable.g.cs", ProcTableEmitter.Emit(set)),
            ],
        ["exports"] = set =>
            [
                new("Exports.g.cs", ExportEmitter.Emit(set)),
                new("ExportAddresses.g.cs", ExportAddressEmitter.Emit(set)),
                new("WireCalls.g.cs", WireCallEmitter.Emit(set)),
                new("ExportSymbols.g.cs", SymbolListEmitter.Emit(set)),
                .. set
                    .Families.Where(f => f.IsTable)
                    .Select(f => new EmittedFile(f.LocalClass + "Table.g.cs", FunctionTableEmitter.Emit(set, f))),
            ],
        ["dispatch"] = set => [new("Dispatcher.g.cs", DispatchEmitter.Emit(set))],
        ["native"] = set => [new("CudaDriver.g.cs", NativeEmitter.Emit(set, NativeEmitter.Cuda))],
        ["opencl"] = set => [new("OpenClLibrary.g.cs", NativeEmitter.Emit(set, NativeEmitter.OpenCl))],
    };

    public static bool IsKnown(string product) => All.ContainsKey(product);

    public static IEnumerable<EmittedFile> Emit(string product, ApiSet set) => All[product](set);

    /// <summary>Every exported symbol in ordinal order; its place is the export index.</summary>
    public static List<(ExportName Export, ApiCall Call)> Exports(ApiSet set) =>
        [
            .. set
                .Calls.SelectMany(c => c.Exports.Select(e => (Export: e, Call: c)))
                .OrderBy(x => x.Export.Symbol, StringComparer.Ordinal),
        ];
}
