using Weir.Devices.Software.Memory.Portability;
using Weir.Devices.Software.Native;

namespace Weir.Devices.Software.Memory.Residency;

/// <content>Content that is saved and comes back from where it was saved.</content>
internal sealed unsafe partial class ResidentMemory
{
    private readonly Dictionary<int, ContentMark> hashes = [];
    private PageMap? ownPages;

    /// <summary>
    /// Finds what was written since the last call, and begins to watch again. What is written from now on is in the new epoch.
    /// </summary>
    /// <returns>The epoch that ends here.</returns>
    public uint EndEpoch()
    {
        lock (gate)
        {
            ChangeMethod changes = EnsurePager()?.Changes ?? ChangeMethod.Hashes;
            // What is on its way says itself, when it has come, whether it counts as written; waiting for each would mean to follow what is being loaded.
            for (int first = 0; first < high && changes != ChangeMethod.Hashes; )
            {
                // Neighbours that are registered in the same way cost one call together.
                int end = first + 1;
                if (chunks[first].State == ChunkState.Present)
                {
                    while (
                        end < high
                        && chunks[end].State == ChunkState.Present
                        && chunks[end].Modes == chunks[first].Modes
                    )
                    {
                        end++;
                    }
                    Collect(first, end, changes);
                }
                first = end;
            }
            isTracking = true;
            return epoch++;
        }
    }

    /// <summary>Gives the content of a chunk; false when it is not allocated or all zero.</summary>
    /// <param name="index">Number of the chunk.</param>
    /// <param name="since">Content is wanted when it was changed in a later epoch.</param>
    /// <param name="mark">The epoch that ended with this save.</param>
    /// <param name="buffer">Room for a chunk.</param>
    /// <param name="isStill">Nothing is freed meanwhile, so that content on the device need not be copied.</param>
    /// <param name="sink">Told of content that is wanted.</param>
    /// <param name="isWritten">It was wanted.</param>
    /// <exception cref="IOException">The content is lost.</exception>
    public bool Read(int index, uint since, uint mark, byte* buffer, bool isStill, IPieceSink sink, out bool isWritten)
    {
        isWritten = false;
        ChunkState state;
        ChunkOrigin origin;
        uint changedIn;
        byte* content = buffer;
        byte* place = (byte*)AddressOf(index);
        bool byHash;
        lock (gate)
        {
            Settle(index);
            (state, origin, changedIn) = (chunks[index].State, chunks[index].Origin, chunks[index].ChangedIn);
            if (chunks[index].IsLost)
            {
                throw new IOException($"device memory at 0x{(ulong)place:x} is lost and cannot be saved");
            }
            byHash = pager is null || pager.Changes == ChangeMethod.Hashes;
            if (state == ChunkState.Closed || (state == ChunkState.Absent && origin == ChunkOrigin.Zero))
            {
                return false;
            }
            if (state == ChunkState.Present)
            {
                if (!(pager?.Pages ?? (ownPages ??= new PageMap())).HasPages((ulong)place, ChunkBytes))
                {
                    return false;
                }
                chunks[index].Pins++;
            }
            else if (origin == ChunkOrigin.Host)
            {
                store!.Get(index, (ulong)buffer);
            }
        }
        try
        {
            bool isWanted = byHash || changedIn > since;
            if (state == ChunkState.Present)
            {
                if ((chunks[index].Modes & UserFaults.Missing) != 0)
                {
                    // Reading must not wait for a page to come: the collector would wait too.
                    pager!.FillHoles((ulong)place);
                }
                if (isStill)
                {
                    content = place;
                }
                else
                {
                    _ = LibC.MoveBytes(buffer, place, (nuint)ChunkBytes);
                }
            }
            else if (origin == ChunkOrigin.Source)
            {
                source!.Read((ulong)place, new Span<byte>(buffer, (int)ChunkBytes));
            }
            ReadOnlySpan<byte> bytes = new(content, (int)ChunkBytes);
            if (!bytes.ContainsAnyExcept((byte)0))
            {
                return false;
            }
            if (byHash)
            {
                hashes[index] = ContentMark.Of(bytes, hashes.GetValueOrDefault(index), mark);
                isWanted = hashes[index].ChangedIn > since;
            }
            if (isWanted)
            {
                isWritten = true;
                sink.Write((ulong)place, bytes);
            }
            return true;
        }
        finally
        {
            if (state == ChunkState.Present)
            {
                lock (gate)
                {
                    chunks[index].Pins--;
                    Monitor.PulseAll(gate);
                }
            }
        }
    }

