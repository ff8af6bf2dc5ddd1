using Weir.Devices.Software.Memory.Residency;
using Weir.Wire;
using Libc = Weir.Wire.Libc;

namespace Weir.Worker.Sharing;

/// <summary>
/// One session's view of the memory of a device that several workers share as a cache. Each notes in its own slot what it holds and adds
/// up all slots, so together they never hold more than there is and a killed worker leaves nothing behind. Who needs room asks by
/// <see cref="ArenaDecision"/>; whoever is asked takes his memory off the device himself, since nobody sees another session's memory.
/// </summary>
internal sealed unsafe class ArenaShare : IArenaShare, IDisposable
{
    private const int Attempts = 16;
    private const long WaitNs = 2_000_000;
    private const long LookNs = 100_000_000;

    private readonly DevicePageFile _file;
    private readonly DevicePage* _page;
    private readonly DeviceSlot* _own;
    private readonly int _self;
    private readonly ArenaHolder[] _holders = new ArenaHolder[DevicePage.Slots];
    private readonly Lock _gate = new();
    private Thread? _giver;
    private volatile bool _ended;

    /// <param name="file">The device's page.</param>
    /// <param name="slot">This session's slot of it.</param>
    /// <param name="capacityBytes">Size of the device's memory; the same for all of its workers.</param>
    public ArenaShare(DevicePageFile file, int slot, ulong capacityBytes)
    {
        _file = file;
        _page = file.Page;
        _self = slot;
        _own = DevicePage.Slot(_page, slot);
        CapacityBytes = capacityBytes;
    }

    public ulong CapacityBytes { get; }

    public bool TryTake(ulong bytes)
    {
        if (Volatile.Read(ref _own->HeldSince) == 0 && IsSomebodysTurn())
        {
            return false;
        }
        for (int attempt = 0; ; attempt++)
        {
            _ = Interlocked.Add(ref _own->Resident, bytes);
            if (Held() <= CapacityBytes)
            {
                _ = Interlocked.CompareExchange(ref _own->HeldSince, Libc.MonotonicNs(), 0);
                return true;
            }
            _ = Interlocked.Add(ref _own->Resident, 0 - bytes);
            // Two that take at the same moment see each other, and neither gets what only one should not have.
            bool isPassing = Held() + bytes <= CapacityBytes || ForgetDead();
            if (!isPassing || attempt == Attempts)
            {
                return false;
            }
            Thread.SpinWait(20 << (_self & 7));
        }
    }

    public void Give(ulong bytes)
    {
        _ = Interlocked.Add(ref _own->Resident, 0 - bytes);
        if (Volatile.Read(ref _page->RoomWaiters) > 0)
        {
            _ = Interlocked.Increment(ref _page->RoomGiven);
            Futex.Wake(&_page->RoomGiven);
        }
    }

    public bool AwaitRoom(ulong bytes, ulong comingBytes)
    {
        uint seen = Volatile.Read(ref _page->RoomGiven);
        int victim;
        bool isAnyThere;
        bool isTaken;
        lock (_gate)
        {
            long now = Libc.MonotonicNs();
            ReadOnlySpan<ArenaHolder> holders = _holders.AsSpan(0, Read());
            victim = ArenaDecision.Choose(holders, _self, Math.Max(bytes, comingBytes), now, out isAnyThere);
            isTaken = victim >= 0 && holders[victim].IsBusy && !ArenaDecision.IsTurn(holders, _self, now);
        }
        if (!isAnyThere)
        {
            return false;
        }
        if (victim >= 0)
        {
            // Whoever takes it from one that works begins his turn with that.
            if (isTaken)
            {
                Volatile.Write(ref _own->HeldSince, Libc.MonotonicNs());
            }
            Ask(DevicePage.Slot(_page, victim), Math.Max(bytes, comingBytes));
        }
        _ = Interlocked.Increment(ref _own->Stalled);
        _ = Interlocked.Increment(ref _page->RoomWaiters);
        Futex.Wait(&_page->RoomGiven, seen, WaitNs);
        _ = Interlocked.Decrement(ref _page->RoomWaiters);
        _ = Interlocked.Decrement(ref _own->Stalled);
        return true;
    }

    public void Serve(Action<ulong> giveBack)
    {
        _giver = new Thread(() => GiveLoop(giveBack)) { IsBackground = true, Name = "weir give memory" };
        _giver.Start();
    }

