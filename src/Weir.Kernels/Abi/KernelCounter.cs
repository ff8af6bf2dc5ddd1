namespace Weir.Kernels.Abi;

/// <summary>What profiled code counts, by its place in <see cref="KernelThread.Counters"/>.</summary>
public enum KernelCounter
{
    /// <summary>Instructions, once for each vector of threads that runs them.</summary>
    VectorInstructions = 0,

    /// <summary>Instructions, once for each thread that runs them.</summary>
    ThreadInstructions = 1,

    /// <summary>Conditional branches, once for each vector.</summary>
    Branches = 2,

    /// <summary>Of these: those at which threads of a vector parted.</summary>
    DivergentBranches = 3,

    /// <summary>Bytes that threads read from global memory.</summary>
    GlobalReadBytes = 4,

    /// <summary>Bytes that threads wrote to global memory.</summary>
    GlobalWriteBytes = 5,

    /// <summary>Bytes that threads read from and wrote to shared memory.</summary>
    SharedBytes = 6,

    /// <summary>Atomic operations, once for each thread.</summary>
    Atomics = 7,

    /// <summary>Number of counters.</summary>
    Count = 8,
}
