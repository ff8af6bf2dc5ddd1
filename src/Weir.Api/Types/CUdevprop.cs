using System.Runtime.InteropServices;

namespace Weir.Api;

/// <summary>Old device properties. 56 bytes.</summary>
[StructLayout(LayoutKind.Explicit, Size = 56)]
public unsafe struct CUdevprop
{
    /// <summary>Threads of a block.</summary>
    [FieldOffset(0)]
    public int maxThreadsPerBlock;

    /// <summary>Largest block, per axis.</summary>
    [FieldOffset(4)]
    public fixed int maxThreadsDim[3];

    /// <summary>Largest grid, per axis.</summary>
    [FieldOffset(16)]
    public fixed int maxGridSize[3];

    /// <summary>Bytes.</summary>
    [FieldOffset(28)]
    public int sharedMemPerBlock;

    /// <summary>Bytes.</summary>
    [FieldOffset(32)]
    public int totalConstantMemory;

    /// <summary>Threads of a warp.</summary>
    [FieldOffset(36)]
    public int SIMDWidth;

    /// <summary>Largest pitch, bytes.</summary>
    [FieldOffset(40)]
    public int memPitch;

    /// <summary>32-bit registers.</summary>
    [FieldOffset(44)]
    public int regsPerBlock;

    /// <summary>kHz.</summary>
    [FieldOffset(48)]
    public int clockRate;

    /// <summary>Bytes.</summary>
    [FieldOffset(52)]
    public int textureAlign;
}
