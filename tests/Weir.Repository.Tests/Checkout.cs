namespace Weir.Repository.Tests;

/// <summary>The checkout that these tests run from.</summary>
internal static class Checkout
{
    public static string Root { get; } = FindRoot();

    /// <summary>Paths relative to <see cref="Root"/> of all files that belong to the project (built output does not).</summary>
    public static IReadOnlyList<string> Files { get; } = FindFiles();

    /// <summary>A file's lines.</summary>
    public static string[] Lines(string path) => File.ReadAllLines(Path.Combine(Root, path));

    private static string FindRoot()
    {
        string? folder = AppContext.BaseDirectory;
        while (folder is not null && !File.Exists(Path.Combine(folder, "Weir.slnx")))
        {
            folder = Path.GetDirectoryName(folder);
        }
        return folder ?? throw new InvalidOperationException("these tests run from a checkout of Weir");
    }

    private static string[] FindFiles()
    {
        string[] left = ["bin", "obj", "artifacts", ".git", ".deps", ".weir", "TestResults"];
        return
        [
            .. new DirectoryInfo(Root)
                .EnumerateDirectories()
                .Where(folder => !left.Contains(folder.Name))
                .SelectMany(folder => folder.EnumerateFiles("*", SearchOption.AllDirectories))
                .Concat(new DirectoryInfo(Root).EnumerateFiles())
                .Select(file => Path.GetRelativePath(Root, file.FullName))
                .Where(path => !path.Split('/').Any(left.Contains))
                .Order(StringComparer.Ordinal),
        ];
    }
}
