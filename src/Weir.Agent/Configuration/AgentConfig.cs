using System.Text.Json;
using System.Text.Json.Serialization;

namespace Weir.Agent.Configuration;

/// <summary>
/// What a person writes about a node (`agent.json`); every value has a default. Settable, because generated JSON code gives
/// properties that can only be initialised the type's default instead of the one written here.
/// </summary>
internal sealed record AgentConfig
{
    /// <summary>Name of the node; by default the machine's.</summary>
    public string Node { get; set; } = Environment.MachineName.ToLowerInvariant();

    /// <summary>Where clients of other machines connect, "host:port"; port 0 chooses a free one; empty: nowhere.</summary>
    public string Listen { get; set; } = "0.0.0.0:7443";

    /// <summary>What the controller tells clients to connect to, when that differs from <see cref="Listen"/>; "host" or "host:port".</summary>
    public string? Advertise { get; set; }

    /// <summary>The controller, or null for a node that only its operator's socket commands.</summary>
    public ControllerConfig? Controller { get; set; }

    /// <summary>Devices made of software.</summary>
    public IReadOnlyList<SoftwareDeviceConfig> Software { get; set; } = [];

    /// <summary>Offer the devices that the machine's own driver finds.</summary>
    public bool RealDevices { get; set; } = true;

    /// <summary>Pool that real devices belong to; empty: the default one.</summary>
    public string Pool { get; set; } = "";

    /// <summary>Rack, or whatever else shares one switch; empty: not known.</summary>
    public string Rack { get; set; } = "";

    /// <summary>
    /// Groups of devices with fast links between them (NVLink), by their numbers on this node: [[0,1],[2,3]]; empty: not known.
    /// </summary>
    public IReadOnlyList<IReadOnlyList<int>> Links { get; set; } = [];

    /// <summary>Devices of each NUMA node, by their numbers: [[0,1],[2,3]]; empty: as the system says of real ones.</summary>
    public IReadOnlyList<IReadOnlyList<int>> Numa { get; set; } = [];

    /// <summary>Speed and cost of devices, by their model's name.</summary>
    public IReadOnlyDictionary<string, ModelTerms> Models { get; set; } = new Dictionary<string, ModelTerms>();

    /// <summary>Workers kept ready per kind of device.</summary>
    public int Prewarm { get; set; } = 1;

    /// <summary>
    /// First and last user id that workers run as when the agent is root, each its own: "62000-62999". Nobody else may use them.
    /// </summary>
    public string WorkerUsers { get; set; } = "62000-62999";

    /// <summary>Most open files of a worker.</summary>
    public int WorkerFiles { get; set; } = 4096;

    /// <summary>Most threads and processes of a worker.</summary>
    public int WorkerProcesses { get; set; } = 1024;

    /// <summary>Host memory of a worker beside its device memory, bytes.</summary>
    public long WorkerHostBytes { get; set; } = 8L << 30;

    /// <summary>Most bytes of output of one workload; what goes beyond ends it.</summary>
    public long WorkloadOutputBytes { get; set; } = 1L << 30;

    /// <summary>Reads a file.</summary>
    /// <exception cref="FormatException">It is not understood; says where.</exception>
    public static AgentConfig Read(string path)
    {
        try
        {
            return Checked(
                JsonSerializer.Deserialize(File.ReadAllBytes(path), AgentConfigJson.Default.AgentConfig)
                    ?? new AgentConfig()
            );
        }
        catch (JsonException failure)
        {
            throw new FormatException(
                $"{path}, line {failure.LineNumber + 1}, column {failure.BytePositionInLine + 1}: {failure.Message.Split(" Path:")[0]}",
                failure
            );
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new FormatException($"{path} cannot be read: {failure.Message}", failure);
        }
    }

