namespace Weir.Repository.Tests;

/// <summary>One concept per file keeps files short.</summary>
public class FileLengthTests
{
    private const int MaxLines = 500;

    // Longer ones, each with its reason.
    private static readonly Dictionary<string, string> Longer = new()
    {
        ["src/Weir.Devices.Software/SoftwareDriver.cs"] = "one line for every method of IDriver",
        ["src/Weir.Kernels/Codegen/MemoryEmitter.cs"] = "all accesses share the checks of addresses",
        ["src/Weir.Kernels/Codegen/WarpEmitter.cs"] = "all warp operations share the gathering of lanes",
    };

    [Fact]
    public void Source_files_are_short()
    {
        IEnumerable<string> offenders =
            from path in Checkout.Files
            where path.EndsWith(".cs") && !Longer.ContainsKey(path)
            let lines = Checkout.Lines(path).Length
            where lines > MaxLines
            select $"{path}: {lines} lines";
        Assert.Empty(offenders);
    }
}
