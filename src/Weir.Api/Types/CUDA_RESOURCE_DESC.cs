using System.Runtime.InteropServices;

namespace Weir.Api;

/// <summary>What a texture object reads; <see cref="resType"/> says which fields count (they share their place, as in C). 144 bytes.</summary>
[StructLayout(LayoutKind.Explicit, Size = 144)]
public struct CUDA_RESOURCE_DESC
{
    /// <summary>Kind of resource.</summary>
    [FieldOffset(0)]
    public CUresourcetype resType;

    /// <summary>Array, or mipmapped array.</summary>
    [FieldOffset(8)]
    public nint hArray;

    /// <summary>Linear and pitched: device address.</summary>
    [FieldOffset(8)]
    public ulong devPtr;

    /// <summary>Linear and pitched: format of a channel.</summary>
    [FieldOffset(16)]
    public CUarray_format format;

    /// <summary>Linear and pitched: 1, 2 or 4.</summary>
    [FieldOffset(20)]
    public uint numChannels;

    /// <summary>Linear: bytes.</summary>
    [FieldOffset(24)]
    public nuint sizeInBytes;

    /// <summary>Pitched: elements of a row.</summary>
    [FieldOffset(24)]
    public nuint width;

    /// <summary>Pitched: rows.</summary>
    [FieldOffset(32)]
    public nuint height;

    /// <summary>Pitched: bytes from row to row.</summary>
    [FieldOffset(40)]
    public nuint pitchInBytes;

    /// <summary>0.</summary>
    [FieldOffset(136)]
    public uint flags;
}
