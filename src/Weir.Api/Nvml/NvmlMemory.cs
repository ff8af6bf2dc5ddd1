using System.Runtime.InteropServices;

namespace Weir.Api;

/// <summary>Memory of a device, bytes. 24 bytes.</summary>
[StructLayout(LayoutKind.Explicit, Size = 24)]
public struct NvmlMemory
{
    /// <summary>All.</summary>
    [FieldOffset(0)]
    public ulong total;

    /// <summary>Not allocated.</summary>
    [FieldOffset(8)]
    public ulong free;

    /// <summary>Allocated.</summary>
    [FieldOffset(16)]
    public ulong used;
}
