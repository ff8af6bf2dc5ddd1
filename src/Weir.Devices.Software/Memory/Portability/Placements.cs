namespace Weir.Devices.Software.Memory.Portability;

/// <summary>
/// Where allocations were placed, for a journal, and where they shall be placed, when it is replayed. Keys of physical
/// memory, which has no address of its own, go the same way. Thread-safe.
/// </summary>
internal sealed class Placements
{
    private const int KeyShift = 40;

    private readonly Lock gate = new();
    private readonly List<ulong> placed = [];
    private readonly Queue<ulong> wanted = [];
    private ulong nextKey = 1;
    private bool isRecorded;

    /// <summary>The next placement of a replay; false when the device chooses.</summary>
    public bool TryNext(out ulong address)
    {
        lock (gate)
        {
            return wanted.TryDequeue(out address);
        }
    }

    /// <summary>The key of physical memory: that of the replay, or one that was never given.</summary>
    public ulong NextKey()
    {
        lock (gate)
        {
            if (!wanted.TryDequeue(out ulong key))
            {
                key = PortableMemory.KeyBit | (nextKey << KeyShift);
            }
            nextKey = Math.Max(nextKey, ((key & ~PortableMemory.KeyBit) >> KeyShift) + 1);
            Note(key);
            return key;
        }
    }

    /// <summary>Something was placed.</summary>
    public void Note(ulong address)
    {
        lock (gate)
        {
            if (isRecorded)
            {
                placed.Add(address);
            }
        }
    }

    /// <summary>What was placed since the last call, in order; nothing before the first call is known.</summary>
    public ulong[] Take()
    {
        lock (gate)
        {
            isRecorded = true;
            ulong[] all = [.. placed];
            placed.Clear();
            return all;
        }
    }

    /// <summary>The next placements, in order; what was wanted before and not taken is forgotten.</summary>
    public void Want(ReadOnlySpan<ulong> addresses)
    {
        lock (gate)
        {
            wanted.Clear();
            foreach (ulong address in addresses)
            {
                wanted.Enqueue(address);
            }
        }
    }
}
