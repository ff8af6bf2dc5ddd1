using System.Runtime.InteropServices;

namespace Weir.Devices.Software.Native;

/// <summary>What the system knows of this process' pages: which are there, and which were written.</summary>
internal sealed unsafe class PageMap : IDisposable
{
    private const int PageBits = 12;
    private const uint ScanCall = 0xc060_6610;
    private const ulong ProtectMatching = 1;
    private const ulong CheckAsync = 2;
    private const ulong Written = 1 << 1;
    private const ulong Present = 1 << 3;
    private const ulong Swapped = 1 << 4;
    private const ulong PresentBit = 1ul << 63;
    private const ulong SwappedBit = 1ul << 62;
    private const int MostRanges = 512;

    private readonly int file;

    public PageMap()
    {
        fixed (byte* path = "/proc/self/pagemap\0"u8)
        {
            file = LibC.Open(path, 0x80000);
        }
    }

    /// <summary>True when the system shows it.</summary>
    public bool IsOpen => file >= 0;

    /// <summary>True when any page of the range is there. True, to be safe, when that cannot be known.</summary>
    public bool HasPages(ulong address, ulong bytes)
    {
        const int Most = 512;
        ulong* entries = stackalloc ulong[Most];
        for (ulong at = 0; at < bytes; at += (ulong)Most << PageBits)
        {
            int count = (int)Math.Min(Most, (bytes - at) >> PageBits);
            long offset = (long)((address + at) >> PageBits) * sizeof(ulong);
            if (LibC.ReadAt(file, entries, (nuint)(count * sizeof(ulong)), offset) != count * sizeof(ulong))
            {
                return true;
            }
            for (int index = 0; index < count; index++)
            {
                if ((entries[index] & (PresentBit | SwappedBit)) != 0)
                {
                    return true;
                }
            }
        }
        return false;
    }

    /// <summary>Bytes of the range that are there, counted by pages.</summary>
    public ulong PresentBytes(ulong address, ulong bytes)
    {
        const int Most = 512;
        ulong* entries = stackalloc ulong[Most];
        ulong pages = 0;
        for (ulong at = 0; at < bytes; at += (ulong)Most << PageBits)
        {
            int count = (int)Math.Min(Most, (bytes - at) >> PageBits);
            long offset = (long)((address + at) >> PageBits) * sizeof(ulong);
            nint read = LibC.ReadAt(file, entries, (nuint)(count * sizeof(ulong)), offset);
            for (int index = 0; index < read / sizeof(ulong); index++)
            {
                pages += (entries[index] & PresentBit) != 0 ? 1u : 0;
            }
        }
        return pages << PageBits;
    }

    /// <summary>
    /// Tells the parts of a range that were written since they were protected, and protects them again in the same step. The range
    /// is registered for noted writes. False when the system cannot.
    /// </summary>
    /// <param name="address">First address.</param>
    /// <param name="bytes">Size.</param>
    /// <param name="isProtected">Protect what is found again.</param>
    /// <param name="found">Told start and end of each part.</param>
    public bool FindWritten(ulong address, ulong bytes, bool isProtected, Action<ulong, ulong> found)
    {
        Range* ranges = stackalloc Range[MostRanges];
        ulong end = address + bytes;
        ulong at = address;
        while (at < end)
        {
            Scan scan = new()
            {
                Size = (ulong)sizeof(Scan),
                Flags = isProtected ? ProtectMatching | CheckAsync : CheckAsync,
                Start = at,
                End = end,
                Ranges = ranges,
                RangeCount = MostRanges,
                Mask = Written,
                AnyOf = Present | Swapped,
                Return = Written,
            };
            int count = LibC.Control(file, ScanCall, &scan);
            if (count < 0)
            {
                return false;
            }
            for (int index = 0; index < count; index++)
            {
                found(ranges[index].Start, ranges[index].End);
            }
            if (scan.WalkEnd <= at)
            {
                break;
            }
            at = scan.WalkEnd;
        }
        return true;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (file >= 0)
        {
            _ = LibC.Close(file);
        }
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct Scan
    {
        public ulong Size;
        public ulong Flags;
        public ulong Start;
        public ulong End;
        public ulong WalkEnd;
        public Range* Ranges;
        public ulong RangeCount;
        public ulong MostPages;
        public ulong Inverted;
        public ulong Mask;
        public ulong AnyOf;
        public ulong Return;
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct Range
    {
        public ulong Start;
        public ulong End;
        public ulong Categories;
    }
}