    public void Moved(long nanoseconds)
    {
        // Off the device and back: twice.
        uint before = Volatile.Read(ref _own->SwapNanoseconds);
        uint now = (uint)Math.Clamp(2 * nanoseconds, 1, uint.MaxValue / 2);
        Volatile.Write(ref _own->SwapNanoseconds, before == 0 ? now : before - before / 8 + now / 8);
    }

    public void Dispose()
    {
        _ended = true;
        _ = Interlocked.Increment(ref _own->AskWake);
        Futex.Wake(&_own->AskWake);
        _giver?.Join();
    }

    private void GiveLoop(Action<ulong> giveBack)
    {
        while (!_ended)
        {
            uint seen = Volatile.Read(ref _own->AskWake);
            ulong asked = Interlocked.Exchange(ref _own->Asked, 0);
            if (asked == 0)
            {
                Futex.Wait(&_own->AskWake, seen, LookNs);
                continue;
            }
            // Asked while at work: its time was over. Who was asked in a pause is left to its next one.
            if (Volatile.Read(ref _own->HeldSince) != 0)
            {
                Volatile.Write(ref _own->WasCut, Volatile.Read(ref _own->Wanting) > 0 ? 1u : 0);
            }
            // What comes back counts from anew: it stays for a while.
            Volatile.Write(ref _own->HeldSince, 0);
            giveBack(Math.Min(asked, Volatile.Read(ref _own->Resident)));
        }
    }

    private static void Ask(DeviceSlot* slot, ulong bytes)
    {
        ulong asked;
        while ((asked = Volatile.Read(ref slot->Asked)) < bytes)
        {
            if (Interlocked.CompareExchange(ref slot->Asked, bytes, asked) == asked)
            {
                _ = Interlocked.Increment(ref slot->AskWake);
                Futex.Wake(&slot->AskWake);
                return;
            }
        }
    }

    // A session that was asked for its memory does not take it back while the one that asked still waits for more.
    private bool IsSomebodysTurn()
    {
        int count = Math.Clamp(Volatile.Read(ref _page->High), 0, DevicePage.Slots);
        for (int i = 0; i < count; i++)
        {
            DeviceSlot* slot = DevicePage.Slot(_page, i);
            if (
                i != _self
                && Volatile.Read(ref slot->Stalled) > 0
                && Volatile.Read(ref slot->HeldSince) != 0
                && _file.IsOwned(i)
            )
            {
                return true;
            }
        }
        return false;
    }

    private ulong Held()
    {
        ulong held = 0;
        int count = Math.Clamp(Volatile.Read(ref _page->High), 0, DevicePage.Slots);
        for (int i = 0; i < count; i++)
        {
            held += Volatile.Read(ref DevicePage.Slot(_page, i)->Resident);
        }
        return held;
    }

    // What workers that are gone noted is taken back; false when there was none.
    private bool ForgetDead()
    {
        bool isAny = false;
        int count = Math.Clamp(Volatile.Read(ref _page->High), 0, DevicePage.Slots);
        for (int i = 0; i < count; i++)
        {
            ulong noted = Volatile.Read(ref DevicePage.Slot(_page, i)->Resident);
            if (i != _self && noted > 0 && !_file.IsOwned(i))
            {
                // Only if it is still the same: somebody may have taken the slot meanwhile.
                isAny |= Interlocked.CompareExchange(ref DevicePage.Slot(_page, i)->Resident, 0, noted) == noted;
            }
        }
        return isAny;
    }

    private int Read()
    {
        int count = Math.Clamp(Volatile.Read(ref _page->High), 0, DevicePage.Slots);
        long now = Libc.MonotonicNs();
        for (int i = 0; i < count; i++)
        {
            DeviceSlot* slot = DevicePage.Slot(_page, i);
            bool isBusy =
                Volatile.Read(ref slot->Wanting) > 0
                || Volatile.Read(ref slot->Stalled) > 0
                || Volatile.Read(ref slot->LingersUntil) > now;
            _holders[i] = new ArenaHolder(
                Volatile.Read(ref slot->Resident),
                isBusy,
                Volatile.Read(ref slot->UsedAt),
                Volatile.Read(ref slot->HeldSince),
                Volatile.Read(ref slot->SwapNanoseconds),
                Volatile.Read(ref slot->WasCut) != 0
            );
        }
        return count;
    }
}
