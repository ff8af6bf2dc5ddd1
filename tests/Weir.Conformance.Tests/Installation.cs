namespace Weir.Conformance.Tests;

/// <summary>The published parts under test.</summary>
internal static class Installation
{
    /// <summary>The folder with shim, bin and cli: what WEIR_ARTIFACTS says, else that of the checkout.</summary>
    public static string Artifacts { get; } =
        Environment.GetEnvironmentVariable("WEIR_ARTIFACTS") ?? Path.Combine(FindRoot(), "artifacts");

    private static string FindRoot()
    {
        var folder = AppContext.BaseDirectory;
        while (folder is not null && !File.Exists(Path.Combine(folder, "Weir.slnx")))
        {
            folder = Path.GetDirectoryName(folder);
        }
        return folder ?? throw new InvalidOperationException("these tests run from a checkout of Weir");
    }
}
