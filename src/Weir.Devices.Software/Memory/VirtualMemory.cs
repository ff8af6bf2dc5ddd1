using Weir.Devices.Software.Native;

namespace Weir.Devices.Software.Memory;

/// <summary>
/// Addresses that a program has reserved, and what is mapped there. Reserved ranges come out of the arena's addresses,
/// physical memory counts against its limit. Thread-safe.
/// </summary>
internal sealed class VirtualMemory(DeviceArena arena) : IDisposable
{
    /// <summary>Sizes and offsets are multiples of this, bytes: as on real devices, and the arena's chunk.</summary>
    public const ulong Granularity = ArenaBacking.ChunkBytes;

    private readonly Lock gate = new();
    private readonly SortedList<ulong, Reservation> reservations = [];
    private readonly SortedList<ulong, Mapping> mappings = [];
    private readonly List<PhysicalMemory> all = [];

    /// <summary>Reserves addresses; 0 when there are none.</summary>
    /// <param name="sizeBytes">Size, a multiple of <see cref="Granularity"/>.</param>
    /// <param name="alignment">Power of two; 0 = <see cref="Granularity"/>.</param>
    public ulong Reserve(ulong sizeBytes, ulong alignment)
    {
        lock (gate)
        {
            int block = arena.ReserveAddresses(sizeBytes, Math.Max(alignment, Granularity), out ulong address);
            if (block < 0)
            {
                return 0;
            }
            reservations.Add(address, new Reservation(sizeBytes, block));
            return address;
        }
    }

    /// <summary>Gives addresses back; false unless they are a whole reservation with nothing mapped in it.</summary>
    public bool TryRelease(ulong address, ulong sizeBytes)
    {
        lock (gate)
        {
            if (
                !reservations.TryGetValue(address, out Reservation range)
                || range.SizeBytes != sizeBytes
                || Overlaps(address, sizeBytes)
            )
            {
                return false;
            }
            _ = reservations.Remove(address);
            arena.ReleaseAddresses(range.Block);
            return true;
        }
    }

    /// <summary>Makes physical memory; null when the device or the system has no more.</summary>
    public PhysicalMemory? Create(ulong sizeBytes, ulong flags)
    {
        if (!arena.TryCharge(sizeBytes))
        {
            return null;
        }
        PhysicalMemory? memory = PhysicalMemory.Create(sizeBytes, flags, arena.Placements.NextKey());
        if (memory is null)
        {
            arena.Discharge(sizeBytes);
            return null;
        }
        lock (gate)
        {
            all.Add(memory);
        }
        return memory;
    }

    /// <summary>One handle less; true when it was the last.</summary>
    public bool Release(PhysicalMemory memory)
    {
        lock (gate)
        {
            memory.Handles--;
            EndIfUnused(memory);
            return memory.Handles == 0;
        }
    }

    /// <summary>One handle more for what is mapped at an address; null when nothing is.</summary>
    public PhysicalMemory? Retain(ulong address)
    {
        lock (gate)
        {
            if (MappingAt(address) is not { } mapping)
            {
                return null;
            }
            mapping.Memory.Handles++;
            return mapping.Memory;
        }
    }

    /// <summary>Maps memory; nobody may touch it until access is given. False when the range is not reserved and free, or the memory is shorter.</summary>
    public bool TryMap(ulong address, ulong sizeBytes, ulong offset, PhysicalMemory memory)
    {
        lock (gate)
        {
            if (
                offset > memory.SizeBytes
                || sizeBytes > memory.SizeBytes - offset
                || !IsReserved(address, sizeBytes)
                || Overlaps(address, sizeBytes)
            )
            {
                return false;
            }
            const int Flags = LibC.MapShared | LibC.MapNoReserve | LibC.MapFixed;
            if (
                LibC.Map((nint)address, (nuint)sizeBytes, LibC.ProtNone, Flags, memory.File, (long)offset)
                != (nint)address
            )
            {
                return false;
            }
            mappings.Add(address, new Mapping(address, sizeBytes, memory));
            arena.Shadow?.Mark(address, sizeBytes);
            memory.Mappings++;
            return true;
        }
    }

    /// <summary>Takes mappings away; false unless the range consists of whole ones.</summary>
    public bool TryUnmap(ulong address, ulong sizeBytes)
    {
        lock (gate)
        {
            if (Whole(address, sizeBytes) is not { } all)
            {
                return false;
            }
            ArenaBacking.Forbid(address, sizeBytes);
            foreach (Mapping mapping in all)
            {
                _ = mappings.Remove(mapping.Address);
                mapping.Memory.Mappings--;
                EndIfUnused(mapping.Memory);
            }
            return true;
        }
    }

