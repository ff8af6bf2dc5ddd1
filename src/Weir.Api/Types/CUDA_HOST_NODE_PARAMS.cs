using System.Runtime.InteropServices;

namespace Weir.Api;

/// <summary>A call of the program's function as a node. 16 bytes.</summary>
[StructLayout(LayoutKind.Explicit, Size = 16)]
public unsafe struct CUDA_HOST_NODE_PARAMS
{
    /// <summary>The function.</summary>
    [FieldOffset(0)]
    public nint fn;

    /// <summary>What it is called with.</summary>
    [FieldOffset(8)]
    public void* userData;
}
