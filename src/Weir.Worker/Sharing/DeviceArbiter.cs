using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Weir.Devices.Software.Execution;
using Weir.Wire;
using Libc = Weir.Wire.Libc;

namespace Weir.Worker.Sharing;

/// <summary>
/// One session's view of a device that several workers share: tells the others what this one wants and has had, and decides by
/// <see cref="CoreDecision"/>, as they all do, whether it is its turn. Nobody hands out cores; whoever is not entitled stops by himself at
/// the end of a range of blocks. Until he does, the system shares his core between both.
/// </summary>
internal sealed unsafe class DeviceArbiter : ICoreShare
{
    private const long LookEveryNs = 250_000;
    private const long LingerNs = 500_000;
    private const long WaitNs = 1_000_000;
    private const int ShortsPerLook = 16;

    // A worker that did not look for so long may have died …
    private const long QuietNs = 20_000_000;

    // … and one that is alive may be stopped, or in a block without end: the others go on beside it.
    private const long StuckNs = 1_000_000_000;

    private readonly Lock _gate = new();
    private readonly DevicePageFile _file;
    private readonly DevicePage* _page;
    private readonly DeviceSlot* _own;
    private readonly int _self;
    private readonly int _cores;
    private readonly CoreDemand[] _demands = new CoreDemand[DevicePage.Slots];
    private readonly int[] _allotted = new int[DevicePage.Slots];
    private readonly long[] _ownedAt = new long[DevicePage.Slots];
    private int _count;

    // Cores that were used at the same time since none was.
    private int _most;
    private int _shorts;
    private bool _shortAllowed = true;
    private long _shortBegan;

    /// <param name="file">The device's page.</param>
    /// <param name="share">Promised share of the device, percent.</param>
    /// <param name="account">Sessions of the same name have the share together; null: nobody else has.</param>
    /// <param name="cores">Cores of the device; the same for all of its workers.</param>
    /// <exception cref="IOException">There are too many sessions on the device.</exception>
    public DeviceArbiter(DevicePageFile file, int share, string? account, int cores)
    {
        _file = file;
        _page = file.Page;
        _cores = cores;
        _self = file.Claim();
        if (_self < 0)
        {
            throw new IOException($"{DevicePage.Slots} sessions are open on this device; no more are possible");
        }
        _own = DevicePage.Slot(_page, _self);
        // Whatever a worker that died has left there.
        uint wake = _own->Wake;
        *_own = default;
        _own->Wake = wake;
        _own->Share = Math.Clamp(share, 1, 100);
        _own->Virtual = Volatile.Read(ref _page->Clock);
        _own->Beat = Libc.MonotonicNs();
        string name = account ?? $"process {Environment.ProcessId}, slot {_self}";
        byte[] digest = SHA256.HashData(Encoding.UTF8.GetBytes(name));
        Volatile.Write(ref _own->Account, BinaryPrimitives.ReadUInt64LittleEndian(digest) | 1);
    }

    /// <summary>This session's slot of the page.</summary>
    public int Slot => _self;

    /// <summary>Processor time that this session received, nanoseconds.</summary>
    public ulong UsedNanoseconds => Volatile.Read(ref _own->UsedNanoseconds);

    public void Ask(ref CoreTurn turn)
    {
        lock (_gate)
        {
            long now = Libc.MonotonicNs();
            if (_own->Wanting == 0 && now >= _own->LingersUntil)
            {
                _own->Virtual = CoreDecision.Resume(_own->Virtual, Volatile.Read(ref _page->Clock), _own->Share);
            }
            _own->Beat = now;
            _own->UsedAt = now;
            _own->Wanting++;
        }
    }

    public bool TryTake(ref CoreTurn turn)
    {
        lock (_gate)
        {
            turn.Seen = Volatile.Read(ref _own->Wake);
            long now = Look();
            if (_allotted[_self] <= _own->Running)
            {
                return false;
            }
            _own->Running++;
            _most = _own->Running == 1 ? 1 : Math.Max(_most, _own->Running);
            turn.HasCore = true;
            turn.LookedAtNanoseconds = now;
            turn.ChargedNanoseconds = Libc.ThreadNs();
            return true;
        }
    }

    public void Wait(ref CoreTurn turn)
    {
        _ = Interlocked.Increment(ref _own->Waiting);
        Futex.Wait(&_own->Wake, turn.Seen, WaitNs);
        _ = Interlocked.Decrement(ref _own->Waiting);
    }

    public bool Keep(ref CoreTurn turn)
    {
        if (Libc.MonotonicNs() - turn.LookedAtNanoseconds < LookEveryNs)
        {
            return true;
        }
        lock (_gate)
        {
            Charge(ref turn);
            turn.LookedAtNanoseconds = Look();
            if (_allotted[_self] >= _own->Running)
            {
                return true;
            }
            _own->Running--;
            turn.HasCore = false;
            return false;
        }
    }

