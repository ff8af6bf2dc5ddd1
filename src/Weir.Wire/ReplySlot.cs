namespace Weir.Wire;

/// <summary>Worker's side of a slot's reply: one call is outstanding per ring, so one buffer is enough.</summary>
internal static unsafe class ReplySlot
{
    /// <summary>Writer over the payload: <see cref="SegmentLayout.MaxReplyBytes"/> bytes, shared with the client.</summary>
    internal static ReplyWriter Writer(RingHeader* slot) =>
        new(SegmentLayout.ReplyPayload(slot), SegmentLayout.MaxReplyBytes);

    /// <summary>
    /// Publish the answer and wake the client if it sleeps. <paramref name="sequence"/> is the worker's own count of replies on
    /// this ring (0 at the start); it is never read back from the segment.
    /// </summary>
    /// <returns>True when the client slept and has been woken.</returns>
    internal static bool Publish(RingHeader* slot, ref uint sequence, int result, int payloadBytes)
    {
        slot->ReplyResult = result;
        slot->ReplyBytes = (uint)payloadBytes;
        sequence++;
        // Plain stores to one line leave together; a locked one would wait for the line to come back from the polling client.
        Volatile.Write(ref slot->ReplySequence, sequence);
        Interlocked.MemoryBarrier();
        return Futex.WakeSleeper(&slot->ClientSleeping);
    }
}
