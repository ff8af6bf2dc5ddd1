using System.Runtime.InteropServices;

namespace Weir.Api;

/// <summary>What kind of dependency an edge is: all zero is the full one, the only one here. 8 bytes.</summary>
[StructLayout(LayoutKind.Explicit, Size = 8)]
public struct CUgraphEdgeData
{
    /// <summary>When the edge is open upstream.</summary>
    [FieldOffset(0)]
    public byte from_port;

    /// <summary>What of the node waits downstream.</summary>
    [FieldOffset(1)]
    public byte to_port;

    /// <summary>Kind of dependency.</summary>
    [FieldOffset(2)]
    public byte type;
}
