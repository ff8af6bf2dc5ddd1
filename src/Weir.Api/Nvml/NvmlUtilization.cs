using System.Runtime.InteropServices;

namespace Weir.Api;

/// <summary>Share of time in percent. 8 bytes.</summary>
[StructLayout(LayoutKind.Explicit, Size = 8)]
public struct NvmlUtilization
{
    /// <summary>A kernel was running.</summary>
    [FieldOffset(0)]
    public uint gpu;

    /// <summary>Memory was being read or written.</summary>
    [FieldOffset(4)]
    public uint memory;
}
