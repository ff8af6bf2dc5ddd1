using System.Runtime.InteropServices;
using Weir.Api;
using Weir.Wire;

namespace Weir.Worker.Devices;

/// <summary>Asks a driver everything that clients will ask about its devices, once.</summary>
internal static unsafe class SnapshotBuilder
{
    private const int PciBusId = 33;
    private const int PciDeviceId = 34;
    private const int PciDomainId = 50;

    /// <summary>A header and one <see cref="DeviceSnapshot"/> per device.</summary>
    public static byte[] Build(IDriver driver)
    {
        int version;
        int count;
        _ = driver.Init(0);
        if (driver.DriverGetVersion(&version) != CuResult.Success || driver.DeviceGetCount(&count) != CuResult.Success)
        {
            (version, count) = (0, 0);
        }
        count = Math.Clamp(count, 0, SnapshotHeader.MaxDevices);
        byte[] snapshot = new byte[sizeof(SnapshotHeader) + count * sizeof(DeviceSnapshot)];
        var header = new SnapshotHeader
        {
            Magic = SnapshotHeader.ExpectedMagic,
            DeviceCount = (uint)count,
            DeviceBytes = (uint)sizeof(DeviceSnapshot),
            DriverVersion = version,
        };
        MemoryMarshal.Write(snapshot, in header);
        for (int i = 0; i < count; i++)
        {
            DeviceSnapshot device = Describe(driver, i);
            MemoryMarshal.Write(snapshot.AsSpan(sizeof(SnapshotHeader) + i * sizeof(DeviceSnapshot)), in device);
        }
        return snapshot;
    }

    /// <summary>Name of the first device in a snapshot, or "".</summary>
    public static string FirstName(byte[] snapshot)
    {
        if (snapshot.Length < sizeof(SnapshotHeader) + sizeof(DeviceSnapshot))
        {
            return "";
        }
        fixed (byte* start = snapshot)
        {
            var device = (DeviceSnapshot*)(start + sizeof(SnapshotHeader));
            return Marshal.PtrToStringUTF8((nint)device->Name) ?? "";
        }
    }

    private static DeviceSnapshot Describe(IDriver driver, int ordinal)
    {
        DeviceSnapshot snapshot = default;
        int device;
        if (driver.DeviceGet(&device, ordinal) != CuResult.Success)
        {
            return snapshot;
        }
        for (int i = 0; i < DeviceSnapshot.AttributeCount; i++)
        {
            int value = 0;
            bool isKnown = driver.DeviceGetAttribute(&value, (CUdevice_attribute)i, device) == CuResult.Success;
            snapshot.Attributes[i] = isKnown ? value : 0;
            if (!isKnown)
            {
                snapshot.UnknownAttributes[i / 32] |= 1u << (i % 32);
            }
        }
        nuint bytes = 0;
        _ = driver.DeviceGetName(snapshot.Name, DeviceSnapshot.NameBytes, device);
        snapshot.Name[DeviceSnapshot.NameBytes - 1] = 0;
        _ = driver.DeviceGetUuid((CUuuid*)snapshot.Uuid, device);
        _ = driver.DeviceTotalMem(&bytes, device);
        snapshot.TotalMemoryBytes = bytes;
        int major = 0;
        int minor = 0;
        _ = driver.DeviceComputeCapability(&major, &minor, device);
        snapshot.ComputeMajor = major;
        snapshot.ComputeMinor = minor;
        snapshot.PciBus = snapshot.Attributes[PciBusId];
        snapshot.PciDevice = snapshot.Attributes[PciDeviceId];
        snapshot.PciDomain = snapshot.Attributes[PciDomainId];
        return snapshot;
    }
}
