namespace Weir.Worker.Sharing;

/// <summary>
/// Whose memory leaves a device when another session needs room: that of a session that has done nothing for a while, the longest idle
/// first, as a whole. When all are busy they take turns: a session that got its memory keeps it for a time slice that is long against
/// what swapping costs. Pure: no clock, no memory.
/// </summary>
internal static class ArenaDecision
{
    /// <summary>A busy session keeps its memory for at least so long.</summary>
    public const long LeastSliceNanoseconds = 50_000_000;

    /// <summary>… and at most so long.</summary>
    public const long MostSliceNanoseconds = 5_000_000_000;

    /// <summary>A session counts as idle after at least so long.</summary>
    public const long LeastIdleNanoseconds = 5_000_000;

    /// <summary>… and at most so long.</summary>
    public const long MostIdleNanoseconds = 200_000_000;

    private const ulong ChunkBytes = 2 << 20;
    private const uint UnknownSwapNanoseconds = 1_000_000;

    // Swapping takes a seventeenth of the time of those who take turns and never pause.
    private const long SliceFactor = 16;

    // Who is known to pause keeps its memory until it does, within this: a busy phase that is cut into slices ends late for everybody, and
    // programs that work and pause come to pause while others work.
    private const long PhaseFactor = 64;

    // A pause shorter than a tenth of what swapping costs is no reason to.
    private const long IdleDivisor = 10;

    /// <summary>The session to ask now; -1 when none should be.</summary>
    /// <param name="holders">All sessions.</param>
    /// <param name="self">Who needs room.</param>
    /// <param name="askedBytes">What it needs, now and soon: who gives a little has had his slice sooner.</param>
    /// <param name="now">Nanoseconds of the clock.</param>
    /// <param name="isAnyThere">Another session holds memory: it is worth waiting.</param>
    public static int Choose(
        ReadOnlySpan<ArenaHolder> holders,
        int self,
        ulong askedBytes,
        long now,
        out bool isAnyThere
    )
    {
        isAnyThere = false;
        int idle = -1;
        int busy = -1;
        bool isOurTurn = IsTurn(holders, self, now);
        for (int i = 0; i < holders.Length; i++)
        {
            ArenaHolder one = holders[i];
            if (i == self || one.ResidentBytes == 0)
            {
                continue;
            }
            isAnyThere = true;
            if (!one.IsBusy && IsLongIdle(one, now))
            {
                idle = idle < 0 || one.UsedAt < holders[idle].UsedAt ? i : idle;
            }
            else if (one.IsBusy && (isOurTurn || IsSliceOver(one, askedBytes, now)))
            {
                // Of those who wait for their turn, the one that is furthest from it.
                busy = busy < 0 || Place(one) > Place(holders[busy]) ? i : busy;
            }
        }
        return idle >= 0 ? idle : busy;
    }

    /// <summary>
    /// Is it this session's turn among the busy ones? It is for the one that has held its memory longest and whose time slice is not
    /// over; whatever it lacks it may take from all others at once. Without that, two that have half of what they need would wait for each
    /// other.
    /// </summary>
    /// <param name="holders">All sessions.</param>
    /// <param name="self">The session.</param>
    /// <param name="now">Nanoseconds of the clock.</param>
    public static bool IsTurn(ReadOnlySpan<ArenaHolder> holders, int self, long now)
    {
        if (self < 0 || self >= holders.Length || IsSliceOver(holders[self], ulong.MaxValue, now))
        {
            return false;
        }
        for (int i = 0; i < holders.Length; i++)
        {
            ArenaHolder one = holders[i];
            bool isBefore =
                one.HeldSince < holders[self].HeldSince || (one.HeldSince == holders[self].HeldSince && i < self);
            if (i != self && one.IsBusy && isBefore && !IsSliceOver(one, ulong.MaxValue, now))
            {
                return false;
            }
        }
        return true;
    }

    private static long Place(in ArenaHolder holder) => holder.HeldSince == 0 ? long.MaxValue : holder.HeldSince;

    private static bool IsLongIdle(in ArenaHolder holder, long now) =>
        now - holder.UsedAt
        >= Math.Clamp(SwapNanoseconds(holder) / IdleDivisor, LeastIdleNanoseconds, MostIdleNanoseconds);

    private static bool IsSliceOver(in ArenaHolder holder, ulong askedBytes, long now)
    {
        // Who gives a small part away goes on with the rest: that is no reason to let anybody wait for the end of a phase.
        bool isWhole = askedBytes >= holder.ResidentBytes / 2;
        long factor = holder.WasCut || !isWhole ? SliceFactor : PhaseFactor;
        long swap = SwapNanoseconds(holder with { ResidentBytes = Math.Min(holder.ResidentBytes, askedBytes) });
        return holder.HeldSince == 0
            || now - holder.HeldSince >= Math.Clamp(swap * factor, LeastSliceNanoseconds, MostSliceNanoseconds);
    }

    private static long SwapNanoseconds(in ArenaHolder holder) =>
        (long)(holder.ResidentBytes / ChunkBytes)
        * (holder.SwapNanoseconds == 0 ? UnknownSwapNanoseconds : holder.SwapNanoseconds);
}
