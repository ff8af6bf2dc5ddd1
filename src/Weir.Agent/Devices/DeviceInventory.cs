using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Weir.Agent.Configuration;

namespace Weir.Agent.Devices;

/// <summary>Finds the node's devices: those of the configuration and those that the machine's own driver knows.</summary>
internal static class DeviceInventory
{
    private const long MostDefaultBytes = 16L << 30;
    private const long Alignment = 2 << 20;
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60);

    /// <summary>All devices, real ones first.</summary>
    /// <param name="config">The node's configuration.</param>
    /// <param name="worker">Path of weir-worker, which opens the driver: a driver that crashes must not take the agent along.</param>
    public static List<DeviceState> Find(AgentConfig config, string worker)
    {
        List<DeviceState> devices = config.RealDevices ? FindReal(config, worker) : [];
        long each =
            GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 4 / Math.Max(1, config.Software.Sum(one => one.Count));
        int index = 0;
        foreach (SoftwareDeviceConfig software in config.Software)
        {
            long has = (software.MemoryBytes ?? Math.Min(MostDefaultBytes, each)) / Alignment * Alignment;
            bool isMore = software.Oversubscribe > 1;
            for (int i = 0; i < software.Count; i++, index++)
            {
                devices.Add(
                    new DeviceState
                    {
                        Uuid = SoftwareUuid(config.Node, index),
                        Ordinal = devices.Count,
                        Kind = "software",
                        Model = $"Weir software device ({software.Cores} {(software.Cores == 1 ? "core" : "cores")})",
                        MemoryBytes = (ulong)(
                            isMore ? (long)(has * software.Oversubscribe) / Alignment * Alignment : has
                        ),
                        ArenaBytes = isMore ? (ulong)has : null,
                        Pool = software.Pool,
                        Cores = software.Cores,
                        FaultFile = software.FaultFile,
                    }
                );
            }
        }
        Topology.Find(config, devices);
        return devices;
    }

    // The same after every start, another on every machine and for every node of it.
    private static string SoftwareUuid(string node, int index)
    {
        string machine = File.Exists("/etc/machine-id") ? File.ReadAllText("/etc/machine-id").Trim() : "";
        byte[] hash = SHA256.HashData(
            Encoding.UTF8.GetBytes(
                $"weir software device {index} of node {node} on {machine} {Environment.MachineName}"
            )
        );
        return $"GPU-{new Guid(hash.AsSpan(0, 16), bigEndian: true)}";
    }

    private static List<DeviceState> FindReal(AgentConfig config, string worker)
    {
        var start = new ProcessStartInfo(worker, ["--describe", "--device", "cuda"])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        try
        {
            using Process process = Process.Start(start)!;
            process.ErrorDataReceived += (_, _) => { };
            process.BeginErrorReadLine();
            Task<string> output = process.StandardOutput.ReadToEndAsync();
            if (!process.WaitForExit(s_patience))
            {
                process.Kill();
                Log.Error($"the driver does not answer within {s_patience.TotalSeconds} s; its devices are left out");
                return [];
            }
            Listing listing =
                JsonSerializer.Deserialize(output.Result, ListingJson.Default.Listing) ?? new Listing("", []);
            return
            [
                .. (listing.Backend == "cuda" ? listing.Devices : []).Select(device => new DeviceState
                {
                    Uuid = $"GPU-{device.Uuid}",
                    Ordinal = device.Ordinal,
                    Kind = "cuda",
                    Model = device.Name,
                    MemoryBytes = device.MemoryBytes,
                    Pool = config.Pool,
                }),
            ];
        }
        catch (Exception failure) when (failure is JsonException or IOException or System.ComponentModel.Win32Exception)
        {
            Log.Error($"real devices are left out: {failure.Message}");
            return [];
        }
    }

    internal sealed record Listing(string Backend, IReadOnlyList<ListedDevice> Devices);

    internal sealed record ListedDevice(int Ordinal, string Name, ulong MemoryBytes, string Uuid);
}

/// <summary>JSON of what weir-worker says, generated at build time.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(DeviceInventory.Listing))]
internal sealed partial class ListingJson : JsonSerializerContext;
