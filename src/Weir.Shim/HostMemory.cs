using Weir.Shim.Guest;

namespace Weir.Shim;

/// <summary>
/// Page-locked host memory: ranges of the window's upper half, handed out by pages. The list of ranges covers the half without
/// gaps, in order of address; used and free neighbours are kept apart, free ones are joined.
/// </summary>
internal static unsafe class HostMemory
{
    /// <summary>Beside the flags of cuMemHostAlloc: memory of cuMemAllocManaged.</summary>
    internal const uint Managed = 0x100;

    private const ulong Page = 4096;
    private const int MaxRanges = 65536;

    private static GuestLock s_lock;
    private static Range* s_ranges;
    private static int s_count;

    internal struct Range
    {
        internal ulong Address;
        internal ulong Bytes;
        internal uint Flags;
        internal uint Used;

        /// <summary>What the program asked for; the range is whole pages.</summary>
        internal ulong AskedBytes;
    }

    /// <summary>A range of at least <paramref name="bytes"/>, readable and writable; 0 when there is none.</summary>
    internal static ulong Allocate(ulong bytes, uint flags)
    {
        if (bytes == 0 || bytes > Window.Bytes / 2)
        {
            return 0;
        }
        var rounded = (bytes + Page - 1) & ~(Page - 1);
        s_lock.Enter();
        var address = TryPrepare() ? Take(rounded, bytes, flags) : 0;
        s_lock.Leave();
        if (address != 0 && GuestLibc.Protect((void*)address, (nuint)rounded, GuestLibc.ProtReadWrite) != 0)
        {
            Return(address, false);
            return 0;
        }
        return address;
    }

    /// <summary>Give the range that begins at <paramref name="address"/> back, with its pages; false when there is none.</summary>
    internal static bool Free(ulong address) => Return(address, true);

    /// <summary>The used range that holds <paramref name="address"/>.</summary>
    internal static bool TryFind(ulong address, out Range range)
    {
        range = default;
        if (!Window.IsHost(address))
        {
            return false;
        }
        s_lock.Enter();
        var index = s_ranges == null ? -1 : IndexOf(address);
        if (index >= 0)
        {
            range = s_ranges[index];
        }
        s_lock.Leave();
        return index >= 0 && range.Used != 0;
    }

    private static bool TryPrepare()
    {
        if (s_ranges != null)
        {
            return true;
        }
        s_ranges = (Range*)GuestLibc.MapZeroed(MaxRanges * (nuint)sizeof(Range));
        if (s_ranges == null)
        {
            return false;
        }
        s_ranges[0] = new Range { Address = Window.HostBase, Bytes = Window.Bytes / 2 };
        s_count = 1;
        return true;
    }

    private static ulong Take(ulong bytes, ulong asked, uint flags)
    {
        for (var i = 0; i < s_count; i++)
        {
            var range = s_ranges + i;
            if (range->Used != 0 || range->Bytes < bytes)
            {
                continue;
            }
            if (range->Bytes > bytes)
            {
                if (s_count == MaxRanges)
                {
                    return 0;
                }
                _ = GuestLibc.Move(range + 1, range, (nuint)((s_count - i) * sizeof(Range)));
                s_count++;
                range[1].Address += bytes;
                range[1].Bytes -= bytes;
                range->Bytes = bytes;
            }
            range->Used = 1;
            range->Flags = flags;
            range->AskedBytes = asked;
            return range->Address;
        }
        return 0;
    }

    private static bool Return(ulong address, bool hasPages)
    {
        s_lock.Enter();
        var index = s_ranges == null || !Window.IsHost(address) ? -1 : IndexOf(address);
        var isOurs = index >= 0 && s_ranges[index].Used != 0 && s_ranges[index].Address == address;
        if (isOurs)
        {
            var range = s_ranges + index;
            if (hasPages)
            {
                // Gives the pages back to the system in both processes.
                _ = GuestLibc.Advise((void*)range->Address, (nuint)range->Bytes, GuestLibc.MadvRemove);
                _ = GuestLibc.Protect((void*)range->Address, (nuint)range->Bytes, GuestLibc.ProtNone);
            }
            range->Used = 0;
            Join(index);
            if (index > 0)
            {
                Join(index - 1);
            }
        }
        s_lock.Leave();
        return isOurs;
    }

    /// <summary>Join a free range with the next one, if that is free too.</summary>
    private static void Join(int index)
    {
        var range = s_ranges + index;
        if (index + 1 >= s_count || range->Used != 0 || range[1].Used != 0)
        {
            return;
        }
        range->Bytes += range[1].Bytes;
        s_count--;
        _ = GuestLibc.Move(range + 1, range + 2, (nuint)((s_count - index - 1) * sizeof(Range)));
    }

    private static int IndexOf(ulong address)
    {
        var low = 0;
        var high = s_count - 1;
        while (low <= high)
        {
            var middle = (low + high) >> 1;
            var range = s_ranges + middle;
            if (address < range->Address)
            {
                high = middle - 1;
            }
            else if (address - range->Address >= range->Bytes)
            {
                low = middle + 1;
            }
            else
            {
                return middle;
            }
        }
        return -1;
    }
}
