using System.Runtime.InteropServices;

namespace Weir.Kernels.Abi;

/// <summary>
/// What one operating-system thread owns while it runs blocks of a launch. Reused from block to block.
/// </summary>
[StructLayout(LayoutKind.Explicit, Size = 128)]
public unsafe struct KernelThread
{
    /// <summary>
    /// Shared memory of the running block, 64-aligned, at least static + dynamic bytes. Its host address is also its
    /// generic address; a <c>.shared</c> address is the offset from here.
    /// </summary>
    [FieldOffset(0)]
    public byte* Shared;

    /// <summary>Static + dynamic shared bytes of this launch: accesses are checked against it.</summary>
    [FieldOffset(8)]
    public ulong SharedBytes;

    /// <summary>
    /// Scratch of <see cref="KernelInfo.ScratchBytes"/> bytes, 64-aligned: local memory of the block's threads and
    /// registers that live across barriers. Contents are undefined at the start of a block.
    /// </summary>
    [FieldOffset(16)]
    public byte* Scratch;

    /// <summary>Size of <see cref="Scratch"/>, bytes.</summary>
    [FieldOffset(24)]
    public ulong ScratchBytes;

    /// <summary>The fault that ended the call, when it returned one.</summary>
    [FieldOffset(32)]
    public KernelFault FaultKind;

    /// <summary>PTX line of the faulting instruction, 0 when not known.</summary>
    [FieldOffset(36)]
    public uint FaultLine;

    /// <summary>Faulting address.</summary>
    [FieldOffset(40)]
    public ulong FaultAddress;

    /// <summary>Linear block index of the fault.</summary>
    [FieldOffset(48)]
    public ulong FaultBlock;

    /// <summary>Linear thread index in the block, of the first faulting lane.</summary>
    [FieldOffset(56)]
    public uint FaultThread;

    /// <summary>Stack pointer that fault recovery returns to; owned by the device's entry code.</summary>
    [FieldOffset(64)]
    public ulong RecoveryStack;

    /// <summary>Number of the operating-system thread among those of the device: %smid.</summary>
    [FieldOffset(72)]
    public uint Processor;

    /// <summary>For checked code: counts barriers and blocks, up for ever.</summary>
    [FieldOffset(80)]
    public ulong Epoch;

    /// <summary>Its value at the start of the running block.</summary>
    [FieldOffset(88)]
    public ulong BlockEpoch;

    /// <summary>
    /// For checked code, one per byte of shared memory: epoch × 65536 + the thread that wrote it last (<see cref="SeveralThreads"/> - 1:
    /// an atomic operation did).
    /// </summary>
    [FieldOffset(96)]
    public ulong* SharedWrites;

    /// <summary>The same for reads; <see cref="SeveralThreads"/>: threads of several warps.</summary>
    [FieldOffset(104)]
    public ulong* SharedReads;

    /// <summary>For profiled code: a place for each <see cref="KernelCounter"/>.</summary>
    [FieldOffset(112)]
    public ulong* Counters;

    /// <summary>Stands for more than one thread.</summary>
    public const ushort SeveralThreads = 0xFFFF;
}
