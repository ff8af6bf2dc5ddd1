namespace Weir.Cli.Cc;

/// <summary>The compiler: the newest clang here that the header is tried with.</summary>
internal static class Clang
{
    /// <summary>What to tell a person when there is none.</summary>
    public const string Missing =
        "weir cc: no clang here; install it with `apt-get install clang-19` (clang-16 to clang-19 will do).";

    private static readonly string[] s_names = ["clang-19", "clang-18", "clang-17", "clang-16"];

    /// <summary>Its path; null when there is none.</summary>
    public static string? Find()
    {
        string[] folders = (Environment.GetEnvironmentVariable("PATH") ?? "/usr/bin").Split(':');
        return s_names
            .SelectMany(name => folders.Select(folder => Path.Combine(folder, name)))
            .FirstOrDefault(File.Exists);
    }
}
