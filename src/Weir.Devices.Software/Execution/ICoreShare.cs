namespace Weir.Devices.Software.Execution;

/// <summary>
/// Asked for cores before work runs on them, where the devices of several processes are shares of one. A thread asks, takes a
/// core when it may, says between pieces of work that it would go on, and leaves:
/// <code>
/// Ask → (TryTake, else Wait)… → work → Keep, else (TryTake, else Wait)… → work → Leave
/// </code>
/// Safe from several threads, each with a <see cref="CoreTurn"/> of its own.
/// </summary>
public interface ICoreShare
{
    /// <summary>The calling thread has work for a core from now on.</summary>
    void Ask(ref CoreTurn turn);

    /// <summary>Takes a core; false when it is not this device's turn.</summary>
    bool TryTake(ref CoreTurn turn);

    /// <summary>Sleeps until that may have changed, a millisecond or so at most.</summary>
    void Wait(ref CoreTurn turn);

    /// <summary>May the thread go on with its next piece? False: the core is given back, and it still wants one.</summary>
    bool Keep(ref CoreTurn turn);

    /// <summary>The thread has no more work; it gives back the core if it has one.</summary>
    void Leave(ref CoreTurn turn);

    /// <summary>
    /// May work of microseconds be done at once by a thread that never asked? <see cref="EndShort"/> follows if so. One thread at a
    /// time between the two.
    /// </summary>
    bool TryBeginShort();

    /// <summary>That work is done.</summary>
    void EndShort();
}

/// <summary>What an <see cref="ICoreShare"/> keeps for a thread that asked.</summary>
public struct CoreTurn
{
    /// <summary>It has a core.</summary>
    public bool HasCore { get; set; }

    /// <summary>Processor time of the thread that is accounted for, nanoseconds.</summary>
    public long ChargedNanoseconds { get; set; }

    /// <summary>When it was last looked at whose turn it is, nanoseconds of the monotonic clock.</summary>
    public long LookedAtNanoseconds { get; set; }

    /// <summary>What there was to be woken by when it was last told to wait.</summary>
    public uint Seen { get; set; }
}