    /// <summary>The same, when it makes sense.</summary>
    /// <exception cref="FormatException">A value is impossible; says which.</exception>
    public static AgentConfig Checked(AgentConfig config)
    {
        _ = config.UserRange();
        if (config.Prewarm is < 0 or > 64)
        {
            throw new FormatException($"prewarm is 0 to 64 workers, not {config.Prewarm}");
        }
        CheckGroups("links", config.Links);
        CheckGroups("numa", config.Numa);
        foreach ((string model, ModelTerms terms) in config.Models)
        {
            if (!IsAmount(terms.Speed) || !IsAmount(terms.CostPerHour))
            {
                throw new FormatException(
                    $"models: \"{model}\" has a speed of {terms.Speed} and costs {terms.CostPerHour} an hour; numbers of 0 and more make sense"
                );
            }
        }
        foreach (SoftwareDeviceConfig device in config.Software)
        {
            if (device.Oversubscribe is not (>= 1 and <= 8))
            {
                throw new FormatException($"oversubscribe is a factor from 1 to 8, not {device.Oversubscribe}");
            }
            if (device.Count is < 1 or > 4096 || device.Cores is < 1 or > 256 || device.MemoryBytes < 64 << 20)
            {
                throw new FormatException(
                    "a software device has a count of 1 to 4096, 1 to 256 cores and memoryBytes of at least 64 MiB"
                );
            }
        }
        return config;
    }

    private static bool IsAmount(double value) => value >= 0 && double.IsFinite(value);

    private static void CheckGroups(string name, IReadOnlyList<IReadOnlyList<int>> groups)
    {
        HashSet<int> seen = [];
        foreach (int device in groups.SelectMany(group => group))
        {
            if (device < 0 || !seen.Add(device))
            {
                throw new FormatException(
                    $"{name}: device {device} is {(device < 0 ? "no number of a device" : "in two groups")}; write e.g. [[0,1],[2,3]]"
                );
            }
        }
    }

    /// <summary><see cref="WorkerUsers"/> as numbers.</summary>
    public (uint First, uint Last) UserRange() =>
        WorkerUsers.Split('-') is [var first, var last]
        && uint.TryParse(first, out uint from)
        && uint.TryParse(last, out uint to)
        && from > 0
        && to >= from + 1
            ? (from, to)
            : throw new FormatException($"workerUsers is a range like 62000-62999, not {WorkerUsers}");
}

/// <summary>How to reach the controller.</summary>
/// <param name="Address">"host:port".</param>
/// <param name="Fingerprint">SHA-256 of its certificate, hex.</param>
/// <param name="CredentialFile">File with the node's credential, readable by its owner only.</param>
internal sealed record ControllerConfig(string Address, string Fingerprint, string CredentialFile);

/// <summary>What is known of a model.</summary>
internal sealed record ModelTerms
{
    /// <summary>How fast it is, relative to any common unit; 0: not known.</summary>
    public double Speed { get; set; }

    /// <summary>What a device costs per hour, in any currency; 0: not known.</summary>
    public double CostPerHour { get; set; }
}

/// <summary>Devices made of software, all alike.</summary>
internal sealed record SoftwareDeviceConfig
{
    /// <summary>How many.</summary>
    public int Count { get; set; } = 1;

    /// <summary>Cores of each; by default all of the machine's.</summary>
    public int Cores { get; set; } = Math.Min(Environment.ProcessorCount, 256);

    /// <summary>Memory of each, bytes; by default a quarter of the machine's divided by the count, at most 16 GiB.</summary>
    public long? MemoryBytes { get; set; }

    /// <summary>
    /// What may be promised of the memory, as a multiple of it: sessions share it as a cache, and what does not fit waits in the host's
    /// memory. 1 to 8.
    /// </summary>
    public double Oversubscribe { get; set; } = 1;

    /// <summary>Pool that they belong to; empty: the default one.</summary>
    public string Pool { get; set; } = "";

    /// <summary>While this file exists the devices report a fault, its text: to rehearse what happens then.</summary>
    public string? FaultFile { get; set; }
}

/// <summary>JSON of the configuration, generated at build time.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    ReadCommentHandling = JsonCommentHandling.Skip,
    AllowTrailingCommas = true,
    WriteIndented = true,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true
)]
[JsonSerializable(typeof(AgentConfig))]
internal sealed partial class AgentConfigJson : JsonSerializerContext;
