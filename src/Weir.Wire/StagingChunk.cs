namespace Weir.Wire;

/// <summary>
/// State words of the staging chunks. The client claims a chunk (Free → Busy), names it in a record, and the worker ends its use
/// with <see cref="Complete"/>: to Free when it has read host data out of it, to Ready when it has put device data into it, to
/// Failed when it could not. After Ready or Failed the client frees it. Chunks are of <see cref="SegmentLayout.ChunkBytes"/>;
/// data larger than that may use neighbours as one range, whose state is the first chunk's word.
/// </summary>
internal static unsafe class StagingChunk
{
    internal const uint Free = 0;
    internal const uint Busy = 1;
    internal const uint Ready = 2;
    internal const uint Failed = 3;

    /// <summary>Set beside <see cref="Busy"/> while the client sleeps on the word.</summary>
    internal const uint SleeperFlag = 0x8000_0000;

    internal static bool IsDone(uint word) => (word & ~SleeperFlag) != Busy;

    /// <summary>Client: claim a free chunk.</summary>
    internal static bool TryClaim(uint* word) =>
        Volatile.Read(ref *word) == Free && Interlocked.CompareExchange(ref *word, Busy, Free) == Free;

    /// <summary>Client: note that it is going to sleep on the word; false when the chunk is done already.</summary>
    internal static bool PrepareSleep(uint* word)
    {
        var old = Interlocked.CompareExchange(ref *word, Busy | SleeperFlag, Busy);
        return (old & ~SleeperFlag) == Busy;
    }

    /// <summary>Client: give a Ready or Failed chunk back.</summary>
    internal static void Release(uint* word) => Volatile.Write(ref *word, Free);

    /// <summary>Worker: the chunk's use has ended; wakes the client if it sleeps on it.</summary>
    internal static void Complete(uint* word, uint state)
    {
        if ((Interlocked.Exchange(ref *word, state) & SleeperFlag) != 0)
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
