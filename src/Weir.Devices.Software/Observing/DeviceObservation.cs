using Weir.Kernels.Abi;

namespace Weir.Devices.Software.Observing;

/// <summary>What a device has seen since it was made.</summary>
/// <param name="Findings">Wrong accesses, the first of each place; empty unless it checks.</param>
/// <param name="Kernels">What kernels did; empty unless it profiles.</param>
/// <param name="Spans">When; empty unless it profiles.</param>
public sealed record DeviceObservation(
    IReadOnlyList<AccessFinding> Findings,
    IReadOnlyList<KernelProfile> Kernels,
    IReadOnlyList<WorkSpan> Spans
);

/// <summary>A wrong access of a kernel: where it was seen first, and how often.</summary>
public sealed record AccessFinding
{
    /// <summary>Name of the kernel.</summary>
    public required string Kernel { get; init; }

    /// <summary>What is wrong.</summary>
    public required AccessFault Fault { get; init; }

    /// <summary>True when it writes.</summary>
    public required bool Writes { get; init; }

    /// <summary>Its size, bytes.</summary>
    public required int Bytes { get; init; }

    /// <summary>Line of the module's PTX.</summary>
    public required int Line { get; init; }

    /// <summary>Block and thread, by x, y and z.</summary>
    public required IReadOnlyList<uint> Block { get; init; }

    /// <inheritdoc cref="Block"/>
    public required IReadOnlyList<uint> Thread { get; init; }

    /// <summary>The address; an offset for shared memory.</summary>
    public required ulong Address { get; init; }

    /// <summary>What is said besides: the nearest allocation, or the other thread.</summary>
    public required string Detail { get; init; }

    /// <summary>Threads that did the same there.</summary>
    public required long Times { get; init; }
}

/// <summary>What the launches of a kernel did.</summary>
/// <param name="Name">Name of the kernel.</param>
/// <param name="Launches">Number of launches.</param>
/// <param name="Nanoseconds">Time from the first block to the last, all launches together.</param>
/// <param name="LongestNanoseconds">Of one launch.</param>
/// <param name="Blocks">Blocks run.</param>
/// <param name="Threads">Threads run.</param>
/// <param name="Counters">By <see cref="KernelCounter"/>.</param>
public sealed record KernelProfile(
    string Name,
    long Launches,
    long Nanoseconds,
    long LongestNanoseconds,
    long Blocks,
    long Threads,
    IReadOnlyList<long> Counters
);

/// <summary>A piece of work of a stream.</summary>
/// <param name="Name">Name of the kernel, or what else it is.</param>
/// <param name="Stream">Number of the stream.</param>
/// <param name="StartNanoseconds">Since the device was made.</param>
/// <param name="Nanoseconds">How long it took.</param>
/// <param name="Detail">Grid and block of a launch; bytes of a copy or a fill.</param>
public sealed record WorkSpan(string Name, long Stream, long StartNanoseconds, long Nanoseconds, string Detail);
