using System.Runtime.InteropServices;

namespace Weir.Api;

/// <summary>Where memory is. 8 bytes.</summary>
[StructLayout(LayoutKind.Explicit, Size = 8)]
public struct CUmemLocation
{
    /// <summary>CU_MEM_LOCATION_TYPE_DEVICE.</summary>
    public const int Device = 1;

    /// <summary>Kind of place; 1 = a device.</summary>
    [FieldOffset(0)]
    public int type;

    /// <summary>Its number.</summary>
    [FieldOffset(4)]
    public int id;
}
