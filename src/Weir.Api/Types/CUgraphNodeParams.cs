using System.Runtime.InteropServices;

namespace Weir.Api;

/// <summary>Parameters of a node of any type: the type, then those of that type. 256 bytes.</summary>
[StructLayout(LayoutKind.Explicit, Size = 256)]
public unsafe struct CUgraphNodeParams
{
    /// <summary>Which of the following counts.</summary>
    [FieldOffset(0)]
    public CUgraphNodeType type;

    /// <summary>A launch.</summary>
    [FieldOffset(16)]
    public CUDA_KERNEL_NODE_PARAMS kernel;

    /// <summary>A fill.</summary>
    [FieldOffset(16)]
    public CUDA_MEMSET_NODE_PARAMS memset;

    /// <summary>A function of the program.</summary>
    [FieldOffset(16)]
    public CUDA_HOST_NODE_PARAMS host;

    /// <summary>A graph.</summary>
    [FieldOffset(16)]
    public nint graph;

    /// <summary>An event to wait for.</summary>
    [FieldOffset(16)]
    public nint eventWait;

    /// <summary>An event to record.</summary>
    [FieldOffset(16)]
    public nint eventRecord;

    /// <summary>A copy.</summary>
    [FieldOffset(32)]
    public CUDA_MEMCPY3D memcpy;
}