    /// <summary>Number of the chunk at an address; -1 when none that is in use has it.</summary>
    public int IndexOf(ulong address) =>
        address - start < (ulong)high << ChunkBits ? (int)((address - start) >> ChunkBits) : -1;

    /// <summary>Addresses of all chunks that are in use.</summary>
    public List<ulong> Live()
    {
        lock (gate)
        {
            List<ulong> all = [];
            for (int index = 0; index < high; index++)
            {
                if (chunks[index].State != ChunkState.Closed)
                {
                    all.Add(AddressOf(index));
                }
            }
            return all;
        }
    }

    /// <summary>
    /// Makes memory what was saved. Nothing else may touch it meanwhile. Chunks that were not saved are zero.
    /// </summary>
    /// <param name="from">Where it comes from.</param>
    /// <param name="pieces">What was saved.</param>
    /// <param name="isLazy">Content comes when it is touched, and by and by; otherwise all of it is there afterwards.</param>
    /// <param name="whenLoaded">Told when all is there; with what went wrong, or null.</param>
    /// <exception cref="IOException">The source has not what it should have; only without laziness.</exception>
    public void Restore(IPieceSource from, HashSet<ulong> pieces, bool isLazy, Action<Exception?> whenLoaded)
    {
        StopLoading();
        bool canFault = EnsurePager() is not null;
        List<int> wanted = [];
        lock (gate)
        {
            source = from;
            for (int index = 0; index < high; index++)
            {
                Settle(index, isUnpinned: true);
                if (chunks[index].State == ChunkState.Closed)
                {
                    continue;
                }
                Empty(index, pieces.Contains(AddressOf(index)), canFault);
                if (pieces.Contains(AddressOf(index)))
                {
                    wanted.Add(index);
                }
            }
        }
        if (!canFault)
        {
            foreach (int index in wanted)
            {
                Load(index, from);
            }
            whenLoaded(null);
            return;
        }
        if (isLazy)
        {
            loading = new Thread(() => LoadAll(wanted, whenLoaded)) { IsBackground = true, Name = "weir lazy load" };
            loading.Start();
            return;
        }
        LoadAll(wanted, whenLoaded);
    }

    /// <summary>Empties all memory, which has been saved and will be restored before it is touched.</summary>
    public void Discard()
    {
        StopLoading();
        lock (gate)
        {
            bool canFault = EnsurePager() is not null;
            for (int index = 0; index < high; index++)
            {
                Settle(index, isUnpinned: true);
                if (chunks[index].State != ChunkState.Closed)
                {
                    Empty(index, leaves: true, canFault);
                    chunks[index].Origin = ChunkOrigin.Zero;
                }
            }
        }
    }

    // Under the gate. It stays on the device, zero, or leaves it for its source.
    private void Empty(int index, bool leaves, bool canFault)
    {
        ulong address = AddressOf(index);
        if (chunks[index].Origin == ChunkOrigin.Host)
        {
            store?.Drop(index);
        }
        if (chunks[index].State == ChunkState.Present)
        {
            if (leaves && canFault)
            {
                chunks[index].Modes = pager!.WatchAll(address, ChunkBytes);
                chunks[index].State = ChunkState.Absent;
                isPaging = true;
            }
            ArenaBacking.Release(address, address + ChunkBytes);
            if (leaves && canFault)
            {
                share?.Give(ChunkBytes);
            }
        }
        chunks[index].Origin = leaves && canFault ? ChunkOrigin.Source : ChunkOrigin.Zero;
        chunks[index].IsLost = false;
        chunks[index].ChangedIn = epoch;
    }

