using System.Runtime.InteropServices;

namespace Weir.Api;

/// <summary>A launch as a node. 72 bytes; the first version ends before <see cref="kern"/>, at 56.</summary>
[StructLayout(LayoutKind.Explicit, Size = 72)]
public unsafe struct CUDA_KERNEL_NODE_PARAMS
{
    /// <summary>Function; 0 when <see cref="kern"/> says it.</summary>
    [FieldOffset(0)]
    public nint func;

    /// <summary>Blocks.</summary>
    [FieldOffset(8)]
    public uint gridDimX;

    /// <summary>Blocks.</summary>
    [FieldOffset(12)]
    public uint gridDimY;

    /// <summary>Blocks.</summary>
    [FieldOffset(16)]
    public uint gridDimZ;

    /// <summary>Threads.</summary>
    [FieldOffset(20)]
    public uint blockDimX;

    /// <summary>Threads.</summary>
    [FieldOffset(24)]
    public uint blockDimY;

    /// <summary>Threads.</summary>
    [FieldOffset(28)]
    public uint blockDimZ;

    /// <summary>Dynamic shared memory, bytes.</summary>
    [FieldOffset(32)]
    public uint sharedMemBytes;

    /// <summary>Arguments, one by one.</summary>
    [FieldOffset(40)]
    public void** kernelParams;

    /// <summary>Arguments, packed.</summary>
    [FieldOffset(48)]
    public void** extra;

    /// <summary>Kernel of a library.</summary>
    [FieldOffset(56)]
    public nint kern;

    /// <summary>Context to run in; 0 = the current one.</summary>
    [FieldOffset(64)]
    public nint ctx;
}
