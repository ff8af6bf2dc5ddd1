using System.Runtime.InteropServices;

namespace Weir.Api;

/// <summary>A view on a texture resource. 112 bytes.</summary>
[StructLayout(LayoutKind.Explicit, Size = 112)]
public struct CUDA_RESOURCE_VIEW_DESC
{
    /// <summary>Format to read as.</summary>
    [FieldOffset(0)]
    public CUresourceViewFormat format;

    /// <summary>Elements.</summary>
    [FieldOffset(8)]
    public nuint width;

    /// <summary>Elements.</summary>
    [FieldOffset(16)]
    public nuint height;

    /// <summary>Elements.</summary>
    [FieldOffset(24)]
    public nuint depth;

    /// <summary>First level.</summary>
    [FieldOffset(32)]
    public uint firstMipmapLevel;

    /// <summary>Last level.</summary>
    [FieldOffset(36)]
    public uint lastMipmapLevel;

    /// <summary>First layer.</summary>
    [FieldOffset(40)]
    public uint firstLayer;

    /// <summary>Last layer.</summary>
    [FieldOffset(44)]
    public uint lastLayer;
}
