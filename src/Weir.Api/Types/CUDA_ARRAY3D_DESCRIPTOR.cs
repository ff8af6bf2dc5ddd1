using System.Runtime.InteropServices;

namespace Weir.Api;

/// <summary>Array of up to three dimensions. 40 bytes.</summary>
[StructLayout(LayoutKind.Explicit, Size = 40)]
public struct CUDA_ARRAY3D_DESCRIPTOR
{
    /// <summary>Elements.</summary>
    [FieldOffset(0)]
    public nuint Width;

    /// <summary>Elements; 0 = one-dimensional.</summary>
    [FieldOffset(8)]
    public nuint Height;

    /// <summary>Elements or layers; 0 = two-dimensional.</summary>
    [FieldOffset(16)]
    public nuint Depth;

    /// <summary>Format of a channel.</summary>
    [FieldOffset(24)]
    public CUarray_format Format;

    /// <summary>1, 2 or 4.</summary>
    [FieldOffset(28)]
    public uint NumChannels;

    /// <summary>CUDA_ARRAY3D_*.</summary>
    [FieldOffset(32)]
    public uint Flags;
}
