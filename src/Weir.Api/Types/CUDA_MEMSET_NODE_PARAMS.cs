using System.Runtime.InteropServices;

namespace Weir.Api;

/// <summary>A fill as a node. 40 bytes.</summary>
[StructLayout(LayoutKind.Explicit, Size = 40)]
public struct CUDA_MEMSET_NODE_PARAMS
{
    /// <summary>Where.</summary>
    [FieldOffset(0)]
    public ulong dst;

    /// <summary>Bytes from row to row; unused with one row.</summary>
    [FieldOffset(8)]
    public nuint pitch;

    /// <summary>With what.</summary>
    [FieldOffset(16)]
    public uint value;

    /// <summary>Bytes of <see cref="value"/> that count: 1, 2 or 4.</summary>
    [FieldOffset(20)]
    public uint elementSize;

    /// <summary>Elements in a row.</summary>
    [FieldOffset(24)]
    public nuint width;

    /// <summary>Rows.</summary>
    [FieldOffset(32)]
    public nuint height;
}
