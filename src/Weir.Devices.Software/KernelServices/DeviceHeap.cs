using Weir.Devices.Software.Contexts;
using Weir.Devices.Software.Memory;

namespace Weir.Devices.Software.KernelServices;

/// <summary>
/// The memory that kernels of a context take with malloc: one allocation of the size that the program set, made when the first kernel
/// asks. What is taken stays until it is freed in a kernel, also across launches.
/// </summary>
internal sealed class DeviceHeap
{
    private readonly Lock gate = new();
    private readonly Dictionary<ulong, int> blocks = [];
    private readonly BlockAllocator? allocator;
    private readonly ulong start;

    /// <summary>Takes the heap's memory; without it every request fails, as on a device that is full.</summary>
    public DeviceHeap(SoftwareDevice device, DeviceContext context, ulong bytes)
    {
        ulong rounded = (bytes + BlockAllocator.Granule - 1) & ~(BlockAllocator.Granule - 1);
        if (rounded != 0 && device.Memory.Allocate(rounded, context, freedByAddress: false) is { } allocation)
        {
            start = allocation.Address;
            allocator = new BlockAllocator(allocation.Address, rounded);
        }
    }

    /// <summary>Its first address, and address and size of each block, for a session that moves; nothing when it has no memory.</summary>
    public IReadOnlyList<ulong> Describe()
    {
        lock (gate)
        {
            return allocator is null
                ? []
                : [start, .. blocks.SelectMany(one => (ulong[])[one.Key, allocator.SizeOf(one.Value)])];
        }
    }

    /// <summary>Takes the blocks that <see cref="Describe"/> told of; the heap is where it was.</summary>
    public void Recall(ReadOnlySpan<ulong> addressesAndSizes)
    {
        lock (gate)
        {
            for (int i = 0; i + 1 < addressesAndSizes.Length && allocator is not null; i += 2)
            {
                int block = allocator.AllocateAt(addressesAndSizes[i], addressesAndSizes[i + 1]);
                if (block >= 0)
                {
                    blocks.Add(addressesAndSizes[i], block);
                }
            }
        }
    }

    /// <summary>Address of a block, or 0.</summary>
    public ulong Allocate(ulong bytes)
    {
        if (allocator is null || bytes == 0 || bytes > ulong.MaxValue / 2)
        {
            return 0;
        }
        lock (gate)
        {
            ulong rounded = (bytes + BlockAllocator.Granule - 1) & ~(BlockAllocator.Granule - 1);
            int block = allocator.Allocate(rounded, BlockAllocator.Granule);
            if (block < 0)
            {
                return 0;
            }
            ulong address = allocator.StartOf(block);
            blocks.Add(address, block);
            return address;
        }
    }

    /// <summary>False when no block begins at the address.</summary>
    public bool Free(ulong address)
    {
        lock (gate)
        {
            if (allocator is null || !blocks.Remove(address, out int block))
            {
                return false;
            }
            allocator.Free(block);
            return true;
        }
    }
}
