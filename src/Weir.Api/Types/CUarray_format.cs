namespace Weir.Api;

/// <summary>Element format of arrays and textures.</summary>
public enum CUarray_format
{
    /// <summary>Unsigned int8.</summary>
    UnsignedInt8 = 1,

    /// <summary>Unsigned int16.</summary>
    UnsignedInt16 = 2,

    /// <summary>Unsigned int32.</summary>
    UnsignedInt32 = 3,

    /// <summary>Signed int8.</summary>
    SignedInt8 = 8,

    /// <summary>Signed int16.</summary>
    SignedInt16 = 9,

    /// <summary>Signed int32.</summary>
    SignedInt32 = 10,

    /// <summary>Half.</summary>
    Half = 16,

    /// <summary>Float.</summary>
    Float = 32,
}
