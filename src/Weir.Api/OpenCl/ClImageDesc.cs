using System.Runtime.InteropServices;

namespace Weir.Api;

/// <summary>cl_image_desc; sizes in texels, pitches in bytes.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct ClImageDesc
{
    /// <summary>image_type</summary>
    public uint Type;

    /// <summary>image_width</summary>
    public nuint Width;

    /// <summary>image_height</summary>
    public nuint Height;

    /// <summary>image_depth</summary>
    public nuint Depth;

    /// <summary>image_array_size</summary>
    public nuint ArraySize;

    /// <summary>image_row_pitch</summary>
    public nuint RowPitch;

    /// <summary>image_slice_pitch</summary>
    public nuint SlicePitch;

    /// <summary>num_mip_levels</summary>
    public uint MipLevels;

    /// <summary>num_samples</summary>
    public uint Samples;

    /// <summary>buffer or mem_object: as the program's object in the client, the driver's in the worker, 0 on the way.</summary>
    public nint Memory;
}
