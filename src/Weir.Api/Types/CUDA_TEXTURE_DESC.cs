using System.Runtime.InteropServices;

namespace Weir.Api;

/// <summary>How a texture object samples. 104 bytes.</summary>
[StructLayout(LayoutKind.Explicit, Size = 104)]
public unsafe struct CUDA_TEXTURE_DESC
{
    /// <summary><see cref="CUaddress_mode"/> per axis.</summary>
    [FieldOffset(0)]
    public fixed int addressMode[3];

    /// <summary>Filter.</summary>
    [FieldOffset(12)]
    public CUfilter_mode filterMode;

    /// <summary>1 = read as integer, 2 = normalised coordinates, 16 = sRGB, 32 = no trilinear optimisation, 64 = seamless cube.</summary>
    [FieldOffset(16)]
    public uint flags;

    /// <summary>0..16.</summary>
    [FieldOffset(20)]
    public uint maxAnisotropy;

    /// <summary>Filter between levels.</summary>
    [FieldOffset(24)]
    public CUfilter_mode mipmapFilterMode;

    /// <summary>Levels.</summary>
    [FieldOffset(28)]
    public float mipmapLevelBias;

    /// <summary>Levels.</summary>
    [FieldOffset(32)]
    public float minMipmapLevelClamp;

    /// <summary>Levels.</summary>
    [FieldOffset(36)]
    public float maxMipmapLevelClamp;

    /// <summary>Colour outside.</summary>
    [FieldOffset(40)]
    public fixed float borderColor[4];
}
