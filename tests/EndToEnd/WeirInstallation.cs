using System.Runtime.CompilerServices;

namespace Weir.EndToEnd;

/// <summary>The published parts under test and a place for what the tests leave.</summary>
internal static class WeirInstallation
{
    /// <summary>The checkout.</summary>
    public static string Root { get; } = FindRoot();

    /// <summary>The folder with `shim`, `bin` and `cli`.</summary>
    public static string Artifacts { get; } =
        Environment.GetEnvironmentVariable("WEIR_ARTIFACTS") ?? Path.Combine(Root, "artifacts");

    public static string Worker => Path.Combine(Artifacts, "bin", "weir-worker");

    public static string Cli => Path.Combine(Artifacts, "cli", "weir.dll");

    /// <summary>A new, empty folder for one test.</summary>
    public static string NewFolder([CallerMemberName] string test = "")
    {
        string folder = Path.Combine(
            Root,
            "artifacts",
            "end-to-end",
            $"{test}-{Guid.NewGuid():N}"[..Math.Min(60, test.Length + 9)]
        );
        Directory.CreateDirectory(folder);
        return folder;
    }

    private static string FindRoot()
    {
        string? folder = AppContext.BaseDirectory;
        while (folder is not null && !File.Exists(Path.Combine(folder, "Weir.slnx")))
        {
            folder = Path.GetDirectoryName(folder);
        }
        return folder ?? throw new InvalidOperationException("these tests run from a checkout of Weir");
    }
}
