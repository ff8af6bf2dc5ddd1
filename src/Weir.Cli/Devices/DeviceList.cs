using System.Text.Json;
using System.Text.Json.Serialization;

namespace Weir.Cli.Devices;

/// <summary>The devices that a program would see, as the worker describes them (`weir-worker --describe`).</summary>
internal sealed record DeviceList(string Backend, string Reason, int DriverVersion, IReadOnlyList<ListedDevice> Devices)
{
    /// <summary>What OpenCL has; null when it was not asked for.</summary>
    public OpenClList? OpenCl { get; init; }

    /// <summary>Asks the worker; null with a sentence when it does not answer.</summary>
    public static DeviceList? Read(Artifacts artifacts, string device, string? memory, out string problem)
    {
        List<string> arguments = ["--describe", "--opencl", "--device", device];
        if (memory is not null)
        {
            arguments.AddRange(["--mem", memory]);
        }
        ToolRun run = ToolRun.Start(artifacts.Worker, arguments);
        problem = run.ExitCode == 0 ? "" : $"the worker does not answer: {run.Problem}";
        return run.ExitCode == 0 ? JsonSerializer.Deserialize(run.Output, DeviceListJson.Default.DeviceList) : null;
    }
}

/// <summary>One device.</summary>
internal sealed record ListedDevice(
    int Ordinal,
    string Name,
    ulong MemoryBytes,
    string ComputeCapability,
    int Multiprocessors,
    string PciAddress,
    string Uuid
);

/// <summary>What there is of OpenCL.</summary>
/// <param name="Reason">Why there is no device; empty when there is one.</param>
/// <param name="Devices">In the order in which programs see them.</param>
internal sealed record OpenClList(string Reason, IReadOnlyList<ListedOpenClDevice> Devices);

/// <summary>A device of OpenCL.</summary>
internal sealed record ListedOpenClDevice(
    string Platform,
    string Name,
    string Type,
    string Version,
    ulong MemoryBytes,
    int ComputeUnits
);

/// <summary>JSON, generated at build time.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true)]
[JsonSerializable(typeof(DeviceList))]
internal sealed partial class DeviceListJson : JsonSerializerContext;
