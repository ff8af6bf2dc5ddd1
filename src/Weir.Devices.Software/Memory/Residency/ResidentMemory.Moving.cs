using System.Diagnostics;
using Weir.Devices.Software.Memory.Portability;
using Weir.Devices.Software.Native;

namespace Weir.Devices.Software.Memory.Residency;

/// <content>Chunks that leave the device and come back.</content>
internal sealed partial class ResidentMemory
{
    // Making room for several chunks costs one look at all of them.
    private const ulong OwnRoomBytes = 4 * ChunkBytes;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly Lock giving = new();
    private Staging? faultStaging;
    private Staging? giveStaging;
    private IPieceSource? source;
    private Thread? loading;
    private volatile bool stopLoading;

    /// <summary>Makes room for others, what was used longest ago first; at most so many bytes.</summary>
    public void GiveBack(ulong bytes)
    {
        // One at a time, since there is one place for what is on its way.
        lock (giving)
        {
            if (EnsurePager() is null)
            {
                return;
            }
            giveStaging ??= new Staging();
            _ = TakeOut(bytes, giveStaging, isStill: false);
        }
    }

    /// <summary>Nothing waits for memory any more: the device ends.</summary>
    public void End() => isEnding = true;

    /// <summary>Takes everything off the device into host memory; a touch brings it back.</summary>
    /// <returns>False when that is not possible here; what could not leave has stayed.</returns>
    public bool ReleaseAll()
    {
        ForgetComing();
        lock (giving)
        {
            if (EnsurePager() is null)
            {
                return false;
            }
            giveStaging ??= new Staging();
            bool isOut = true;
            for (int index = 0; index < high; index++)
            {
                lock (gate)
                {
                    Settle(index, isUnpinned: true);
                }
                isOut &= TakeOut(index, giveStaging, isStill: true);
            }
            return isOut;
        }
    }

    /// <summary>Brings a chunk, if it is absent, on the calling thread.</summary>
    /// <param name="index">Number of the chunk.</param>
    /// <param name="staging">The caller's place for it.</param>
    /// <param name="waits">Wait for room; otherwise it is brought only when there is some.</param>
    private bool Bring(int index, Staging staging, bool waits)
    {
        if (!TakeRoom(staging, waits))
        {
            return false;
        }
        ChunkOrigin origin;
        bool isProtected;
        lock (gate)
        {
            if (chunks[index].State != ChunkState.Absent)
            {
                share?.Give(ChunkBytes);
                return true;
            }
            chunks[index].State = ChunkState.Arriving;
            origin = chunks[index].Origin;
            isProtected = isTracking && pager!.Changes != ChangeMethod.Hashes;
        }
        bool isThere = false;
        long began = Stopwatch.GetTimestamp();
        try
        {
            Fill(index, origin, staging.Address);
            isThere = pager!.Arrive(AddressOf(index), staging.Address, isProtected);
            if (!isThere)
            {
                Lose(index, "the system put it nowhere");
            }
        }
        catch (IOException failure)
        {
            Lose(index, failure.Message);
        }
        finally
        {
            staging.Clear();
            lock (gate)
            {
                // What is lost is there as something broken.
                chunks[index].State = ChunkState.Present;
                chunks[index].Origin = ChunkOrigin.Zero;
                chunks[index].Used = ++clock;
                chunks[index].ChangedIn = isProtected ? chunks[index].ChangedIn : epoch;
                if (origin == ChunkOrigin.Host)
                {
                    store!.Drop(index);
                }
                Monitor.PulseAll(gate);
            }
        }
        if (origin != ChunkOrigin.Zero)
        {
            Counters.Brought();
            NoteTime(began);
        }
        return isThere;
    }

    private unsafe void Fill(int index, ChunkOrigin origin, ulong to)
    {
        switch (origin)
        {
            case ChunkOrigin.Host:
                store!.Get(index, to);
                break;
            case ChunkOrigin.Source:
                source!.Read(AddressOf(index), new Span<byte>((void*)to, (int)ChunkBytes));
                break;
            default:
                // A touch makes the pages, which are zero; a small page may be all there is.
                _ = LibC.FillBytes((void*)to, 0, (nuint)ChunkBytes);
                break;
        }
    }

    private void Lose(int index, string reason)
    {
        string message = $"device memory at 0x{AddressOf(index):x} is lost: {reason}";
        log(message);
        lock (gate)
        {
            chunks[index].IsLost = true;
            chunks[index].State = ChunkState.Present;
        }
        pager!.Break(AddressOf(index));
        WhenLost?.Invoke(message);
    }

