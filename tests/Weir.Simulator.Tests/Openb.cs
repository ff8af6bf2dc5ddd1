using Weir.Simulator.Traces;

namespace Weir.Simulator.Tests;

/// <summary>The committed openb files.</summary>
internal static class Openb
{
    public static string Folder { get; } = Find();

    public static Trace Variant(string name) => OpenbTrace.ReadVariant(Folder, name);

    private static string Find()
    {
        string? root = Environment.GetEnvironmentVariable("WEIR_ROOT");
        for (string? at = root ?? AppContext.BaseDirectory; at is not null; at = Path.GetDirectoryName(at))
        {
            string folder = Path.Combine(at, "samples", "traces", "openb");
            if (Directory.Exists(folder))
            {
                return folder;
            }
        }
        throw new DirectoryNotFoundException("samples/traces/openb is not above the test program");
    }
}
