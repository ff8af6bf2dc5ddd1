using System.Runtime.InteropServices;

namespace Weir.Api;

/// <summary>Copy of a box. 200 bytes.</summary>
[StructLayout(LayoutKind.Explicit, Size = 200)]
public unsafe struct CUDA_MEMCPY3D
{
    /// <summary>Source: offset in the row, bytes.</summary>
    [FieldOffset(0)]
    public nuint srcXInBytes;

    /// <summary>Source: first row.</summary>
    [FieldOffset(8)]
    public nuint srcY;

    /// <summary>Source: first slice.</summary>
    [FieldOffset(16)]
    public nuint srcZ;

    /// <summary>Source: mipmap level, 0.</summary>
    [FieldOffset(24)]
    public nuint srcLOD;

    /// <summary>Source: which of the following fields counts.</summary>
    [FieldOffset(32)]
    public CUmemorytype srcMemoryType;

    /// <summary>Source: host address.</summary>
    [FieldOffset(40)]
    public void* srcHost;

    /// <summary>Source: device address.</summary>
    [FieldOffset(48)]
    public ulong srcDevice;

    /// <summary>Source: array.</summary>
    [FieldOffset(56)]
    public nint srcArray;

    /// <summary>Null.</summary>
    [FieldOffset(64)]
    public void* reserved0;

    /// <summary>Source: bytes from row to row; 0 = packed.</summary>
    [FieldOffset(72)]
    public nuint srcPitch;

    /// <summary>Source: rows from slice to slice; 0 = packed.</summary>
    [FieldOffset(80)]
    public nuint srcHeight;

    /// <summary>Destination: offset in the row, bytes.</summary>
    [FieldOffset(88)]
    public nuint dstXInBytes;

    /// <summary>Destination: first row.</summary>
    [FieldOffset(96)]
    public nuint dstY;

    /// <summary>Destination: first slice.</summary>
    [FieldOffset(104)]
    public nuint dstZ;

    /// <summary>Destination: mipmap level, 0.</summary>
    [FieldOffset(112)]
    public nuint dstLOD;

    /// <summary>Destination: which of the following fields counts.</summary>
    [FieldOffset(120)]
    public CUmemorytype dstMemoryType;

    /// <summary>Destination: host address.</summary>
    [FieldOffset(128)]
    public void* dstHost;

    /// <summary>Destination: device address.</summary>
    [FieldOffset(136)]
    public ulong dstDevice;

    /// <summary>Destination: array.</summary>
    [FieldOffset(144)]
    public nint dstArray;

    /// <summary>Null.</summary>
    [FieldOffset(152)]
    public void* reserved1;

    /// <summary>Destination: bytes from row to row; 0 = packed.</summary>
    [FieldOffset(160)]
    public nuint dstPitch;

    /// <summary>Destination: rows from slice to slice; 0 = packed.</summary>
    [FieldOffset(168)]
    public nuint dstHeight;

    /// <summary>Bytes of a row.</summary>
    [FieldOffset(176)]
    public nuint WidthInBytes;

    /// <summary>Rows.</summary>
    [FieldOffset(184)]
    public nuint Height;

    /// <summary>Slices.</summary>
    [FieldOffset(192)]
    public nuint Depth;
}
