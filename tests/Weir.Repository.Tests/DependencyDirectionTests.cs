using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace Weir.Repository.Tests;

/// <summary>Who may reference whom (ARCHITECTURE.md, "Projects and the direction of dependencies").</summary>
public partial class DependencyDirectionTests
{
    private static readonly Dictionary<string, string[]> Allowed = new()
    {
        ["Weir.Generators"] = [],
        ["Weir.Scheduling"] = [],
        ["Weir.Simulator"] = ["Weir.Scheduling"],
        ["Weir.Estimates"] = [],
        ["Weir.Api"] = ["Weir.Generators"],
        ["Weir.Wire"] = ["Weir.Api"],
        ["Weir.Posix"] = [],
        ["Weir.Shim"] = ["Weir.Api", "Weir.Wire", "Weir.Generators"],
        ["Weir.Images"] = [],
        ["Weir.Kernels"] = [],
        ["Weir.Compiler"] = ["Weir.Kernels"],
        ["Weir.Devices.Software"] = ["Weir.Api", "Weir.Kernels"],
        ["Weir.Devices.Cuda"] = ["Weir.Api", "Weir.Generators"],
        ["Weir.Devices.OpenCl"] = ["Weir.Api", "Weir.Generators"],
        ["Weir.Worker"] =
        [
            "Weir.Api",
            "Weir.Wire",
            "Weir.Images",
            "Weir.Posix",
            "Weir.Remote",
            "Weir.Kernels",
            "Weir.Devices.Software",
            "Weir.Devices.Cuda",
            "Weir.Devices.OpenCl",
            "Weir.Generators",
        ],
        ["Weir.Protocol"] = [],
        ["Weir.Metering"] = [],
        ["Weir.Controller"] = ["Weir.Protocol", "Weir.Scheduling", "Weir.Metering"],
        ["Weir.Agent"] = ["Weir.Posix", "Weir.Wire", "Weir.Remote", "Weir.Images", "Weir.Protocol"],
        ["Weir.Cli"] =
        [
            "Weir.Wire",
            "Weir.Api",
            "Weir.Images",
            "Weir.Protocol",
            "Weir.Remote",
            "Weir.Scheduling",
            "Weir.Simulator",
            "Weir.Estimates",
            "Weir.Metering",
        ],
        ["Weir.Dashboard"] = ["Weir.Protocol"],
        ["Weir.Remote"] = ["Weir.Wire", "Weir.Posix"],
    };

    // Folders that know no files, sockets or processes.
    private static readonly string[] PureFolders =
    [
        "src/Weir.Kernels/Ptx/",
        "src/Weir.Kernels/Ir/",
        "src/Weir.Kernels/Analysis/",
        "src/Weir.Kernels/Codegen/",
        "src/Weir.Scheduling/",
        "src/Weir.Metering/Debt/",
        "src/Weir.Metering/Findings/",
        "src/Weir.Metering/Forecasts/",
        "src/Weir.Metering/Money/",
    ];

    public static TheoryData<string> Projects =>
        [.. Checkout.Files.Where(path => path.StartsWith("src/") && path.EndsWith(".csproj"))];

    [Theory]
    [MemberData(nameof(Projects))]
    public void References_point_downwards_only(string path)
    {
        string project = Path.GetFileNameWithoutExtension(path);
        Assert.True(Allowed.ContainsKey(project), $"{project} is not in the table of allowed references");
        IEnumerable<string> references = XDocument
            .Load(Path.Combine(Checkout.Root, path))
            .Descendants("ProjectReference")
            .Select(reference =>
                Path.GetFileNameWithoutExtension(reference.Attribute("Include")!.Value.Replace('\\', '/'))
            );
        Assert.All(references, reference => Assert.Contains(reference, Allowed[project]));
    }

    [Fact]
    public void The_oracle_shares_no_code_with_the_compiler()
    {
        string project = File.ReadAllText(Path.Combine(Checkout.Root, "tests/Weir.Oracle/Weir.Oracle.csproj"));
        Assert.DoesNotContain("ProjectReference", project);
        Assert.DoesNotContain("Compile Include", project);
    }

    [Fact]
    public void Kernels_are_compiled_and_claims_decided_without_input_and_output()
    {
        IEnumerable<string> offenders =
            from path in Checkout.Files
            where path.EndsWith(".cs") && PureFolders.Any(path.StartsWith)
            from line in Checkout.Lines(path)
            where InputOutput().IsMatch(line)
            select $"{path}: {line.Trim()}";
        Assert.Empty(offenders);
    }

    [GeneratedRegex(@"using System\.(IO|Net|Diagnostics)\b|\bFile\.(Read|Write|Open|Create|Delete)|\bProcess\.Start")]
    private static partial Regex InputOutput();
}
