namespace Weir.Cli.Simulate;

/// <summary>Finds the traces that come with Weir.</summary>
internal static class OpenbFolder
{
    /// <summary>The folder samples/traces/openb of the checkout; null when there is none.</summary>
    public static string? Find()
    {
        string?[] starts =
        [
            Environment.GetEnvironmentVariable("WEIR_ROOT"),
            AppContext.BaseDirectory,
            Environment.CurrentDirectory,
        ];
        foreach (string? start in starts)
        {
            for (string? at = start; at is not null; at = Path.GetDirectoryName(at))
            {
                string folder = Path.Combine(at, "samples", "traces", "openb");
                if (Directory.Exists(folder))
                {
                    return folder;
                }
            }
        }
        return null;
    }
}
