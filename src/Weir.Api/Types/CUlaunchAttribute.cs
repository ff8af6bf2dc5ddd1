using System.Runtime.InteropServices;

namespace Weir.Api;

/// <summary>One launch attribute. 72 bytes.</summary>
[StructLayout(LayoutKind.Explicit, Size = 72)]
public unsafe struct CUlaunchAttribute
{
    /// <summary>Which.</summary>
    [FieldOffset(0)]
    public CUlaunchAttributeID id;

    /// <summary>Its value.</summary>
    [FieldOffset(8)]
    public fixed byte value[64];
}
