namespace Weir.Cli;

/// <summary>Where the published parts of Weir lie.</summary>
/// <param name="Root">The folder that holds `shim`, `bin` and `cli`.</param>
internal sealed record Artifacts(string Root)
{
    /// <summary>What to tell a person when <see cref="Find"/> finds nothing.</summary>
    public const string Missing =
        "weir: the published parts are missing; run ./weir in the checkout, or set WEIR_ARTIFACTS.";

    /// <summary>Folder of libcuda.so.1 and its other names.</summary>
    public string ShimDirectory => Path.Combine(Root, "shim");

    /// <summary>The library that answers to all names.</summary>
    public string Shim => Path.Combine(ShimDirectory, "libweir.so");

    /// <summary>The worker, which is broker and launcher too.</summary>
    public string Worker => Path.Combine(Root, "bin", "weir-worker");

    /// <summary>The compile service.</summary>
    public string Compiler => Path.Combine(Root, "bin", "weir-compiler");

    /// <summary>
    /// The folder named by WEIR_ARTIFACTS, else the nearest one above this program that holds `bin/weir-worker`
    /// (directly, or in a folder `artifacts`); null when there is none.
    /// </summary>
    public static Artifacts? Find()
    {
        if (Environment.GetEnvironmentVariable("WEIR_ARTIFACTS") is { Length: > 0 } named)
        {
            return new Artifacts(Path.GetFullPath(named));
        }
        for (string? folder = AppContext.BaseDirectory; folder is not null; folder = Path.GetDirectoryName(folder))
        {
            foreach (string candidate in (string[])[folder, Path.Combine(folder, "artifacts")])
            {
                var artifacts = new Artifacts(candidate);
                if (File.Exists(artifacts.Worker))
                {
                    return artifacts;
                }
            }
        }
        return null;
    }
}
