using System.Runtime.InteropServices;

namespace Weir.Kernels.Abi;

/// <summary>What a kernel asks the device for.</summary>
public enum SystemService : uint
{
    /// <summary>vprintf(format, arguments): the number of arguments.</summary>
    Print = 0,

    /// <summary>malloc(bytes): generic address, or 0.</summary>
    Allocate = 1,

    /// <summary>free(address).</summary>
    Free = 2,

    /// <summary>__assertfail(message, file, line, function): never returns.</summary>
    Assert = 3,

    /// <summary>Checked code found a wrong access: <see cref="AccessFault"/> + 256 when it writes + 65536 × its bytes; address; other thread.</summary>
    Report = 4,
}

/// <summary>
/// A request of one thread, as generated code passes it to the function behind <see cref="KernelAbi.SystemHelper"/>:
/// <c>uint32_t f(const KernelLaunch*, KernelThread*, SystemCall*)</c>, whose result is a <see cref="KernelFault"/>.
/// </summary>
[StructLayout(LayoutKind.Explicit, Size = 96)]
public unsafe struct SystemCall
{
    /// <summary>What is asked for.</summary>
    [FieldOffset(0)]
    public SystemService Service;

    /// <summary>PTX line of the call.</summary>
    [FieldOffset(4)]
    public uint Line;

    /// <summary>Linear index of the block.</summary>
    [FieldOffset(8)]
    public ulong Block;

    /// <summary>Linear index of the thread in its block.</summary>
    [FieldOffset(16)]
    public uint Thread;

    /// <summary>Its lane, and the number of lanes in a vector: word w of its local memory is word w·Lanes + Lane of <see cref="Local"/>.</summary>
    [FieldOffset(20)]
    public uint Lane;

    /// <inheritdoc cref="Lane"/>
    [FieldOffset(24)]
    public uint Lanes;

    /// <summary>Local memory per thread, bytes.</summary>
    [FieldOffset(28)]
    public uint LocalBytes;

    /// <summary>Local memory of the vector.</summary>
    [FieldOffset(32)]
    public byte* Local;

    /// <summary>Arguments, each in 8 bytes.</summary>
    [FieldOffset(40)]
    public fixed ulong Arguments[4];

    /// <summary>Answer.</summary>
    [FieldOffset(72)]
    public ulong Result;
}
