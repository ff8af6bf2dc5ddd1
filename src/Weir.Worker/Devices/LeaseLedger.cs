using Weir.Devices.Software.Memory;
using Weir.Wire;

namespace Weir.Worker.Devices;

/// <summary>
/// A session's share of its lease's memory quota. Taking is: note it in the own slot, then add up all slots; whoever sees
/// more than the quota takes his note back. Two that ask at the same moment may both see each other, so it is tried a few
/// times; together they never hold more than the quota, and no lock can be left behind by a worker that is killed.
/// </summary>
internal sealed unsafe class LeaseLedger(LeasePage* page, int slot) : IMemoryLedger
{
    private const int Attempts = 16;
    private readonly LeaseSlot* _slot = LeasePage.Slot(page, slot);

    /// <summary>Where this session's counts go.</summary>
    public LeaseSlot* Slot => _slot;

    public ulong Left
    {
        get
        {
            ulong used = LeasePage.Used(page);
            return used < page->QuotaBytes ? page->QuotaBytes - used : 0;
        }
    }

    public bool TryTake(ulong bytes)
    {
        if (bytes > page->QuotaBytes)
        {
            return false;
        }
        for (int attempt = 0; ; attempt++)
        {
            ulong used = Interlocked.Add(ref _slot->UsedBytes, bytes);
            if (LeasePage.Used(page) <= page->QuotaBytes)
            {
                // A count that a parallel call overtakes is noted by that one.
                _slot->PeakBytes = Math.Max(_slot->PeakBytes, used);
                return true;
            }
            Give(bytes);
            if (attempt == Attempts || Left < bytes)
            {
                return false;
            }
            Thread.SpinWait(20 << (slot & 7));
        }
    }

    public void Give(ulong bytes) => _ = Interlocked.Add(ref _slot->UsedBytes, 0 - bytes);
}
