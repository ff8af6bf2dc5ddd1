using System.Text.RegularExpressions;

namespace Weir.Shim.Tests;

/// <summary>The library as a file: names, symbols, what it needs of the C library.</summary>
public sealed partial class LibraryFileTests
{
    /// <summary>The oldest C library that clients may have. The documents say the same.</summary>
    private static readonly Version OldestGlibc = new(2, 17);

    [Fact]
    public void It_needs_no_symbol_newer_than_the_oldest_c_library_has()
    {
        var versions = GlibcVersion()
            .Matches(ReadElf("--dyn-syms"))
            .Select(m => Version.Parse(m.Groups[1].Value))
            .ToList();
        Assert.NotEmpty(versions);
        Assert.True(versions.Max() <= OldestGlibc, $"needs GLIBC_{versions.Max()}");
    }

    [Fact]
    public void It_needs_no_library_but_the_c_library_and_stays_loaded()
    {
        string dynamic = ReadElf("-d");
        var needed = NeededLibrary().Matches(dynamic).Select(m => m.Groups[1].Value).Order();
        Assert.Equal(["ld-linux-x86-64.so.2", "libc.so.6", "libdl.so.2", "libpthread.so.0"], needed);
        Assert.Contains("soname: [libcuda.so.1]", dynamic);
        Assert.Contains("NODELETE", dynamic);
    }

    [Fact]
    public void It_exports_the_api_and_nothing_else()
    {
        var exported = Exported();
        Assert.Contains("weir_shim_marker", exported);
        // What OpenCL's loader asks a driver for; all else of OpenCL goes through its table.
        string[] ofTheLoader = ["clGetExtensionFunctionAddress", "clIcdGetPlatformIDsKHR"];
        Assert.Subset(exported.ToHashSet(), ofTheLoader.ToHashSet());
        Assert.All(exported.Except(ofTheLoader), name => Assert.Matches("^(cu[A-Z]|nvml|weir_shim_marker$)", name));
    }

    [Fact]
    public void It_exports_every_symbol_that_ffmpeg_resolves()
    {
        var exported = Exported();
        string[] resolved = File.ReadAllLines(Artifacts.Client("ffmpeg-symbols.txt"));
        Assert.True(resolved.Length > 70);
        Assert.Empty(resolved.Except(exported));
    }

    [Theory]
    [InlineData("libcuda.so.1")]
    [InlineData("libcuda.so")]
    [InlineData("libnvidia-ml.so.1")]
    public void Every_name_is_the_same_file(string name)
    {
        var target = File.ResolveLinkTarget(Path.Combine(Artifacts.Shim, name), true);
        Assert.Equal(Path.GetFullPath(Artifacts.Library), target?.FullName);
    }

    [Fact]
    public void It_is_small() => Assert.InRange(new FileInfo(Artifacts.Library).Length, 1, 3 << 20);

    private static HashSet<string> Exported() =>
        [
            .. ReadElf("--dyn-syms")
                .Split('\n')
                .Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
                .Where(fields => fields.Length >= 8 && fields[4] == "GLOBAL" && fields[6] != "UND")
                .Select(fields => fields[7]),
        ];

    private static string ReadElf(string what)
    {
        var run = Artifacts.Run("readelf", ["-W", what, Artifacts.Library]);
        Assert.Equal(0, run.ExitCode);
        return run.Output;
    }

    [GeneratedRegex(@"@GLIBC_([0-9.]+)")]
    private static partial Regex GlibcVersion();

    [GeneratedRegex(@"Shared library: \[([^\]]+)\]")]
    private static partial Regex NeededLibrary();
}
