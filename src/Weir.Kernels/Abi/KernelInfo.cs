namespace Weir.Kernels.Abi;

/// <summary>What a caller must know of a compiled kernel; kept in the disk cache beside its object.</summary>
public sealed record KernelInfo
{
    /// <summary>Entry name in the PTX text.</summary>
    public required string Name { get; init; }

    /// <summary>Size of the parameter block, bytes.</summary>
    public required int ParameterBytes { get; init; }

    /// <summary>Static shared memory, bytes.</summary>
    public required int SharedBytes { get; init; }

    /// <summary>Local memory per thread, bytes.</summary>
    public required int LocalBytes { get; init; }

    /// <summary>Largest block, threads.</summary>
    public required int MaxThreads { get; init; }

    /// <summary>Registers per thread that a profiler would show.</summary>
    public required int Registers { get; init; }

    /// <summary>Scratch bytes per vector of <see cref="VectorLanes"/> threads; a multiple of 64.</summary>
    public required int ScratchBytesPerVector { get; init; }

    /// <summary>Scratch bytes per block besides; a multiple of 64.</summary>
    public required int ScratchFixedBytes { get; init; }

    /// <summary>Threads that generated code runs as one vector: 16 or 32.</summary>
    public required int VectorLanes { get; init; }

    /// <summary>True when a vector never crosses from one row (y, z) of the block to the next.</summary>
    public required bool VectorsStayInRow { get; init; }

    /// <summary>Names of the global and const variables whose addresses the launch gives.</summary>
    public required IReadOnlyList<string> GlobalSymbols { get; init; }

    /// <summary>
    /// Upper bound of instructions per thread when the kernel has no loop, else -1: decides whether a small launch is
    /// run at once by the thread that received it.
    /// </summary>
    public required int StraightLineInstructions { get; init; }

    /// <summary>True when it samples textures.</summary>
    public required bool UsesTextures { get; init; }

    /// <summary>Scratch bytes that a launch with blocks of this shape needs.</summary>
    public long ScratchBytes(int blockX, int blockY, int blockZ)
    {
        long vectors = VectorsStayInRow
            ? (long)blockY * blockZ * ((blockX + VectorLanes - 1) / VectorLanes)
            : ((long)blockX * blockY * blockZ + VectorLanes - 1) / VectorLanes;
        return ScratchFixedBytes + ScratchBytesPerVector * vectors;
    }
}
