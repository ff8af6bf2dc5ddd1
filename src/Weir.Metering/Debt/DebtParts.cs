namespace Weir.Metering.Debt;

/// <summary>
/// Where the time of devices went, in microseconds of whole devices (half of a device for a second is half a second). Each moment of each device
/// is in exactly one part, so that the parts add up to the capacity; <see cref="Residual"/> says so.
/// </summary>
public struct DebtParts
{
    /// <summary>All that was installed, also what was out of order.</summary>
    public long Capacity;

    /// <summary>Nobody's, because the device was faulty, drained, cordoned or away.</summary>
    public long Down;

    /// <summary>Nobody's, because what was left of the device is of no use to anything that waits or is typical.</summary>
    public long Stranded;

    /// <summary>Nobody's, although something waited that would have fitted.</summary>
    public long QueueWait;

    /// <summary>Nobody's, and nobody wanted it.</summary>
    public long NoDemand;

    /// <summary>Somebody's, and it is not known what for: the node could not be asked.</summary>
    public long Unmetered;

    /// <summary>Somebody's, and nothing ran for longer than the grace time.</summary>
    public long IdleHold;

    /// <summary>Somebody's, more than was needed at the busiest and fullest while work ran.</summary>
    public long OverAsk;

    /// <summary>Somebody's, needed at times, and not used.</summary>
    public long LowUse;

    /// <summary>Used for work whose result was lost.</summary>
    public long Lost;

    /// <summary>Used for work that counts.</summary>
    public long Useful;

    /// <summary>Used: for work that counts or not.</summary>
    public readonly long Used => Useful + Lost;

    /// <summary>Promised to somebody.</summary>
    public readonly long Allocated => Used + Unmetered + IdleHold + OverAsk + LowUse;

    /// <summary>The compute debt: all that was installed and did no work that counts.</summary>
    public readonly long Debt => Capacity - Useful;

    /// <summary>What the parts leave unexplained: 0.</summary>
    public readonly long Residual => Capacity - Allocated - Down - Stranded - QueueWait - NoDemand;

    /// <summary>The parts of the debt, by the names that pages and reports use.</summary>
    public readonly (string Name, long Amount)[] Parts =>
        [
            ("down", Down),
            ("stranded", Stranded),
            ("queue-wait", QueueWait),
            ("no-demand", NoDemand),
            ("unmetered", Unmetered),
            ("idle-hold", IdleHold),
            ("over-ask", OverAsk),
            ("low-use", LowUse),
            ("lost", Lost),
        ];

    /// <summary>Adds others.</summary>
    public void Add(in DebtParts other)
    {
        Capacity += other.Capacity;
        Down += other.Down;
        Stranded += other.Stranded;
        QueueWait += other.QueueWait;
        NoDemand += other.NoDemand;
        Unmetered += other.Unmetered;
        IdleHold += other.IdleHold;
        OverAsk += other.OverAsk;
        LowUse += other.LowUse;
        Lost += other.Lost;
        Useful += other.Useful;
    }
}