    // Room for one chunk; what others have comes before what is our own.
    private bool TakeRoom(Staging staging, bool waits)
    {
        long began = Stopwatch.GetTimestamp();
        while (share is not null && !share.TryTake(ChunkBytes))
        {
            if (!waits || isEnding)
            {
                return false;
            }
            if (
                share.AwaitRoom(ChunkBytes, Math.Min(AbsentBytes, share.CapacityBytes))
                || TakeOut(OwnRoomBytes, staging, isStill: false) > 0
            )
            {
                began = Stopwatch.GetTimestamp();
                continue;
            }
            // Everything of ours is on its way, or held for a save: that passes. Or there is no room below the device: that does not.
            if (Stopwatch.GetElapsedTime(began) > Patience)
            {
                return false;
            }
            Thread.Sleep(1);
        }
        return true;
    }

    private ulong TakeOut(ulong bytes, Staging staging, bool isStill)
    {
        List<(uint Used, int Index)> there = [];
        lock (gate)
        {
            for (int index = 0; index < high; index++)
            {
                if (chunks[index] is { State: ChunkState.Present, Pins: 0, IsLost: false })
                {
                    there.Add((chunks[index].Used, index));
                }
            }
        }
        there.Sort();
        ulong done = 0;
        foreach ((_, int index) in there)
        {
            if (done >= bytes)
            {
                break;
            }
            done += TakeOut(index, staging, isStill) ? ChunkBytes : 0;
        }
        return done;
    }

    // True when the chunk is not on the device afterwards.
    private bool TakeOut(int index, Staging staging, bool isStill)
    {
        ulong address = AddressOf(index);
        lock (gate)
        {
            if (chunks[index] is not { State: ChunkState.Present, Pins: 0, IsLost: false })
            {
                return chunks[index].State is ChunkState.Absent or ChunkState.Closed;
            }
            if ((chunks[index].Modes & UserFaults.Missing) == 0)
            {
                chunks[index].Modes = pager!.WatchAll(address, ChunkBytes);
                if (chunks[index].Modes == 0)
                {
                    return false;
                }
            }
            store ??= new HostStore(chunks.Length, options.HostBytes, options.SpillFolder);
            chunks[index].State = ChunkState.Leaving;
            isPaging = true;
        }
        long began = Stopwatch.GetTimestamp();
        bool isChanged = !isTracking || MayBeChanged(index, isStill);
        bool isMoved = LibC.MovePages(address, staging.Address, ChunkBytes);
        bool hasContent = isMoved && pager!.Pages.HasPages(staging.Address, ChunkBytes);
        bool isKept = isMoved && (!hasContent || store.TryPut(index, staging.Address));
        if (isMoved && !isKept)
        {
            // There is no room below: it goes back.
            _ = pager!.Arrive(address, staging.Address, isProtected: false);
        }
        staging.Clear();
        lock (gate)
        {
            chunks[index].State = isKept ? ChunkState.Absent : ChunkState.Present;
            chunks[index].Origin = isKept && hasContent ? ChunkOrigin.Host : ChunkOrigin.Zero;
            chunks[index].ChangedIn = isChanged ? epoch : chunks[index].ChangedIn;
            Monitor.PulseAll(gate);
        }
        if (isKept)
        {
            if (hasContent)
            {
                Counters.Taken();
                NoteTime(began);
            }
            share?.Give(ChunkBytes);
        }
        return isKept;
    }

    private void NoteTime(long began) => share?.Moved((long)Stopwatch.GetElapsedTime(began).TotalNanoseconds);

    private void OnFault(ulong address, bool isProtection)
    {
        Counters.Faulted();
        int index = (int)((address - start) >> ChunkBits);
        lock (gate)
        {
            Settle(index);
            switch (chunks[index].State)
            {
                case ChunkState.Present when isProtection:
                    chunks[index].ChangedIn = epoch;
                    pager!.Protect(AddressOf(index), ChunkBytes, isProtected: false);
                    return;
                case ChunkState.Present:
                    chunks[index].ChangedIn = epoch;
                    pager!.FillHoles(AddressOf(index));
                    return;
                case ChunkState.Closed:
                    // Freed meanwhile: the access ends as any to what is not allocated.
                    pager!.Wake(AddressOf(index));
                    return;
            }
        }
        NoteFault(index);
        faultStaging ??= new Staging();
        if (Bring(index, faultStaging, waits: true))
        {
            return;
        }
        if (isEnding)
        {
            // Whoever touched it shall see that it ends; what he reads does not matter any more.
            pager!.FillHoles(AddressOf(index));
            return;
        }
        lock (gate)
        {
            if (chunks[index].State == ChunkState.Absent)
            {
                Lose(index, "neither the device nor the host nor a file has room");
            }
        }
    }
}
