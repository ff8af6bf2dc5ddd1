using System.Runtime.InteropServices;

namespace Weir.Api;

/// <summary>Shape and attributes of a launch. 56 bytes.</summary>
[StructLayout(LayoutKind.Explicit, Size = 56)]
public unsafe struct CUlaunchConfig
{
    /// <summary>Blocks.</summary>
    [FieldOffset(0)]
    public uint gridDimX;

    /// <summary>Blocks.</summary>
    [FieldOffset(4)]
    public uint gridDimY;

    /// <summary>Blocks.</summary>
    [FieldOffset(8)]
    public uint gridDimZ;

    /// <summary>Threads.</summary>
    [FieldOffset(12)]
    public uint blockDimX;

    /// <summary>Threads.</summary>
    [FieldOffset(16)]
    public uint blockDimY;

    /// <summary>Threads.</summary>
    [FieldOffset(20)]
    public uint blockDimZ;

    /// <summary>Dynamic shared memory, bytes.</summary>
    [FieldOffset(24)]
    public uint sharedMemBytes;

    /// <summary>Stream.</summary>
    [FieldOffset(32)]
    public nint hStream;

    /// <summary>Attributes.</summary>
    [FieldOffset(40)]
    public CUlaunchAttribute* attrs;

    /// <summary>Number of attributes.</summary>
    [FieldOffset(48)]
    public uint numAttrs;
}
