using System.Runtime.InteropServices;

namespace Weir.Kernels.Abi;

/// <summary>
/// A texture object as generated code reads it. Values of formats, modes and flags are those of the CUDA Driver API
/// (CUarray_format, CUaddress_mode, CUfilter_mode, CU_TRSF_*).
/// </summary>
[StructLayout(LayoutKind.Explicit, Size = 64)]
public struct TextureDescriptor
{
    /// <summary>First texel, an address in the session's window; 0 marks a free entry.</summary>
    [FieldOffset(0)]
    public ulong Base;

    /// <summary>Size in texels. Linear memory: Height is 0.</summary>
    [FieldOffset(8)]
    public uint Width;

    /// <inheritdoc cref="Width"/>
    [FieldOffset(12)]
    public uint Height;

    /// <inheritdoc cref="Width"/>
    [FieldOffset(16)]
    public uint Depth;

    /// <summary>Bytes from one row to the next.</summary>
    [FieldOffset(20)]
    public uint PitchBytes;

    /// <summary>CUarray_format: 1 u8, 2 u16, 3 u32, 8 s8, 9 s16, 10 s32, 0x10 half, 0x20 float.</summary>
    [FieldOffset(24)]
    public uint Format;

    /// <summary>Channels per texel: 1, 2 or 4.</summary>
    [FieldOffset(28)]
    public uint Channels;

    /// <summary>CUaddress_mode per axis: 0 wrap, 1 clamp, 2 mirror, 3 border.</summary>
    [FieldOffset(32)]
    public uint AddressX;

    /// <inheritdoc cref="AddressX"/>
    [FieldOffset(36)]
    public uint AddressY;

    /// <inheritdoc cref="AddressX"/>
    [FieldOffset(40)]
    public uint AddressZ;

    /// <summary>CUfilter_mode: 0 point, 1 linear.</summary>
    [FieldOffset(44)]
    public uint Filter;

    /// <summary>CU_TRSF flags: 1 read as integer, 2 normalised coordinates, 0x10 sRGB.</summary>
    [FieldOffset(48)]
    public uint Flags;
}
