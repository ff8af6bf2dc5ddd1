using System.Runtime.InteropServices;

namespace Weir.Api;

/// <summary>Memory of a device, bytes. 40 bytes.</summary>
[StructLayout(LayoutKind.Explicit, Size = 40)]
public struct NvmlMemoryV2
{
    /// <summary>Size and version of the structure.</summary>
    [FieldOffset(0)]
    public uint version;

    /// <summary>All.</summary>
    [FieldOffset(8)]
    public ulong total;

    /// <summary>Reserved by the driver.</summary>
    [FieldOffset(16)]
    public ulong reserved;

    /// <summary>Not allocated.</summary>
    [FieldOffset(24)]
    public ulong free;

    /// <summary>Allocated.</summary>
    [FieldOffset(32)]
    public ulong used;
}
