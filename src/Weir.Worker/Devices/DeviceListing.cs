using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Json.Serialization;
using Weir.Wire;
using Weir.Worker.Sessions;

namespace Weir.Worker.Devices;

/// <summary>What `weir-worker --describe` prints: the devices that a client would see, as JSON.</summary>
/// <param name="Backend">"software", "cuda", or "" when there is none.</param>
/// <param name="Reason">Why there is none, or why the real driver is not used; empty when it is.</param>
/// <param name="DriverVersion">1000·major + 10·minor.</param>
/// <param name="Devices">In the order of their ordinals.</param>
internal sealed record DeviceListing(
    string Backend,
    string Reason,
    int DriverVersion,
    IReadOnlyList<ListedDevice> Devices
)
{
    /// <summary>What OpenCL has; left out when it was not asked for.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public OpenClListing? OpenCl { get; init; }

    /// <summary>Opens the device and describes it.</summary>
    public static DeviceListing Create(WorkerOptions options)
    {
        IDeviceBackend? backend = BackendChoice.Open(options, () => { }, out string reason);
        return backend is null ? new DeviceListing("", reason, 0, []) : Read(backend.Name, reason, backend.Snapshot);
    }

    /// <summary>As one line of JSON.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, DeviceListingJson.Default.DeviceListing);

    private static unsafe DeviceListing Read(string backend, string reason, byte[] snapshot)
    {
        const int MultiprocessorCount = 16;
        List<ListedDevice> devices = [];
        fixed (byte* start = snapshot)
        {
            var header = (SnapshotHeader*)start;
            for (uint i = 0; i < header->DeviceCount; i++)
            {
                var device = (DeviceSnapshot*)(start + sizeof(SnapshotHeader)) + i;
                devices.Add(
                    new ListedDevice(
                        (int)i,
                        Marshal.PtrToStringUTF8((nint)device->Name) ?? "",
                        device->TotalMemoryBytes,
                        $"{device->ComputeMajor}.{device->ComputeMinor}",
                        device->Attributes[MultiprocessorCount],
                        $"{device->PciDomain:x4}:{device->PciBus:x2}:{device->PciDevice:x2}.0",
                        new Guid(new ReadOnlySpan<byte>(device->Uuid, 16), bigEndian: true).ToString()
                    )
                );
            }
            return new DeviceListing(backend, reason, header->DriverVersion, devices);
        }
    }
}

/// <summary>One device of a <see cref="DeviceListing"/>.</summary>
/// <param name="Ordinal">Number by which programs ask for it.</param>
/// <param name="Name">Name.</param>
/// <param name="MemoryBytes">Memory.</param>
/// <param name="ComputeCapability">major.minor.</param>
/// <param name="Multiprocessors">Multiprocessors; of the software device: cores.</param>
/// <param name="PciAddress">domain:bus:device.function.</param>
/// <param name="Uuid">As NVML prints it, without "GPU-".</param>
internal sealed record ListedDevice(
    int Ordinal,
    string Name,
    ulong MemoryBytes,
    string ComputeCapability,
    int Multiprocessors,
    string PciAddress,
    string Uuid
);

/// <summary>JSON of device lists, generated at build time.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(DeviceListing))]
internal sealed partial class DeviceListingJson : JsonSerializerContext;
