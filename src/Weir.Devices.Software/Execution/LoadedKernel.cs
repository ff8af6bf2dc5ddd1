using Weir.Kernels.Abi;

namespace Weir.Devices.Software.Execution;

/// <summary>A kernel whose code is in memory, ready to be called.</summary>
internal sealed unsafe class LoadedKernel
{
    private const uint SharedAlignment = 16;

    /// <summary>What the compiler says about it.</summary>
    public required KernelInfo Info { get; init; }

    /// <summary>Address of its function.</summary>
    public required nint Function { get; init; }

    /// <summary>Addresses of the module variables it names, in the order of <see cref="KernelInfo.GlobalSymbols"/>.</summary>
    public required ulong* Symbols { get; init; }

    /// <summary>The line of the module for a line that its code reports.</summary>
    public Func<int, int> MapLine { get; init; } = static line => line;

    /// <summary>Shared memory of a block: the static part, and the dynamic one 16-aligned behind it.</summary>
    public nuint SharedBytes(uint dynamicBytes) =>
        dynamicBytes == 0
            ? (nuint)Info.SharedBytes
            : (((nuint)Info.SharedBytes + SharedAlignment - 1) & ~(nuint)(SharedAlignment - 1)) + dynamicBytes;
}
