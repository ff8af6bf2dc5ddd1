namespace Weir.Cli.Bench;

/// <summary>Where the benchmark finds its parts.</summary>
/// <param name="Sources">The folder bench/ of the checkout.</param>
/// <param name="Work">A folder for compiled programs and videos.</param>
/// <param name="Worker">The launcher.</param>
internal sealed record BenchPlace(string Sources, string Work, string Worker)
{
    /// <summary>Finds them from the environment that the start script sets, or from the place of this program.</summary>
    /// <exception cref="BenchException">Not run from a checkout, or nothing is published.</exception>
    public static BenchPlace Find()
    {
        if (Artifacts.Find() is not { } artifacts)
        {
            throw new BenchException("the published parts are missing; start through ./weir of a checkout.");
        }
        string root = Environment.GetEnvironmentVariable("WEIR_ROOT") ?? Path.GetDirectoryName(artifacts.Root)!;
        string sources = Path.Combine(root, "bench");
        if (!Directory.Exists(Path.Combine(sources, "native")))
        {
            throw new BenchException($"{sources} has no benchmark programs; start through ./weir of a checkout.");
        }
        string work = Path.Combine(root, ".weir", "bench");
        Directory.CreateDirectory(work);
        return new BenchPlace(sources, work, artifacts.Worker);
    }
}
