using Weir.Devices.Software.Memory.Portability;
using Weir.Devices.Software.Observing;

namespace Weir.Devices.Software.Memory;

/// <summary>
/// Memory of a device: allocations at addresses that stay fixed for their life, never more bytes than the limit.
/// Address range and limit are apart: a range several times the limit keeps fragmentation of addresses from refusing
/// what the limit still permits. Thread-safe.
/// </summary>
internal sealed class DeviceArena : IDisposable
{
    private const int ChunkBits = 21;

    private readonly Lock gate = new();
    private readonly ArenaBacking backing;
    private readonly BlockAllocator blocks;
    private readonly Chunk[] chunks;
    private readonly IMemoryLedger? ledger;
    private readonly Dictionary<ulong, DeviceAllocation> byAddress = [];
    private ulong nextId;

    /// <param name="backing">The pages.</param>
    /// <param name="limitBytes">Most bytes that may be allocated at a time.</param>
    /// <param name="ledger">What others take from the same limit, or null.</param>
    public DeviceArena(ArenaBacking backing, ulong limitBytes, IMemoryLedger? ledger = null)
    {
        this.backing = backing;
        this.ledger = ledger;
        LimitBytes = limitBytes;
        blocks = new BlockAllocator(backing.Address, backing.SizeBytes);
        chunks = new Chunk[backing.SizeBytes >> ChunkBits];
    }

    /// <summary>Most bytes that may be allocated at a time.</summary>
    public ulong LimitBytes { get; }

    /// <summary>Bytes allocated now, as taken from the limit.</summary>
    public ulong UsedBytes { get; private set; }

    /// <summary>Bytes that may still be allocated.</summary>
    public ulong LeftBytes => Math.Min(LimitBytes - UsedBytes, ledger?.Left ?? ulong.MaxValue);

    /// <summary>First address of the range.</summary>
    public ulong Address => backing.Address;

    /// <summary>Size of the range, bytes.</summary>
    public ulong SizeBytes => backing.SizeBytes;

    /// <summary>Where things were placed, and are to be placed.</summary>
    public Placements Placements { get; } = new();

    /// <summary>Told what is allocated, or null.</summary>
    public AllocationShadow? Shadow { get; init; }

    /// <summary>Number of live allocations.</summary>
    public int Count => byAddress.Count;

    /// <summary>True when the address lies in this arena's range, allocated or not.</summary>
    public bool Covers(ulong address) => address - backing.Address < backing.SizeBytes;

    /// <summary>Allocates; contents are undefined. Returns null when the limit or the range is exhausted.</summary>
    /// <param name="sizeBytes">Size, not 0.</param>
    /// <param name="owner">Who frees it.</param>
    /// <param name="freedByAddress">Whether <see cref="Free(ulong)"/> may free it.</param>
    public DeviceAllocation? Allocate(ulong sizeBytes, object owner, bool freedByAddress = true)
    {
        if (sizeBytes == 0 || sizeBytes > LimitBytes)
        {
            return null;
        }
        ulong reserved = (sizeBytes + BlockAllocator.Granule - 1) & ~(BlockAllocator.Granule - 1);
        ulong alignment = reserved >= ArenaBacking.ChunkBytes ? ArenaBacking.ChunkBytes : BlockAllocator.Granule;
        lock (gate)
        {
            if (reserved > LimitBytes - UsedBytes)
            {
                return null;
            }
            if (ledger?.TryTake(reserved) == false)
            {
                return null;
            }
            int block = Place(reserved, alignment);
            if (block < 0)
            {
                ledger?.Give(reserved);
                return null;
            }
            ulong address = blocks.StartOf(block);
            if (!OpenChunks(address, reserved))
            {
                CloseChunks(address, reserved);
                blocks.Free(block);
                ledger?.Give(reserved);
                return null;
            }
            DeviceAllocation allocation = new()
            {
                Address = address,
                SizeBytes = sizeBytes,
                ReservedBytes = reserved,
                Id = ++nextId,
                Owner = owner,
                FreedByAddress = freedByAddress,
                Block = block,
            };
            UsedBytes += reserved;
            byAddress.Add(address, allocation);
            Index(allocation);
            Placements.Note(address);
            Shadow?.Mark(address, sizeBytes);
            return allocation;
        }
    }

