using System.Globalization;
using Weir.Simulator.Traces;

namespace Weir.Simulator.Arrival;

/// <summary>The published results of the FGD experiments on openb: means over the published seeds.</summary>
public sealed class PublishedTable
{
    private static readonly Dictionary<string, string> PolicyNames = new()
    {
        ["01-Random"] = "random",
        ["02-DotProd"] = "dotproduct",
        ["03-GpuClustering"] = "clustering",
        ["04-GpuPacking"] = "packing",
        ["05-BestFit"] = "bestfit",
        ["06-FGD"] = "fgd",
    };

    private readonly Dictionary<(string, string), double[]> means = [];

    private PublishedTable() { }

    /// <summary>Policies with published results, by Weir's names.</summary>
    public static IReadOnlyCollection<string> Policies => PolicyNames.Values;

    /// <summary>Reads the published allocation, percent of all devices.</summary>
    /// <param name="folder">The folder with the openb files; the results are in its folder `expected`.</param>
    /// <exception cref="TraceException">The file is missing or makes no sense.</exception>
    public static PublishedTable Allocation(string folder) => Read(folder, "allo");

    /// <summary>Reads the published fragmentation, percent of all devices.</summary>
    /// <param name="folder">The folder with the openb files.</param>
    /// <exception cref="TraceException">The file is missing or makes no sense.</exception>
    public static PublishedTable Fragment(string folder) => Read(folder, "frag");

    /// <summary>By arrived demand in percent (0 … 130), the mean over seeds; null when nothing was published.</summary>
    public double[]? Curve(string variant, string policy) => means.GetValueOrDefault((variant, policy));

    private static PublishedTable Read(string folder, string kind)
    {
        var table = new PublishedTable();
        var counts = new Dictionary<(string, string), int>();
        string path = Path.Combine(folder, "expected", $"analysis_{kind}_discrete.csv.gz");
        using var file = new CsvFile(path);
        file.Require("workload", "sc_policy", "seed", "0", "130");
        string[] columns = [.. Enumerable.Range(0, 131).Select(i => i.ToString(CultureInfo.InvariantCulture))];
        while (file.Read())
        {
            string variant = file.Text("workload").Replace("openb_pod_list_", "", StringComparison.Ordinal);
            if (!PolicyNames.TryGetValue(file.Text("sc_policy"), out string? policy))
            {
                throw new TraceException(path, file.Line, $"unknown policy '{file.Text("sc_policy")}'");
            }
            if (!table.means.TryGetValue((variant, policy), out double[]? sums))
            {
                table.means.Add((variant, policy), sums = new double[columns.Length]);
            }
            for (int i = 0; i < columns.Length; i++)
            {
                sums[i] += file.Real(columns[i], 0);
            }
            counts[(variant, policy)] = counts.GetValueOrDefault((variant, policy)) + 1;
        }
        foreach ((string, string) key in table.means.Keys)
        {
            for (int i = 0; i < columns.Length; i++)
            {
                table.means[key][i] /= counts[key];
            }
        }
        return table;
    }
}
