using Weir.Generators.Model;
using Weir.Generators.Parsing;

namespace Weir.Generators.Tests;

/// <summary>The descriptions that the tests read.</summary>
internal static class Descriptions
{
    public static string Resource(string name)
    {
        using Stream stream = typeof(Descriptions).Assembly.GetManifestResourceStream(name)!;
        return new StreamReader(stream).ReadToEnd();
    }

    public static ApiResult Sample() => Build(("Sample.api", Resource("Sample.api")));

    /// <summary>The project's own description, file by file.</summary>
    public static (string Path, string Text)[] Real() =>
        [
            .. typeof(Descriptions)
                .Assembly.GetManifestResourceNames()
                .Where(name => name.EndsWith(".api") && name != "Sample.api")
                .Select(name => (name, Resource(name))),
        ];

    public static ApiResult Build(params (string Path, string Text)[] files) =>
        ApiSetBuilder.Build(files.Select(f => ApiParser.Parse(f.Path, f.Text)));
}
