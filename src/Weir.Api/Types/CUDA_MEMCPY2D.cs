using System.Runtime.InteropServices;

namespace Weir.Api;

/// <summary>Copy of a rectangle. 128 bytes.</summary>
[StructLayout(LayoutKind.Explicit, Size = 128)]
public unsafe struct CUDA_MEMCPY2D
{
    /// <summary>Source: offset in the row, bytes.</summary>
    [FieldOffset(0)]
    public nuint srcXInBytes;

    /// <summary>Source: first row.</summary>
    [FieldOffset(8)]
    public nuint srcY;

    /// <summary>Source: which of the following fields counts.</summary>
    [FieldOffset(16)]
    public CUmemorytype srcMemoryType;

    /// <summary>Source: host address.</summary>
    [FieldOffset(24)]
    public void* srcHost;

    /// <summary>Source: device address.</summary>
    [FieldOffset(32)]
    public ulong srcDevice;

    /// <summary>Source: array.</summary>
    [FieldOffset(40)]
    public nint srcArray;

    /// <summary>Source: bytes from row to row; 0 = packed.</summary>
    [FieldOffset(48)]
    public nuint srcPitch;

    /// <summary>Destination: offset in the row, bytes.</summary>
    [FieldOffset(56)]
    public nuint dstXInBytes;

    /// <summary>Destination: first row.</summary>
    [FieldOffset(64)]
    public nuint dstY;

    /// <summary>Destination: which of the following fields counts.</summary>
    [FieldOffset(72)]
    public CUmemorytype dstMemoryType;

    /// <summary>Destination: host address.</summary>
    [FieldOffset(80)]
    public void* dstHost;

    /// <summary>Destination: device address.</summary>
    [FieldOffset(88)]
    public ulong dstDevice;

    /// <summary>Destination: array.</summary>
    [FieldOffset(96)]
    public nint dstArray;

    /// <summary>Destination: bytes from row to row; 0 = packed.</summary>
    [FieldOffset(104)]
    public nuint dstPitch;

    /// <summary>Bytes of a row.</summary>
    [FieldOffset(112)]
    public nuint WidthInBytes;

    /// <summary>Rows.</summary>
    [FieldOffset(120)]
    public nuint Height;
}
