using Weir.Wire;

namespace Weir.Worker.Handles;

/// <summary>
/// The client's handles of one kind and what the device calls them. Clients choose index and generation, so both are
/// checked: a stale or invented handle is not found. Reading takes no lock.
/// </summary>
internal sealed class HandleTable(uint kind)
{
    /// <summary>Highest index taken, exclusive: a hostile client cannot make the table grow without bound.</summary>
    public const uint MaxEntries = 1 << 22;

    private const int PageShift = 10;
    private const int PageEntries = 1 << PageShift;

    private struct Entry
    {
        /// <summary>The client's handle; 0 while the entry is free.</summary>
        public ulong Client;
        public nint Native;
    }

    private readonly Lock _writing = new();
    private Entry[]?[] _pages = new Entry[]?[4];

    /// <summary>Live handles.</summary>
    public int Count { get; private set; }

    /// <summary>The device's handle for <paramref name="handle"/>; false when it is not live.</summary>
    public bool TryGet(ulong handle, out nint native)
    {
        native = 0;
        if (!Handle.IsWellFormed(handle, kind))
        {
            return false;
        }
        uint index = Handle.Index(handle);
        Entry[]?[] pages = Volatile.Read(ref _pages);
        Entry[]? page = index >> PageShift < pages.Length ? Volatile.Read(ref pages[index >> PageShift]) : null;
        if (page is null)
        {
            return false;
        }
        ref Entry entry = ref page[index & (PageEntries - 1)];
        if (Volatile.Read(ref entry.Client) != handle)
        {
            return false;
        }
        native = Volatile.Read(ref entry.Native);
        // The entry may have been freed and filled again between the two reads.
        return Volatile.Read(ref entry.Client) == handle;
    }

    /// <summary>Enters a handle; false when it is malformed or out of range.</summary>
    public bool TryAdd(ulong handle, nint native)
    {
        uint index = Handle.Index(handle);
        if (!Handle.IsWellFormed(handle, kind) || index >= MaxEntries)
        {
            return false;
        }
        lock (_writing)
        {
            int pageIndex = (int)(index >> PageShift);
            if (pageIndex >= _pages.Length)
            {
                Entry[]?[] larger = new Entry[]?[Math.Max(pageIndex + 1, _pages.Length * 2)];
                _pages.CopyTo(larger, 0);
                Volatile.Write(ref _pages, larger);
            }
            Entry[] page = _pages[pageIndex] ?? new Entry[PageEntries];
            Volatile.Write(ref _pages[pageIndex], page);
            ref Entry entry = ref page[index & (PageEntries - 1)];
            // An older handle here went without a word: functions end with their module.
            Count += entry.Client == 0 ? 1 : 0;
            Volatile.Write(ref entry.Client, 0);
            Volatile.Write(ref entry.Native, native);
            Volatile.Write(ref entry.Client, handle);
            return true;
        }
    }

    /// <summary>Removes a handle; false when it is not live.</summary>
    public bool TryRemove(ulong handle)
    {
        lock (_writing)
        {
            if (!TryGet(handle, out _))
            {
                return false;
            }
            uint index = Handle.Index(handle);
            Volatile.Write(ref _pages[index >> PageShift]![index & (PageEntries - 1)].Client, 0);
            Count--;
            return true;
        }
    }

    /// <summary>All live handles with the device's own, for a session's end.</summary>
    public List<(ulong Handle, nint Native)> Live()
    {
        List<(ulong, nint)> live = [];
        lock (_writing)
        {
            foreach (Entry[] page in _pages.OfType<Entry[]>())
            {
                foreach (Entry entry in page)
                {
                    if (entry.Client != 0)
                    {
                        live.Add((entry.Client, entry.Native));
                    }
                }
            }
        }
        return live;
    }
}
