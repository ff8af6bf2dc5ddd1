namespace Weir.Kernels.Abi;

/// <summary>What checked code reports (<see cref="SystemService.Report"/>).</summary>
public enum AccessFault : uint
{
    /// <summary>Outside of every allocation, or of shared or local memory.</summary>
    OutOfBounds = 1,

    /// <summary>At an address that is no multiple of its size.</summary>
    Misaligned = 2,

    /// <summary>To an allocation that has been freed.</summary>
    UseAfterFree = 3,

    /// <summary>A read of shared memory that no thread of the block has written.</summary>
    Uninitialised = 4,

    /// <summary>Two warps access the same shared memory between two barriers, and one of them writes.</summary>
    Race = 5,
}
