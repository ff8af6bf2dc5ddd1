using System.Runtime.InteropServices;

namespace Weir.Api;

/// <summary>How a graph is to be instantiated, and what came of it. 32 bytes.</summary>
[StructLayout(LayoutKind.Explicit, Size = 32)]
public struct CUDA_GRAPH_INSTANTIATE_PARAMS
{
    /// <summary>As of cuGraphInstantiateWithFlags.</summary>
    [FieldOffset(0)]
    public ulong flags;

    /// <summary>Stream to prepare the graph in.</summary>
    [FieldOffset(8)]
    public nint hUploadStream;

    /// <summary>The node that was in the way.</summary>
    [FieldOffset(16)]
    public nint hErrNode_out;

    /// <summary>Why it was.</summary>
    [FieldOffset(24)]
    public CUgraphInstantiateResult result_out;
}
