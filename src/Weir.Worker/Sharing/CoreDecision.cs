namespace Weir.Worker.Sharing;

/// <summary>
/// Who may use how many cores of a device now, and what that costs. Each session has a virtual time: what it received, divided by its
/// share. Cores go to the one that is furthest behind, as many as it wants; what it leaves goes to the next. So no core idles while
/// somebody wants one, and over time everybody receives in proportion to the promise. Pure: no clock, no memory.
/// </summary>
internal static class CoreDecision
{
    /// <summary>Processor time by which whoever runs may get ahead before others take over.</summary>
    public const long QuantumNanoseconds = 4_000_000;

    /// <summary>Processor time that whoever paused may catch up on; the rest of what was not used is forgone.</summary>
    public const long CreditNanoseconds = 20_000_000;

    /// <summary>Cores that each may use now, in the order of <paramref name="demands"/>.</summary>
    public static void Allot(ReadOnlySpan<CoreDemand> demands, int cores, Span<int> allotted)
    {
        allotted[..demands.Length].Fill(-1);
        int left = cores;
        while (true)
        {
            int next = -1;
            ulong least = 0;
            for (int i = 0; i < demands.Length; i++)
            {
                if (allotted[i] >= 0)
                {
                    continue;
                }
                ulong place = Place(demands[i]);
                if (demands[i].Wanting > 0 && (next < 0 || place < least))
                {
                    (next, least) = (i, place);
                }
            }
            if (next < 0)
            {
                break;
            }
            allotted[next] = Math.Min(left, demands[next].Wanting);
            left -= allotted[next];
        }
        foreach (ref int cells in allotted[..demands.Length])
        {
            cells = Math.Max(0, cells);
        }
    }

    /// <summary>Virtual time for so much processor time that <paramref name="self"/> received.</summary>
    public static ulong Charge(ReadOnlySpan<CoreDemand> demands, int self, long nanoseconds)
    {
        int sharers = 0;
        foreach (CoreDemand demand in demands)
        {
            sharers += demand.Wanting > 0 && demand.Account == demands[self].Account ? 1 : 0;
        }
        return Scale(nanoseconds, demands[self].Share) * (ulong)Math.Max(1, sharers);
    }

    /// <summary>Virtual time with which a session goes on that had nothing to do.</summary>
    public static ulong Resume(ulong own, ulong clock, int share)
    {
        ulong credit = Scale(CreditNanoseconds, share);
        return Math.Max(own, clock > credit ? clock - credit : 0);
    }

    /// <summary>The clock after a look: it follows the furthest behind of those who want cores, and never goes back.</summary>
    public static ulong Advance(ulong clock, ReadOnlySpan<CoreDemand> demands)
    {
        ulong least = ulong.MaxValue;
        foreach (CoreDemand demand in demands)
        {
            least = demand.Wanting > 0 ? Math.Min(least, demand.Virtual) : least;
        }
        return least == ulong.MaxValue ? clock : Math.Max(clock, least);
    }

    // Whoever runs stays a little longer: otherwise two that are level would take turns at every look.
    private static ulong Place(in CoreDemand demand)
    {
        ulong quantum = demand.Running > 0 ? Scale(QuantumNanoseconds, demand.Share) : 0;
        return demand.Virtual > quantum ? demand.Virtual - quantum : 0;
    }

    private static ulong Scale(long nanoseconds, int share) =>
        (ulong)Math.Max(0, nanoseconds) * 100 / (ulong)Math.Clamp(share, 1, 100);
}
