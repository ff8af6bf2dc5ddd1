using System.Runtime.InteropServices;

namespace Weir.Api;

/// <summary>Why an instantiated graph was not updated. 24 bytes.</summary>
[StructLayout(LayoutKind.Explicit, Size = 24)]
public struct CUgraphExecUpdateResultInfo
{
    /// <summary>The reason.</summary>
    [FieldOffset(0)]
    public CUgraphExecUpdateResult result;

    /// <summary>The node of the new graph at which it was found.</summary>
    [FieldOffset(8)]
    public nint errorNode;

    /// <summary>Of a dependency: the node from which it comes.</summary>
    [FieldOffset(16)]
    public nint errorFromNode;
}
