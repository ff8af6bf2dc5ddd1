using System.Runtime.InteropServices;

namespace Weir.Api;

/// <summary>Who may do what with memory. 12 bytes.</summary>
[StructLayout(LayoutKind.Explicit, Size = 12)]
public struct CUmemAccessDesc
{
    /// <summary>CU_MEM_ACCESS_FLAGS_PROT_READWRITE.</summary>
    public const int ReadWrite = 3;

    /// <summary>Who.</summary>
    [FieldOffset(0)]
    public CUmemLocation location;

    /// <summary>0 = nothing, 1 = read, 3 = read and write.</summary>
    [FieldOffset(8)]
    public int flags;
}
