using Weir.Devices.Software.Native;
using Weir.Kernels.Abi;

namespace Weir.Devices.Software.Observing;

/// <summary>
/// Which bytes of device memory are allocated, for checked code: a byte for each eight of them (<see cref="KernelLaunch.Shadow"/>). Pages are
/// taken as they are used.
/// </summary>
internal sealed unsafe class AllocationShadow : IDisposable
{
    private const int UnitBytes = 8;
    private readonly ulong start;
    private readonly nuint shadowBytes;

    /// <exception cref="OutOfMemoryException">The system has no addresses for it.</exception>
    public AllocationShadow(ulong start, ulong bytes)
    {
        this.start = start;
        CoveredBytes = bytes;
        shadowBytes = (nuint)(bytes / UnitBytes + UnitBytes);
        nint mapped = LibC.Map(
            0,
            shadowBytes,
            LibC.ProtRead | LibC.ProtWrite,
            LibC.MapPrivate | LibC.MapAnonymous | LibC.MapNoReserve,
            -1,
            0
        );
        Marks =
            mapped == -1
                ? throw new OutOfMemoryException($"no addresses for the shadow of {bytes} bytes of device memory")
                : (byte*)mapped;
    }

    /// <summary>The bytes.</summary>
    public byte* Marks { get; }

    /// <summary>Device memory that they describe, bytes.</summary>
    public ulong CoveredBytes { get; }

    /// <summary>Memory has been allocated.</summary>
    public void Mark(ulong address, ulong bytes)
    {
        byte* mark = Marks + (address - start) / UnitBytes;
        new Span<byte>(mark, (int)(bytes / UnitBytes)).Fill(UnitBytes);
        if (bytes % UnitBytes != 0)
        {
            mark[bytes / UnitBytes] = (byte)(bytes % UnitBytes);
        }
    }

    /// <summary>It has been freed.</summary>
    public void Free(ulong address, ulong bytes) =>
        new Span<byte>(Marks + (address - start) / UnitBytes, (int)((bytes + UnitBytes - 1) / UnitBytes)).Fill(
            KernelAbi.FreedShadow
        );

    /// <inheritdoc/>
    public void Dispose() => _ = LibC.Unmap((nint)Marks, shadowBytes);
}
