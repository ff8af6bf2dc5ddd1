using System.Runtime.InteropServices;

namespace Weir.Api;

/// <summary>cl_image_format</summary>
[StructLayout(LayoutKind.Sequential)]
public struct ClImageFormat
{
    /// <summary>image_channel_order</summary>
    public uint Order;

    /// <summary>image_channel_data_type</summary>
    public uint Type;
}
