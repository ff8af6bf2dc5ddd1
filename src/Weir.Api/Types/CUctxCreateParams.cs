using System.Runtime.InteropServices;

namespace Weir.Api;

/// <summary>Parameters of a new context. 24 bytes.</summary>
[StructLayout(LayoutKind.Explicit, Size = 24)]
public unsafe struct CUctxCreateParams
{
    /// <summary>Execution affinity.</summary>
    [FieldOffset(0)]
    public void* execAffinityParams;

    /// <summary>Number of those.</summary>
    [FieldOffset(8)]
    public int numExecAffinityParams;

    /// <summary>Sharing with graphics.</summary>
    [FieldOffset(16)]
    public void* cigParams;
}