    /// <summary>Frees what a program allocated; null when the address is not the start of such an allocation.</summary>
    public DeviceAllocation? Free(ulong address)
    {
        lock (gate)
        {
            if (!byAddress.TryGetValue(address, out DeviceAllocation? allocation) || !allocation.FreedByAddress)
            {
                return null;
            }
            FreeLocked(allocation);
            return allocation;
        }
    }

    /// <summary>Frees an allocation; nothing happens when it is freed already.</summary>
    public void Free(DeviceAllocation allocation)
    {
        lock (gate)
        {
            if (byAddress.TryGetValue(allocation.Address, out DeviceAllocation? live) && live == allocation)
            {
                FreeLocked(allocation);
            }
        }
    }

    /// <summary>Frees everything that belongs to <paramref name="owner"/>.</summary>
    public void FreeAll(object owner)
    {
        lock (gate)
        {
            foreach (DeviceAllocation allocation in byAddress.Values.Where(one => one.Owner == owner).ToArray())
            {
                FreeLocked(allocation);
            }
        }
    }

    /// <summary>The allocation that holds an address, or null.</summary>
    public DeviceAllocation? Find(ulong address)
    {
        if (!Covers(address))
        {
            return null;
        }
        lock (gate)
        {
            ref Chunk chunk = ref chunks[(address - backing.Address) >> ChunkBits];
            DeviceAllocation? candidate = chunk.Covering;
            if (chunk.Starting is { Count: > 0 } starting && starting[0].Address <= address)
            {
                candidate = starting[LastAtOrBefore(starting, address)];
            }
            return candidate is not null && candidate.Contains(address, 1) ? candidate : null;
        }
    }

    /// <summary>Takes addresses out of the range, without memory behind them and without counting against the limit.</summary>
    /// <param name="sizeBytes">Size, a multiple of <see cref="ArenaBacking.ChunkBytes"/>.</param>
    /// <param name="alignment">Power of two, at least <see cref="ArenaBacking.ChunkBytes"/>.</param>
    /// <param name="address">The first of them.</param>
    /// <returns>What to release them by, or -1 when there are none.</returns>
    public int ReserveAddresses(ulong sizeBytes, ulong alignment, out ulong address)
    {
        address = 0;
        if (sizeBytes > SizeBytes || alignment > SizeBytes)
        {
            return -1;
        }
        lock (gate)
        {
            int block = Place(sizeBytes, alignment);
            if (block >= 0)
            {
                address = blocks.StartOf(block);
                Placements.Note(address);
            }
            return block;
        }
    }

    /// <summary>Gives reserved addresses back.</summary>
    public void ReleaseAddresses(int block)
    {
        lock (gate)
        {
            _ = blocks.Free(block);
        }
    }

    /// <summary>Counts memory that lies elsewhere against the limit; false when it does not fit.</summary>
    public bool TryCharge(ulong sizeBytes)
    {
        lock (gate)
        {
            if (sizeBytes > LimitBytes - UsedBytes || ledger?.TryTake(sizeBytes) == false)
            {
                return false;
            }
            UsedBytes += sizeBytes;
            return true;
        }
    }

    /// <summary>Counts such memory no longer.</summary>
    public void Discharge(ulong sizeBytes)
    {
        lock (gate)
        {
            UsedBytes -= sizeBytes;
            ledger?.Give(sizeBytes);
        }
    }

    /// <summary>All live allocations in order of address.</summary>
    public DeviceAllocation[] Snapshot()
    {
        lock (gate)
        {
            return [.. byAddress.Values.OrderBy(one => one.Address)];
        }
    }

    /// <inheritdoc/>
    public void Dispose() => backing.Dispose();

    // Where the replay of a journal wants it, or anywhere; -1 when there is no room.
    private int Place(ulong sizeBytes, ulong alignment) =>
        Placements.TryNext(out ulong wanted)
            ? blocks.AllocateAt(wanted, sizeBytes)
            : blocks.Allocate(sizeBytes, alignment);

