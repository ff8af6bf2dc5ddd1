using System.Reflection;
using System.Runtime.Loader;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Weir.Generators.Emit;
using Weir.Generators.Model;

namespace Weir.Generators.Tests;

/// <summary>Client and worker code emitted from Sample.api, compiled together and loaded.</summary>
public sealed class EmittedProgram
{
    private static readonly string[] Parts =
    [
        "IDriver.g.cs",
        "Op.g.cs",
        "Exports.g.cs",
        "ExportAddresses.g.cs",
        "WireCalls.g.cs",
        "Dispatcher.g.cs",
    ];
    private static readonly string[] Wanted = ["driver", "exports", "dispatch"];

    private readonly Type _script;

    public EmittedProgram()
    {
        ApiSet set = Descriptions.Sample().Set;
        IEnumerable<string> emitted = Wanted
            .SelectMany(product => Products.Emit(product, set))
            .Where(file => Parts.Contains(file.Name))
            .Select(file => "using System;\n" + file.Text);
        IEnumerable<string> written = [Descriptions.Resource("Guest.cs"), Descriptions.Resource("Script.cs")];
        string trusted = (string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!;
        CSharpCompilation compilation = CSharpCompilation.Create(
            // A name that Weir.Wire shows its internals to.
            "weir-worker",
            emitted.Concat(written).Select(text => CSharpSyntaxTree.ParseText(text)),
            trusted.Split(':').Select(path => MetadataReference.CreateFromFile(path)),
            new CSharpCompilationOptions(
                OutputKind.DynamicallyLinkedLibrary,
                allowUnsafe: true,
                optimizationLevel: OptimizationLevel.Release
            )
        );
        using MemoryStream image = new();
        var result = compilation.Emit(image);
        Assert.True(
            result.Success,
            string.Join('\n', result.Diagnostics.Where(d => d.Severity == DiagnosticSeverity.Error))
        );
        image.Position = 0;
        Assembly assembly = AssemblyLoadContext.Default.LoadFromStream(image);
        _script = assembly.GetType("Script")!;
    }

    public string[] Run(string method, params object[] arguments) =>
        (string[])_script.GetMethod(method)!.Invoke(null, arguments)!;

    public string Decode(int op, byte[] payload) => (string)_script.GetMethod("Decode")!.Invoke(null, [op, payload])!;
}
