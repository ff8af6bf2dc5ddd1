namespace Weir.Wire;

/// <summary>
/// State words of the staging chunks. The client claims a chunk (Free → Busy), names it in a record, and the worker ends its use
/// with <see cref="Complete"/>: to Free when it has read host data out of it, to Ready when it has put device data into it, to
/// Failed when it could not. After Ready or Failed the client frees it. Chunks are of <see cref="SegmentLayout.ChunkBytes"/>;
/// data larger than that may use neighbours as one range, whose state is the first chunk's word. Beside the state the word counts claims, so
/// that one use can be told from the next; whoever does not know of that writes zeros there, which does no harm.
/// </summary>
internal static unsafe class StagingChunk
{
    internal const uint Free = 0;
    internal const uint Busy = 1;
    internal const uint Ready = 2;
    internal const uint Failed = 3;

    /// <summary>Set beside <see cref="Busy"/> while the client sleeps on the word.</summary>
    internal const uint SleeperFlag = 0x8000_0000;

    private const uint StateMask = 3;

    // Bits 8 to 30 count claims.
    private const uint ClaimMask = 0x7fff_ff00;
    private const uint OneClaim = 0x100;

    /// <summary>Free, Busy, Ready or Failed.</summary>
    internal static uint State(uint word) => word & StateMask;

    internal static bool IsDone(uint word) => State(word) != Busy;

    /// <summary>Both words are of the same claim.</summary>
    internal static bool IsSameClaim(uint word, uint other) => ((word ^ other) & ClaimMask) == 0;

    /// <summary>Whoever claimed it counts claims.</summary>
    internal static bool CountsClaims(uint word) => (word & ClaimMask) != 0;

    /// <summary>Client: claim a free chunk.</summary>
    internal static bool TryClaim(uint* word)
    {
        var old = Volatile.Read(ref *word);
        var claim = (old + OneClaim) & ClaimMask;
        return State(old) == Free
            && Interlocked.CompareExchange(ref *word, (claim == 0 ? OneClaim : claim) | Busy, old) == old;
    }

    /// <summary>Client: note that it is going to sleep on the word; false when the chunk is done already.</summary>
    /// <param name="word">The word.</param>
    /// <param name="sleeping">What it is then, to be waited on.</param>
    internal static bool PrepareSleep(uint* word, out uint sleeping)
    {
        var old = Volatile.Read(ref *word);
        sleeping = old | SleeperFlag;
        return State(old) == Busy
            && ((old & SleeperFlag) != 0 || Interlocked.CompareExchange(ref *word, sleeping, old) == old);
    }

    /// <summary>Client: give a Ready or Failed chunk back.</summary>
    internal static void Release(uint* word) => Volatile.Write(ref *word, (*word & ClaimMask) | Free);

    /// <summary>Worker: the chunk's use has ended; wakes the client if it sleeps on it.</summary>
    internal static void Complete(uint* word, uint state)
    {
        var old = Volatile.Read(ref *word);
        while (Interlocked.CompareExchange(ref *word, (old & ClaimMask) | state, old) is var seen && seen != old)
        {
            old = seen;
        }
        if ((old & SleeperFlag) != 0)
        {
            Futex.Wake(word);
        }
    }

    /// <summary>Worker: check a range that a record names; the pointer is valid only if this returns true.</summary>
    internal static bool TryRange(byte* segment, ulong chunk, ulong bytes, out byte* data)
    {
        data = null;
        if (chunk >= SegmentLayout.ChunkCount || bytes > (SegmentLayout.ChunkCount - chunk) * SegmentLayout.ChunkBytes)
        {
            return false;
        }
        data = SegmentLayout.Chunk(segment, (int)chunk);
        return true;
    }
}
