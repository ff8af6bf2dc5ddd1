using System.Runtime.InteropServices;

namespace Weir.Api;

/// <summary>UUID of a device or table, in memory order. 16 bytes.</summary>
[StructLayout(LayoutKind.Explicit, Size = 16)]
public unsafe struct CUuuid
{
    /// <summary>The 16 bytes.</summary>
    [FieldOffset(0)]
    public fixed byte bytes[16];
}