    // Without faults: nobody looks until all is there.
    private void Load(int index, IPieceSource from)
    {
        using Staging room = new();
        from.Read(AddressOf(index), new Span<byte>((void*)room.Address, (int)ChunkBytes));
        _ = LibC.MoveBytes((void*)AddressOf(index), (void*)room.Address, (nuint)ChunkBytes);
    }

    private void LoadAll(List<int> wanted, Action<Exception?> whenLoaded)
    {
        bool isAll = true;
        using Staging staging = new();
        foreach (int index in wanted)
        {
            if (stopLoading)
            {
                return;
            }
            bool isWaiting;
            lock (gate)
            {
                isWaiting = chunks[index] is { State: ChunkState.Absent, Origin: ChunkOrigin.Source };
            }
            // What finds no room on the device waits in host memory: the source is not asked for ever.
            isAll &= !isWaiting || Bring(index, staging, waits: false) || TakeFromSource(index, staging);
        }
        whenLoaded(isAll ? null : new IOException("not all memory could be brought back from where it was saved"));
    }

    private bool TakeFromSource(int index, Staging staging)
    {
        lock (gate)
        {
            if (chunks[index] is not { State: ChunkState.Absent, Origin: ChunkOrigin.Source })
            {
                // Somebody touched it meanwhile.
                return !chunks[index].IsLost;
            }
            store ??= new HostStore(chunks.Length, options.HostBytes, options.SpillFolder);
            chunks[index].State = ChunkState.Arriving;
        }
        bool isKept = false;
        try
        {
            Fill(index, ChunkOrigin.Source, staging.Address);
            isKept = store.TryPut(index, staging.Address);
        }
        catch (IOException failure)
        {
            log($"device memory at 0x{AddressOf(index):x} cannot be restored: {failure.Message}");
        }
        staging.Clear();
        lock (gate)
        {
            chunks[index].State = ChunkState.Absent;
            chunks[index].Origin = isKept ? ChunkOrigin.Host : ChunkOrigin.Source;
            Monitor.PulseAll(gate);
        }
        return isKept;
    }

    private void StopLoading()
    {
        stopLoading = true;
        loading?.Join();
        loading = null;
        stopLoading = false;
    }

    private void Collect(int first, int end, ChangeMethod changes)
    {
        ulong address = AddressOf(first);
        ulong bytes = (ulong)(end - first) * ChunkBytes;
        byte modes = chunks[first].Modes;
        bool isNew = (modes & UserFaults.WriteProtect) == 0;
        if (isNew)
        {
            modes = modes != 0 ? pager!.WatchAll(address, bytes) : pager!.WatchWrites(address, bytes);
        }
        for (int index = first; index < end; index++)
        {
            chunks[index].Modes = modes;
            // What nobody watched may have been written.
            chunks[index].ChangedIn = isNew || modes == 0 ? epoch : chunks[index].ChangedIn;
        }
        if (modes == 0)
        {
            return;
        }
        if (changes == ChangeMethod.Faults)
        {
            pager!.Protect(address, bytes, isProtected: true);
            return;
        }
        if (!pager!.Pages.FindWritten(address, bytes, isProtected: true, MarkChanged))
        {
            for (int index = first; index < end; index++)
            {
                chunks[index].ChangedIn = epoch;
            }
        }
    }

    private void MarkChanged(ulong from, ulong to)
    {
        (int first, int end) = Indices(from & ~(ChunkBytes - 1), to - (from & ~(ChunkBytes - 1)));
        for (int index = first; index < end; index++)
        {
            chunks[index].ChangedIn = epoch;
        }
    }

    // A chunk that is about to leave: has it been written in this epoch? Yes, when that cannot be told apart from what comes now.
    private bool MayBeChanged(int index, bool isStill)
    {
        if (pager!.Changes != ChangeMethod.Noted)
        {
            return false;
        }
        bool isChanged = !isStill || (chunks[index].Modes & UserFaults.WriteProtect) == 0;
        return isChanged
            || !pager.Pages.FindWritten(AddressOf(index), ChunkBytes, isProtected: false, (_, _) => isChanged = true)
            || isChanged;
    }
}
