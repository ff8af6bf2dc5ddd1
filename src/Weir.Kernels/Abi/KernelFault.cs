namespace Weir.Kernels.Abi;

/// <summary>Why a kernel call ended early; the value that the generated function returns.</summary>
public enum KernelFault : uint
{
    /// <summary>It did not.</summary>
    None = 0,

    /// <summary>An access outside the session's window, the shared or the local memory (CUDA error 700).</summary>
    IllegalAddress = 1,

    /// <summary>An access that is not a multiple of its size (CUDA error 716).</summary>
    MisalignedAddress = 2,

    /// <summary>A trap instruction (CUDA error 719).</summary>
    Trap = 3,

    /// <summary>The launch was asked to stop.</summary>
    Cancelled = 4,

    /// <summary>A texture handle that is none.</summary>
    BadTexture = 5,

    /// <summary>A barrier that can never be completed.</summary>
    BarrierDeadlock = 6,

    /// <summary>An assertion that does not hold (CUDA error 710).</summary>
    Assert = 7,
}
