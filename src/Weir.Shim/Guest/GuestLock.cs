namespace Weir.Shim.Guest;

/// <summary>
/// Lock for rare work (contexts, modules, host memory; never a launch or a copy). Holders may wait for the worker, so waiters
/// give up their time slice. The owner's process id is kept, so that a child forked while it was held does not wait for ever.
/// </summary>
internal struct GuestLock
{
    private int _owner;

    internal void Enter()
    {
        var self = GuestLibc.GetPid();
        while (true)
        {
            var owner = Interlocked.CompareExchange(ref _owner, self, 0);
            if (owner == 0)
            {
                return;
            }
            if (owner != self && Interlocked.CompareExchange(ref _owner, self, owner) == owner)
            {
                return;
            }
            _ = GuestLibc.Yield();
        }
    }

    internal void Leave() => Volatile.Write(ref _owner, 0);
}
