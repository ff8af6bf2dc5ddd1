using System.Runtime.InteropServices;

namespace Weir.Api;

/// <summary>One- or two-dimensional array. 24 bytes.</summary>
[StructLayout(LayoutKind.Explicit, Size = 24)]
public struct CUDA_ARRAY_DESCRIPTOR
{
    /// <summary>Elements.</summary>
    [FieldOffset(0)]
    public nuint Width;

    /// <summary>Elements; 0 = one-dimensional.</summary>
    [FieldOffset(8)]
    public nuint Height;

    /// <summary>Format of a channel.</summary>
    [FieldOffset(16)]
    public CUarray_format Format;

    /// <summary>1, 2 or 4.</summary>
    [FieldOffset(20)]
    public uint NumChannels;
}
