using System.Runtime.InteropServices;

namespace Weir.Wire;

/// <summary>Head of the snapshot that the welcome carries; <see cref="DeviceCount"/> <see cref="DeviceSnapshot"/>s follow.</summary>
[StructLayout(LayoutKind.Sequential, Size = 32)]
internal struct SnapshotHeader
{
    internal const uint ExpectedMagic = 0x534E_4150;
    internal const int MaxDevices = 64;

    internal uint Magic;
    internal uint DeviceCount;

    /// <summary>sizeof(DeviceSnapshot) of the sender.</summary>
    internal uint DeviceBytes;

    /// <summary>1000·major + 10·minor, as cuDriverGetVersion answers.</summary>
    internal int DriverVersion;
}

/// <summary>All that a client may ask of a device without a round trip.</summary>
[StructLayout(LayoutKind.Explicit, Size = 1024)]
internal unsafe struct DeviceSnapshot
{
    /// <summary>Attributes 0 to 159; index = CUdevice_attribute.</summary>
    internal const int AttributeCount = 160;

    internal const int NameBytes = 256;

    [FieldOffset(0)]
    internal fixed int Attributes[AttributeCount];

    /// <summary>NUL-terminated UTF-8.</summary>
    [FieldOffset(640)]
    internal fixed byte Name[NameBytes];

    [FieldOffset(896)]
    internal fixed byte Uuid[16];

    /// <summary>Bytes that the session may use.</summary>
    [FieldOffset(912)]
    internal ulong TotalMemoryBytes;

    [FieldOffset(920)]
    internal int ComputeMajor;

    [FieldOffset(924)]
    internal int ComputeMinor;

    [FieldOffset(928)]
    internal int PciDomain;

    [FieldOffset(932)]
    internal int PciBus;

    [FieldOffset(936)]
    internal int PciDevice;

    /// <summary>Bit per attribute that the device does not know (cuDeviceGetAttribute → INVALID_VALUE).</summary>
    [FieldOffset(944)]
    internal fixed uint UnknownAttributes[AttributeCount / 32];
}
