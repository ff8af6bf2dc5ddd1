using System.Runtime.InteropServices;

namespace Weir.Api;

/// <summary>PCI place of a device (<c>nvmlPciInfo_t</c> as of <c>nvmlDeviceGetPciInfo_v3</c>). 68 bytes.</summary>
[StructLayout(LayoutKind.Explicit, Size = 68)]
public unsafe struct NvmlPciInfo
{
    /// <summary>domain:bus:device.function with 4 digits of domain.</summary>
    [FieldOffset(0)]
    public fixed byte busIdLegacy[16];

    /// <summary>Domain.</summary>
    [FieldOffset(16)]
    public uint domain;

    /// <summary>Bus.</summary>
    [FieldOffset(20)]
    public uint bus;

    /// <summary>Device.</summary>
    [FieldOffset(24)]
    public uint device;

    /// <summary>Device id and vendor id.</summary>
    [FieldOffset(28)]
    public uint pciDeviceId;

    /// <summary>Subsystem id.</summary>
    [FieldOffset(32)]
    public uint pciSubSystemId;

    /// <summary>domain:bus:device.function with 8 digits of domain.</summary>
    [FieldOffset(36)]
    public fixed byte busId[32];
}
