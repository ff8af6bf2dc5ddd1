using System.Runtime.InteropServices;

namespace Weir.Api;

/// <summary>What physical memory shall be. 32 bytes.</summary>
[StructLayout(LayoutKind.Explicit, Size = 32)]
public struct CUmemAllocationProp
{
    /// <summary>1 = pinned to its location.</summary>
    [FieldOffset(0)]
    public int type;

    /// <summary>Handles for other processes that are wanted; 0 = none.</summary>
    [FieldOffset(4)]
    public int requestedHandleTypes;

    /// <summary>Where.</summary>
    [FieldOffset(8)]
    public CUmemLocation location;

    /// <summary>Windows only.</summary>
    [FieldOffset(16)]
    public nint win32HandleMetaData;

    /// <summary>Compression and other flags.</summary>
    [FieldOffset(24)]
    public ulong allocFlags;
}