    /// <summary>Gives or takes access; false unless the range consists of whole mappings.</summary>
    public bool TrySetAccess(ulong address, ulong sizeBytes, int flags)
    {
        lock (gate)
        {
            if (Whole(address, sizeBytes) is not { } all)
            {
                return false;
            }
            if (LibC.Protect((nint)address, (nuint)sizeBytes, flags & (LibC.ProtRead | LibC.ProtWrite)) != 0)
            {
                return false;
            }
            foreach (Mapping mapping in all)
            {
                mapping.Access = flags;
            }
            return true;
        }
    }

    /// <summary>Access to what is mapped at an address (0, 1 or 3); null when nothing is.</summary>
    public int? AccessAt(ulong address)
    {
        lock (gate)
        {
            return MappingAt(address)?.Access;
        }
    }

    /// <summary>The accessible range without gaps around an address; false when there is none.</summary>
    public bool TryFindRange(ulong address, out ulong start, out ulong sizeBytes)
    {
        lock (gate)
        {
            start = sizeBytes = 0;
            if (MappingAt(address) is not { Access: CanReadAndWrite } mapping)
            {
                return false;
            }
            int first = mappings.IndexOfKey(mapping.Address);
            int last = first;
            while (
                first > 0
                && mappings.GetValueAtIndex(first - 1) is { Access: CanReadAndWrite } before
                && before.End == mappings.GetKeyAtIndex(first)
            )
            {
                first--;
            }
            while (
                last + 1 < mappings.Count
                && mappings.GetValueAtIndex(last + 1) is { Access: CanReadAndWrite } after
                && after.Address == mappings.GetValueAtIndex(last).End
            )
            {
                last++;
            }
            start = mappings.GetKeyAtIndex(first);
            sizeBytes = mappings.GetValueAtIndex(last).End - start;
            return true;
        }
    }

    /// <summary>True when the range lies in accessible mappings without gaps.</summary>
    public bool Holds(ulong address, ulong bytes) =>
        TryFindRange(address, out ulong start, out ulong size) && bytes <= size - (address - start);

    /// <summary>All physical memory that there is, in order of its keys.</summary>
    public PhysicalMemory[] All()
    {
        lock (gate)
        {
            return [.. all.OrderBy(one => one.Key)];
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (gate)
        {
            foreach (PhysicalMemory memory in all)
            {
                _ = LibC.Close(memory.File);
            }
            all.Clear();
            mappings.Clear();
        }
    }

    private const int CanReadAndWrite = 3;

    private void EndIfUnused(PhysicalMemory memory)
    {
        if (memory is { Handles: 0, Mappings: 0 })
        {
            _ = all.Remove(memory);
            _ = LibC.Close(memory.File);
            arena.Discharge(memory.SizeBytes);
        }
    }

    private bool IsReserved(ulong address, ulong sizeBytes)
    {
        int index = LastAtOrBefore(reservations.Keys, address);
        if (index < 0)
        {
            return false;
        }
        ulong offset = address - reservations.GetKeyAtIndex(index);
        ulong size = reservations.GetValueAtIndex(index).SizeBytes;
        return offset < size && sizeBytes <= size - offset;
    }

    private Mapping? MappingAt(ulong address)
    {
        int index = LastAtOrBefore(mappings.Keys, address);
        return index >= 0 && address < mappings.GetValueAtIndex(index).End ? mappings.GetValueAtIndex(index) : null;
    }

    private bool Overlaps(ulong address, ulong sizeBytes)
    {
        int index = LastAtOrBefore(mappings.Keys, address + sizeBytes - 1);
        return index >= 0 && mappings.GetValueAtIndex(index).End > address;
    }

    // The mappings of a range that they cover exactly; null when they do not.
    private List<Mapping>? Whole(ulong address, ulong sizeBytes)
    {
        List<Mapping> all = [];
        ulong at = address;
        ulong end = address + sizeBytes;
        while (at < end)
        {
            if (!mappings.TryGetValue(at, out Mapping? mapping) || mapping.End > end)
            {
                return null;
            }
            all.Add(mapping);
            at = mapping.End;
        }
        return all.Count == 0 ? null : all;
    }

    private static int LastAtOrBefore(IList<ulong> sorted, ulong address)
    {
        int low = 0;
        int high = sorted.Count;
        while (low < high)
        {
            int middle = (low + high) >> 1;
            if (sorted[middle] <= address)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }
        return low - 1;
    }

    private readonly record struct Reservation(ulong SizeBytes, int Block);

    private sealed class Mapping(ulong address, ulong sizeBytes, PhysicalMemory memory)
    {
        public ulong Address { get; } = address;

        public ulong End { get; } = address + sizeBytes;

        public PhysicalMemory Memory { get; } = memory;

        public int Access { get; set; }
    }
}
