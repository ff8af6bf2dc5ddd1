using System.Runtime.InteropServices;

namespace Weir.Api;

/// <summary>A process on a device (as of version 2 of the process queries). 24 bytes.</summary>
[StructLayout(LayoutKind.Explicit, Size = 24)]
public struct NvmlProcessInfo
{
    /// <summary>Process id.</summary>
    [FieldOffset(0)]
    public uint pid;

    /// <summary>Bytes.</summary>
    [FieldOffset(8)]
    public ulong usedGpuMemory;

    /// <summary>MIG instance, or 0xFFFFFFFF.</summary>
    [FieldOffset(16)]
    public uint gpuInstanceId;

    /// <summary>MIG compute instance, or 0xFFFFFFFF.</summary>
    [FieldOffset(20)]
    public uint computeInstanceId;
}