    public void Leave(ref CoreTurn turn)
    {
        lock (_gate)
        {
            if (turn.HasCore)
            {
                Charge(ref turn);
                turn.HasCore = false;
                _own->Running--;
                // The next command is often only microseconds away; giving the core up in each gap would cost it a quantum.
                _own->LingerCores = _most;
                _own->LingersUntil = Libc.MonotonicNs() + LingerNs;
            }
            _own->Wanting--;
            _own->UsedAt = Libc.MonotonicNs();
        }
    }

    // Looking costs as much as several short pieces of work: one of a few is timed, and stands for the others.
    public bool TryBeginShort()
    {
        if (++_shorts < ShortsPerLook)
        {
            return _shortAllowed;
        }
        _shorts = 0;
        lock (_gate)
        {
            long now = Libc.MonotonicNs();
            if (_own->Wanting == 0 && now >= _own->LingersUntil)
            {
                _own->Virtual = CoreDecision.Resume(_own->Virtual, Volatile.Read(ref _page->Clock), _own->Share);
            }
            if (now >= _own->LingersUntil)
            {
                _own->LingerCores = 1;
            }
            _own->LingersUntil = now + LingerNs;
            _own->UsedAt = now;
            _ = Look();
            _shortAllowed = _allotted[_self] > _own->Running;
            _shortBegan = _shortAllowed ? Libc.MonotonicNs() : 0;
            return _shortAllowed;
        }
    }

    public void EndShort()
    {
        if (_shortBegan == 0)
        {
            return;
        }
        long spent = (Libc.MonotonicNs() - _shortBegan) * ShortsPerLook;
        _shortBegan = 0;
        lock (_gate)
        {
            Add(spent);
        }
    }

    private void Charge(ref CoreTurn turn)
    {
        long now = Libc.ThreadNs();
        Add(now - turn.ChargedNanoseconds);
        turn.ChargedNanoseconds = now;
    }

    private void Add(long nanoseconds)
    {
        _demands[_self] = new CoreDemand(_own->Account, _own->Share, _own->Virtual, 1, 0);
        _own->Virtual += CoreDecision.Charge(_demands.AsSpan(0, Math.Max(_count, _self + 1)), _self, nanoseconds);
        _own->UsedNanoseconds += (ulong)Math.Max(0, nanoseconds);
    }

    // What everybody wants now, and who may have what; wakes those whose turn it is. The time.
    private long Look()
    {
        long now = Libc.MonotonicNs();
        _own->Beat = now;
        _count = Math.Clamp(Volatile.Read(ref _page->High), 0, DevicePage.Slots);
        for (int i = 0; i < _count; i++)
        {
            _demands[i] = Read(i, now);
        }
        ReadOnlySpan<CoreDemand> demands = _demands.AsSpan(0, _count);
        CoreDecision.Allot(demands, _cores, _allotted);
        ulong clock = Volatile.Read(ref _page->Clock);
        ulong reached = CoreDecision.Advance(clock, demands);
        if (reached != clock)
        {
            _ = Interlocked.CompareExchange(ref _page->Clock, reached, clock);
        }
        for (int i = 0; i < _count; i++)
        {
            if (_allotted[i] > demands[i].Running)
            {
                WakeIfAsleep(DevicePage.Slot(_page, i));
            }
        }
        return now;
    }

    private CoreDemand Read(int index, long now)
    {
        DeviceSlot* slot = DevicePage.Slot(_page, index);
        ulong account = Volatile.Read(ref slot->Account);
        int wanting = Math.Clamp(Volatile.Read(ref slot->Wanting), 0, 1024);
        int running = Math.Clamp(Volatile.Read(ref slot->Running), 0, wanting);
        if (Volatile.Read(ref slot->LingersUntil) is var lingers && now < lingers && lingers - now <= LingerNs)
        {
            int cores = Math.Clamp(Volatile.Read(ref slot->LingerCores), 0, _cores);
            wanting = Math.Max(wanting, cores);
            running = Math.Max(running, cores);
        }
        // Whoever waits for memory leaves his cores to others, also to those whom he waits for.
        bool isStalled = index != _self && Volatile.Read(ref slot->Stalled) > 0;
        if (account == 0 || isStalled || (wanting > 0 && index != _self && !IsAtWork(slot, index, now)))
        {
            wanting = 0;
        }
        return new CoreDemand(
            account,
            Math.Clamp(slot->Share, 1, 100),
            Volatile.Read(ref slot->Virtual),
            wanting,
            running
        );
    }

    private bool IsAtWork(DeviceSlot* slot, int index, long now)
    {
        long quiet = now - Volatile.Read(ref slot->Beat);
        // Not yet: the clock began anew with the machine, and whoever wrote that is gone.
        if (quiet is >= 0 and < QuietNs)
        {
            return true;
        }
        if (quiet >= StuckNs)
        {
            return false;
        }
        if (now - _ownedAt[index] > QuietNs)
        {
            if (!_file.IsOwned(index))
            {
                return false;
            }
            _ownedAt[index] = now;
        }
        return true;
    }

    private static void WakeIfAsleep(DeviceSlot* slot)
    {
        if (Volatile.Read(ref slot->Waiting) > 0)
        {
            _ = Interlocked.Increment(ref slot->Wake);
            Futex.Wake(&slot->Wake);
        }
    }
}
