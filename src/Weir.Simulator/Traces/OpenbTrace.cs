using Weir.Scheduling;
using Weir.Scheduling.Cluster;

namespace Weir.Simulator.Traces;

/// <summary>
/// Reads the openb traces (Alibaba, cluster-trace-gpu-v2023, as published with the FGD experiments): a node list and
/// pod lists, plain or compressed.
/// </summary>
public static class OpenbTrace
{
    // Far above any node there is; keeps sums within 32 bits.
    private const int MaxCpuMilli = 100_000_000;
    private const int MaxMemoryMib = 1 << 30;

    /// <summary>The 17 pod lists with published results, without the file name's common part.</summary>
    public static IReadOnlyList<string> Variants { get; } =
    [
        "default",
        "cpu050",
        "cpu100",
        "cpu200",
        "cpu250",
        "gpushare40",
        "gpushare60",
        "gpushare80",
        "gpushare100",
        "gpuspec10",
        "gpuspec20",
        "gpuspec25",
        "gpuspec33",
        "multigpu20",
        "multigpu30",
        "multigpu40",
        "multigpu50",
    ];

    /// <summary>Reads a published variant from the folder with the openb files.</summary>
    /// <exception cref="ArgumentException">There is no such variant; the message offers the nearest name.</exception>
    /// <exception cref="TraceException">A file is missing or makes no sense.</exception>
    public static Trace ReadVariant(string folder, string variant, bool skipBad = false)
    {
        if (!Variants.Contains(variant))
        {
            throw new ArgumentException(NearestName.Message("variant of openb", variant, Variants));
        }
        return Read(
            variant,
            Existing(folder, "openb_node_list_gpu_node.csv"),
            Existing(folder, $"openb_pod_list_{variant}.csv"),
            skipBad
        );
    }

    /// <summary>Reads a node list and a pod list.</summary>
    /// <param name="name">The trace's name in reports.</param>
    /// <param name="nodesPath">CSV with sn, cpu_milli, memory_mib, gpu, model.</param>
    /// <param name="podsPath">CSV with name, cpu_milli, memory_mib, num_gpu, gpu_milli and, where known, gpu_spec, qos and times.</param>
    /// <param name="skipBad">True: leave out pods that make no sense, and count them; else the first one is an error.</param>
    /// <exception cref="TraceException">Says the file, the line and the reason.</exception>
    public static Trace Read(string name, string nodesPath, string podsPath, bool skipBad = false)
    {
        var models = new NameTable();
        List<NodeConfig> nodes = ReadNodes(nodesPath, models);
        List<TraceTask> tasks = [];
        int skipped = 0;
        using var file = new CsvFile(podsPath);
        file.Require("name", "cpu_milli", "memory_mib", "num_gpu", "gpu_milli");
        var names = new HashSet<string>(StringComparer.Ordinal);
        while (file.Read())
        {
            try
            {
                TraceTask task = ReadPod(file, models);
                if (!names.Add(task.Name))
                {
                    throw new TraceException(podsPath, file.Line, $"the name '{task.Name}' is there twice");
                }
                tasks.Add(task);
            }
            catch (TraceException) when (skipBad)
            {
                skipped++;
            }
        }
        if (tasks.Count == 0)
        {
            throw new TraceException(podsPath, 0, "has no task that can be used");
        }
        return new Trace(name, nodes, models, tasks, skipped);
    }

    /// <summary>Reads a node list: CSV with sn, cpu_milli, memory_mib, gpu, model.</summary>
    /// <exception cref="TraceException">Says the file, the line and the reason.</exception>
    public static List<NodeConfig> ReadNodes(string path, NameTable models)
    {
        using var file = new CsvFile(path);
        file.Require("sn", "cpu_milli", "memory_mib", "gpu", "model");
        List<NodeConfig> nodes = [];
        var names = new HashSet<string>(StringComparer.Ordinal);
        while (file.Read())
        {
            var node = new NodeConfig(
                file.Text("sn"),
                file.Number("cpu_milli", MaxCpuMilli),
                file.Number("memory_mib", MaxMemoryMib),
                file.Number("gpu", 64),
                file.Text("model")
            );
            if (!names.Add(node.Name))
            {
                throw new TraceException(path, file.Line, $"the node '{node.Name}' is there twice");
            }
            if (node.Devices > 0)
            {
                models.Number(node.Model);
            }
            nodes.Add(node);
        }
        return nodes.Count > 0 ? nodes : throw new TraceException(path, 0, "has no nodes");
    }

    private static TraceTask ReadPod(CsvFile file, NameTable models)
    {
        string name = file.Text("name");
        if (name.Length == 0)
        {
            throw new TraceException(file.Path, file.Line, "name is missing");
        }
        int devices = file.Number("num_gpu", 64);
        int milli = file.Number("gpu_milli", TaskShape.WholeDevice);
        if (devices > 0 && milli == 0)
        {
            throw new TraceException(file.Path, file.Line, $"num_gpu is {devices}, but gpu_milli is 0");
        }
        var shape = new TaskShape(
            file.Number("cpu_milli", MaxCpuMilli),
            file.Number("memory_mib", MaxMemoryMib),
            devices,
            devices == 0 ? 0 : milli,
            0,
            devices == 0 ? TaskShape.Any : models.Bits(file.Text("gpu_spec"))
        );
        double created = file.Real("creation_time", 0);
        double scheduled = file.Real("scheduled_time", -1);
        double deleted = file.Real("deletion_time", -1);
        if (scheduled >= 0 && deleted >= 0 && deleted < scheduled)
        {
            throw new TraceException(file.Path, file.Line, $"it ends ({deleted} s) before it starts ({scheduled} s)");
        }
        return new TraceTask(name, shape)
        {
            Submitted = created,
            Duration = scheduled >= 0 && deleted >= 0 ? deleted - scheduled : -1,
            Project = file.Text("qos"),
            Priority = file.Text("qos") is "LS" or "Guaranteed" ? 100 : 50,
        };
    }

    private static string Existing(string folder, string name)
    {
        string compressed = Path.Combine(folder, name + ".gz");
        return File.Exists(compressed) ? compressed : Path.Combine(folder, name);
    }
}
