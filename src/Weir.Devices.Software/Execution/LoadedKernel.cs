using Weir.Kernels.Abi;

namespace Weir.Devices.Software.Execution;

/// <summary>A kernel whose code is in memory, ready to be called.</summary>
internal sealed unsafe class LoadedKernel
{
    private const uint SharedAlignment = 16;
    private const long RangeNanoseconds = 10_000;
    private const long PicosecondsPerNanosecond = 1000;

    private long picosecondsPerBlock;

    /// <summary>What the compiler says about it.</summary>
    public required KernelInfo Info { get; init; }

    /// <summary>Address of its function.</summary>
    public required nint Function { get; init; }

    /// <summary>Addresses of the module variables it names, in the order of <see cref="KernelInfo.GlobalSymbols"/>.</summary>
    public required ulong* Symbols { get; init; }

    /// <summary>False when better code may come.</summary>
    public bool IsFinal { get; init; } = true;

    /// <summary>The line of the module for a line that its code reports.</summary>
    public Func<int, int> MapLine { get; init; } = static line => line;

    /// <summary>
    /// Blocks that took about <see cref="RangeNanoseconds"/> when it ran before, 1 while it has not: handing out less at a
    /// time costs more than it gains.
    /// </summary>
    public long BlocksPerRange
    {
        get
        {
            long each = Volatile.Read(ref picosecondsPerBlock);
            return each == 0 ? 1 : Math.Max(1, RangeNanoseconds * PicosecondsPerNanosecond / each);
        }
    }

    /// <summary>How long one core will need for that many blocks, nanoseconds; unknown, <see cref="long.MaxValue"/>, until it has run.</summary>
    public long ExpectedNanoseconds(long blocks)
    {
        long each = Volatile.Read(ref picosecondsPerBlock);
        return each == 0 || blocks > long.MaxValue / each ? long.MaxValue : blocks * each / PicosecondsPerNanosecond;
    }

    /// <summary>Learns how long blocks take; what was seen last counts half.</summary>
    public void Note(long blocks, long nanoseconds)
    {
        long each = Math.Max(1, nanoseconds * PicosecondsPerNanosecond / blocks);
        long before = Volatile.Read(ref picosecondsPerBlock);
        Volatile.Write(ref picosecondsPerBlock, before == 0 ? each : (before + each) / 2);
    }

    /// <summary>Shared memory of a block: the static part, and the dynamic one 16-aligned behind it.</summary>
    public nuint SharedBytes(uint dynamicBytes) =>
        dynamicBytes == 0
            ? (nuint)Info.SharedBytes
            : (((nuint)Info.SharedBytes + SharedAlignment - 1) & ~(nuint)(SharedAlignment - 1)) + dynamicBytes;
}
