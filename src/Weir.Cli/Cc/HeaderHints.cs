using System.Text.RegularExpressions;

namespace Weir.Cli.Cc;

/// <summary>What clang's errors mean for a source that expects the CUDA toolkit: which of its parts the header does not have.</summary>
internal static partial class HeaderHints
{
    /// <summary>One sentence for each thing that is missing, in the order of the errors.</summary>
    public static IEnumerable<string> For(IEnumerable<string> errors)
    {
        HashSet<string> said = [];
        string called = "";
        foreach (string line in errors)
        {
            string? hint =
                MissingFile().Match(line) is { Success: true } file ? OfFile(file.Groups[1].Value)
                : MissingName().Match(line) is { Success: true } name ? OfName(called = name.Groups[1].Value)
                : line.Contains("call to __host__ function from") ? OfHostFunction(called)
                : null;
            if (hint is not null && said.Add(hint))
            {
                yield return hint;
            }
        }
    }

    private static string? OfFile(string file) =>
        IsToolkits(file)
            ? $"<{file}> belongs to the CUDA toolkit and is not part of Weir's header; what is there: docs/guides/compiling.md"
            : null;

    private static bool IsToolkits(string file) =>
        file.StartsWith("cu", StringComparison.Ordinal)
        || file.StartsWith("thrust/", StringComparison.Ordinal)
        || file.StartsWith("nv", StringComparison.Ordinal)
        || file.StartsWith("cooperative_groups", StringComparison.Ordinal)
        || file.StartsWith("helper_", StringComparison.Ordinal)
        || file is "mma.h";

    private static string OfHostFunction(string name) =>
        $"'{name}' runs on the host only; Weir's header has no form of it for kernels (what is there: docs/guides/compiling.md)";

    private static string? OfName(string name) =>
        (name.StartsWith("__", StringComparison.Ordinal) && name != "__assert_fail")
        || name.StartsWith("cu", StringComparison.Ordinal)
        || name.StartsWith("atomic", StringComparison.Ordinal)
            ? $"'{name}' is not in Weir's header (what is there: docs/guides/compiling.md); inline PTX (asm) is passed on as it is"
            : null;

    [GeneratedRegex(@"fatal error: '([^']+)' file not found")]
    private static partial Regex MissingFile();

    [GeneratedRegex(
        @"error: (?:use of undeclared identifier|unknown type name|no matching function for call to) '(\w+)'"
    )]
    private static partial Regex MissingName();
}
