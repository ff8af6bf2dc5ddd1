using System.Diagnostics;

namespace Weir.Devices.Software.Execution;

/// <summary>
/// Work in stream order. A command becomes ready when all that it must follow is done; its units (blocks, pieces of a
/// copy) are then claimed in ranges by whatever threads have a slot, and it is done when the last unit is.
/// </summary>
/// <param name="stream">Stream it belongs to.</param>
internal abstract class Command(DeviceStream stream)
{
    // More ranges than slots, so that uneven blocks even out; fewer than would make claiming them a cost.
    private const long RangesPerSlot = 32;

    private long units;
    private long grain;
    private long claimed;
    private long unfinished;
    private volatile bool done;

    private long began;
    private long ended;

    /// <summary>When its first unit began and its last one ended (Stopwatch); known only where the device profiles.</summary>
    protected long Began => Volatile.Read(ref began);

    /// <inheritdoc cref="Began"/>
    protected long Ended => Volatile.Read(ref ended);

    /// <summary>Stream it belongs to.</summary>
    public DeviceStream Stream { get; } = stream;

    /// <summary>True once everything it does has been done.</summary>
    public bool IsDone => done;

    /// <summary>True while some units have not been claimed.</summary>
    public bool HasUnclaimed => Volatile.Read(ref claimed) < units;

    /// <summary>Commands before it that are not done; guarded by the scheduler.</summary>
    internal int Blockers { get; set; }

    /// <summary>Commands that wait for it; guarded by the scheduler.</summary>
    internal List<Command>? Followers { get; set; }

    /// <summary>True when a thread of its own must run it because it may take any time.</summary>
    public virtual bool IsHostFunction => false;

    /// <summary>How long one core will need for it, as far as that is known; otherwise <see cref="long.MaxValue"/>.</summary>
    public virtual long ExpectedNanoseconds => long.MaxValue;

    /// <summary>It moves or fills memory; otherwise it computes.</summary>
    public virtual bool IsCopy => false;

    /// <summary>Number of units; 0 when only its place in the order matters.</summary>
    public long Units => units;

    /// <summary>Number of ranges that its units will be claimed in.</summary>
    public long Ranges => units == 0 ? 0 : (units + grain - 1) / grain;

    /// <summary>Runs units [<paramref name="first"/>, <paramref name="end"/>).</summary>
    public abstract void Run(ExecutorSlot slot, long first, long end);

    /// <summary>Runs units, and notes when where somebody wants to know.</summary>
    public void RunUnits(ExecutorSlot slot, long first, long end)
    {
        if (Stream.Context.Device.Profiles is null)
        {
            Run(slot, first, end);
            return;
        }
        Interlocked.CompareExchange(ref began, Stopwatch.GetTimestamp(), 0);
        Run(slot, first, end);
        long now = Stopwatch.GetTimestamp();
        long latest;
        while (
            (latest = Volatile.Read(ref ended)) < now && Interlocked.CompareExchange(ref ended, now, latest) != latest
        ) { }
    }

    /// <summary>Called once, in order, when it is done; under the scheduler's lock.</summary>
    public virtual void Complete() { }

    /// <summary>Says how much there is to do, before the command is enqueued.</summary>
    /// <param name="count">Units.</param>
    /// <param name="slots">Slots of the device.</param>
    /// <param name="leastGrain">Fewest units worth claiming at a time.</param>
    protected void SetUnits(long count, int slots, long leastGrain = 1)
    {
        units = count;
        grain =
            slots == 1 && leastGrain == 1
                ? Math.Max(1, count / 8)
                : Math.Max(leastGrain, count / (slots * RangesPerSlot));
        unfinished = count;
    }

    /// <summary>Claims the next range; false when all are claimed.</summary>
    internal bool TryClaim(out long first, out long end)
    {
        first = end = 0;
        if (!HasUnclaimed)
        {
            return false;
        }
        first = Interlocked.Add(ref claimed, grain) - grain;
        end = Math.Min(units, first + grain);
        return first < units;
    }

    /// <summary>Counts finished units; true for the call that finishes the last.</summary>
    internal bool Finish(long count) => Interlocked.Add(ref unfinished, -count) == 0;

    /// <summary>Marks it done.</summary>
    internal void MarkDone() => done = true;
}