    private void FreeLocked(DeviceAllocation allocation)
    {
        byAddress.Remove(allocation.Address);
        Shadow?.Free(allocation.Address, allocation.SizeBytes);
        Unindex(allocation);
        UsedBytes -= allocation.ReservedBytes;
        ledger?.Give(allocation.ReservedBytes);
        (ulong freeStart, ulong freeEnd) = blocks.Free(allocation.Block);
        ulong end = allocation.Address + allocation.ReservedBytes;
        CloseChunks(allocation.Address, allocation.ReservedBytes);
        // Pages that the block shared with free neighbours are free as a whole now.
        const ulong Page = 4096;
        ArenaBacking.Release(
            Math.Max(freeStart, allocation.Address & ~(Page - 1)),
            Math.Min(freeEnd, (end + Page - 1) & ~(Page - 1))
        );
    }

    private bool OpenChunks(ulong address, ulong size)
    {
        bool opened = true;
        ForRuns(
            address,
            size,
            (ref Chunk chunk) => chunk.Live++ == 0,
            (start, length) => opened &= backing.Open(start, length, size >= ArenaBacking.ChunkBytes)
        );
        return opened;
    }

    private void CloseChunks(ulong address, ulong size) =>
        ForRuns(address, size, (ref Chunk chunk) => --chunk.Live == 0, backing.Close);

    // Calls act once per run of neighbouring chunks that changed, so that a large allocation costs one system call.
    private void ForRuns(ulong address, ulong size, ChunkChange change, Action<ulong, ulong> act)
    {
        ulong first = (address - backing.Address) >> ChunkBits;
        ulong last = (address + size - 1 - backing.Address) >> ChunkBits;
        ulong runStart = 0;
        ulong runLength = 0;
        for (ulong index = first; index <= last; index++)
        {
            if (change(ref chunks[index]))
            {
                runStart = runLength == 0 ? index : runStart;
                runLength++;
            }
            else if (runLength > 0)
            {
                act(backing.Address + (runStart << ChunkBits), runLength << ChunkBits);
                runLength = 0;
            }
        }
        if (runLength > 0)
        {
            act(backing.Address + (runStart << ChunkBits), runLength << ChunkBits);
        }
    }

    private void Index(DeviceAllocation allocation)
    {
        ulong first = (allocation.Address - backing.Address) >> ChunkBits;
        ulong last = (allocation.Address + allocation.ReservedBytes - 1 - backing.Address) >> ChunkBits;
        List<DeviceAllocation> starting = chunks[first].Starting ??= [];
        int position =
            starting.Count == 0 || starting[0].Address > allocation.Address
                ? 0
                : LastAtOrBefore(starting, allocation.Address) + 1;
        starting.Insert(position, allocation);
        for (ulong index = first + 1; index <= last; index++)
        {
            chunks[index].Covering = allocation;
        }
    }

    private void Unindex(DeviceAllocation allocation)
    {
        ulong first = (allocation.Address - backing.Address) >> ChunkBits;
        ulong last = (allocation.Address + allocation.ReservedBytes - 1 - backing.Address) >> ChunkBits;
        List<DeviceAllocation> starting = chunks[first].Starting!;
        starting.RemoveAt(LastAtOrBefore(starting, allocation.Address));
        for (ulong index = first + 1; index <= last; index++)
        {
            chunks[index].Covering = null;
        }
    }

    private static int LastAtOrBefore(List<DeviceAllocation> sorted, ulong address)
    {
        int low = 0;
        int high = sorted.Count - 1;
        while (low < high)
        {
            int middle = (low + high + 1) >> 1;
            if (sorted[middle].Address <= address)
            {
                low = middle;
            }
            else
            {
                high = middle - 1;
            }
        }
        return low;
    }

    private delegate bool ChunkChange(ref Chunk chunk);

    private struct Chunk
    {
        public int Live;
        public DeviceAllocation? Covering;
        public List<DeviceAllocation>? Starting;
    }
}
