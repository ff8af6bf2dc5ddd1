using System.Runtime.InteropServices;

namespace Weir.Kernels.Abi;

/// <summary>
/// What all threads of a launch share; read-only while the kernel runs. Generated code reads the fields by their
/// byte offsets, so the layout is part of the object format: change it only together with
/// <see cref="KernelAbi.Version"/>.
/// </summary>
[StructLayout(LayoutKind.Explicit, Size = 128)]
public unsafe struct KernelLaunch
{
    /// <summary>Grid size in blocks.</summary>
    [FieldOffset(0)]
    public uint GridX;

    /// <inheritdoc cref="GridX"/>
    [FieldOffset(4)]
    public uint GridY;

    /// <inheritdoc cref="GridX"/>
    [FieldOffset(8)]
    public uint GridZ;

    /// <summary>Block size in threads.</summary>
    [FieldOffset(12)]
    public uint BlockX;

    /// <inheritdoc cref="BlockX"/>
    [FieldOffset(16)]
    public uint BlockY;

    /// <inheritdoc cref="BlockX"/>
    [FieldOffset(20)]
    public uint BlockZ;

    /// <summary>Dynamic shared memory of the launch, bytes.</summary>
    [FieldOffset(24)]
    public uint DynamicSharedBytes;

    /// <summary>Number of entries of <see cref="Textures"/>.</summary>
    [FieldOffset(28)]
    public uint TextureCount;

    /// <summary>Packed parameters, <see cref="KernelInfo.ParameterBytes"/> long, 16-aligned.</summary>
    [FieldOffset(32)]
    public byte* Parameters;

    /// <summary>The session's window of device addresses: every global access must fall inside.</summary>
    [FieldOffset(40)]
    public ulong WindowBase;

    /// <summary>Size of the window, bytes.</summary>
    [FieldOffset(48)]
    public ulong WindowBytes;

    /// <summary>Addresses of the module's global and const variables, in the order of <see cref="KernelInfo.GlobalSymbols"/>.</summary>
    [FieldOffset(56)]
    public ulong* Symbols;

    /// <summary>
    /// Texture descriptors; the low 32 bits of a texture object's handle are its index here, the high 32 bits are
    /// <see cref="KernelAbi.TextureHandleTag"/>.
    /// </summary>
    [FieldOffset(64)]
    public TextureDescriptor* Textures;

    /// <summary>Set to non-zero to ask running kernels to stop; loops read it.</summary>
    [FieldOffset(72)]
    public uint* Cancel;

    /// <summary>Functions that generated code may call (<see cref="KernelAbi.Helpers"/>), in that order.</summary>
    [FieldOffset(80)]
    public nint* Helpers;

    /// <summary>Nanoseconds since an arbitrary start, for %globaltimer when the launch began.</summary>
    [FieldOffset(88)]
    public ulong StartNanoseconds;

    /// <summary>The device's own mark of whom the launch belongs to; generated code passes it on with system calls.</summary>
    [FieldOffset(96)]
    public nint Owner;

    /// <summary>
    /// For checked code: a byte for each 8 bytes of the window's device memory. 0: not allocated; 1 to 8: so many bytes of them are;
    /// <see cref="KernelAbi.FreedShadow"/>: they were.
    /// </summary>
    [FieldOffset(104)]
    public byte* Shadow;

    /// <summary>Size of the part at the start of the window that <see cref="Shadow"/> describes, bytes.</summary>
    [FieldOffset(112)]
    public ulong ShadowedBytes;

    /// <summary>The kernel, for reports: the address of its code.</summary>
    [FieldOffset(120)]
    public nint Kernel;
}
