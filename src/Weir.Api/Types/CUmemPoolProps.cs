using System.Runtime.InteropServices;

namespace Weir.Api;

/// <summary>What a memory pool shall be. 88 bytes.</summary>
[StructLayout(LayoutKind.Explicit, Size = 88)]
public struct CUmemPoolProps
{
    /// <summary>1 = pinned to its location.</summary>
    [FieldOffset(0)]
    public int allocType;

    /// <summary>Handles for other processes that may be made of it; 0 = none.</summary>
    [FieldOffset(4)]
    public int handleTypes;

    /// <summary>Where.</summary>
    [FieldOffset(8)]
    public CUmemLocation location;

    /// <summary>Windows only.</summary>
    [FieldOffset(16)]
    public nint win32SecurityAttributes;

    /// <summary>Most bytes; 0 = as many as the device has.</summary>
    [FieldOffset(24)]
    public nuint maxSize;

    /// <summary>Usage flags.</summary>
    [FieldOffset(32)]
    public ushort usage;
}
