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

    // Swapping takes at most a fifth of the time of those who take turns; a pause shorter than a tenth of what swapping costs is no reason to.
    private const long SliceFactor = 4;
    private const long IdleDivisor = 10;

    /// <summary>The session to ask now; -1 when none should be.</summary>
    /// <param name="holders">All sessions.</param>
    /// <param name="self">Who needs room.</param>
    /// <param name="now">Nanoseconds of the clock.</param>
    /// <param name="isAnyThere">Another session holds memory: it is worth waiting.</param>
    public static int Choose(ReadOnlySpan<ArenaHolder> holders, int self, long now, out bool isAnyThere)
    {
        isAnyThere = false;
        int idle = -1;
        int busy = -1;
        for (int i = 0; i < holders.Length; i++)
        {
            ArenaHolder one = holders[i];
            if (i == self || one.ResidentBytes == 0)
            {
                continue;
            }
            isAnyThere = true;
            long swap = SwapNanoseconds(one);
            if (!one.IsBusy)
            {
                bool isLong =
                    now - one.UsedAt >= Math.Clamp(swap / IdleDivisor, LeastIdleNanoseconds, MostIdleNanoseconds);
                idle = isLong && (idle < 0 || one.UsedAt < holders[idle].UsedAt) ? i : idle;
            }
            else if (
                one.HeldSince == 0
                || now - one.HeldSince >= Math.Clamp(swap * SliceFactor, LeastSliceNanoseconds, MostSliceNanoseconds)
            )
            {
                busy = busy < 0 || one.HeldSince < holders[busy].HeldSince ? i : busy;
            }
        }
        return idle >= 0 ? idle : busy;
    }

    private static long SwapNanoseconds(in ArenaHolder holder) =>
        (long)(holder.ResidentBytes / ChunkBytes)
        * (holder.SwapNanoseconds == 0 ? UnknownSwapNanoseconds : holder.SwapNanoseconds);
}
