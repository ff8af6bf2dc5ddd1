using System.Text.RegularExpressions;

namespace Weir.Repository.Tests;

/// <summary>Documents name files that exist.</summary>
public partial class DocumentPathTests
{
    // What a build, a set-up or a run makes, and what lies outside the checkout.
    private static readonly string[] Made = ["artifacts/", ".deps/", ".weir/", "bin/", "obj/"];

    public static TheoryData<string> Documents => [.. Checkout.Files.Where(path => path.EndsWith(".md"))];

    [Theory]
    [MemberData(nameof(Documents))]
    public void Every_path_in_a_document_exists(string document)
    {
        string folder = Path.GetDirectoryName(document) ?? "";
        IEnumerable<string> missing = NamedPaths(document).Where(path => !Exists(folder, path));
        Assert.Empty(missing);
    }

    [Fact]
    public void Every_project_has_a_note_that_says_what_it_is_for()
    {
        IEnumerable<string> without = Checkout
            .Files.Where(path => path.StartsWith("src/") && path.EndsWith(".csproj"))
            .Select(path => Path.Combine(Path.GetDirectoryName(path)!, "README.md"))
            .Where(note => !File.Exists(Path.Combine(Checkout.Root, note)));
        Assert.Empty(without);
    }

    /// <summary>Targets of links, and whatever in backquotes looks like a path from the root or beside the document.</summary>
    private static IEnumerable<string> NamedPaths(string document)
    {
        string text = File.ReadAllText(Path.Combine(Checkout.Root, document));
        IEnumerable<string> links = Link()
            .Matches(text)
            .Select(match => match.Groups[1].Value)
            .Where(target => !target.Contains("://") && !target.StartsWith('#') && !target.StartsWith("mailto:"))
            .Select(target => target.Split('#')[0]);
        IEnumerable<string> quoted = Quoted().Matches(text).Select(match => match.Groups[1].Value);
        return links.Concat(quoted).Where(path => !Made.Any(made => path.Contains(made))).Distinct();
    }

    private static bool Exists(string folder, string path)
    {
        path = path.TrimEnd('/');
        if (path.Contains('*'))
        {
            var pattern = new Regex("^(.*/)?" + Regex.Escape(path).Replace(@"\*", "[^/]*") + "$");
            return Checkout.Files.Any(file => pattern.IsMatch(file));
        }
        return new[] { Path.Combine(Checkout.Root, folder, path), Path.Combine(Checkout.Root, path) }.Any(Path.Exists);
    }

    [GeneratedRegex(@"\]\(([^)\s]+)\)")]
    private static partial Regex Link();

    // `src/…`, `docs/…`: begins with a top folder of the checkout; or a bare file name with a source's extension.
    [GeneratedRegex(@"`((?:src|tests|docs|samples|bench|eng|\.ci)/[\w./*-]+|[\w.-]+\.(?:cs|csproj|md|api|cu|c))`")]
    private static partial Regex Quoted();
}
