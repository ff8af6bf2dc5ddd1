using Weir.Api;

namespace Weir.Devices.Software.Textures;

/// <summary>Sizes of texels.</summary>
internal static class TexelFormat
{
    /// <summary>Bytes of one channel; 0 for a format that is none.</summary>
    public static int ChannelBytes(CUarray_format format) =>
        format switch
        {
            CUarray_format.UnsignedInt8 or CUarray_format.SignedInt8 => 1,
            CUarray_format.UnsignedInt16 or CUarray_format.SignedInt16 or CUarray_format.Half => 2,
            CUarray_format.UnsignedInt32 or CUarray_format.SignedInt32 or CUarray_format.Float => 4,
            _ => 0,
        };

    /// <summary>Bytes of one texel; 0 when format or number of channels are none.</summary>
    public static int TexelBytes(CUarray_format format, uint channels) =>
        channels is 1 or 2 or 4 ? ChannelBytes(format) * (int)channels : 0;

    /// <summary>True when texels may be read as numbers from 0 to 1, and filtered.</summary>
    public static bool CanNormalize(CUarray_format format) =>
        ChannelBytes(format) is 1 or 2 && format != CUarray_format.Half;

    /// <summary>True when texels are floating-point.</summary>
    public static bool IsFloat(CUarray_format format) => format is CUarray_format.Half or CUarray_format.Float;
}
