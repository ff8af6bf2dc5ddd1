using System.Runtime.Intrinsics.X86;

namespace Weir.Wire;

/// <summary>
/// How a client thread waits: spin while the worker is likely to be quick, then sleep on the slot's futex word in short slices,
/// and look at the worker's socket between slices, so that a worker that died ends the wait. Raw code.
/// </summary>
internal static unsafe class ClientWait
{
    /// <summary>Value of <see cref="RingHeader.ClientSleeping"/>: for a reply.</summary>
    internal const uint SleepsForReply = 1;

    /// <summary>Value of <see cref="RingHeader.ClientSleeping"/>: for room in the ring.</summary>
    internal const uint SleepsForRoom = 2;

    private const long SliceNs = 100_000_000;

    private const long RoomSliceNs = 500_000;

    /// <summary>Wait until the reply after <paramref name="sequence"/> is there.</summary>
    /// <param name="slot">The thread's ring slot.</param>
    /// <param name="control">Control page of the segment.</param>
    /// <param name="sequence">ReplySequence before the call was sent.</param>
    /// <param name="socket">Session socket; its end of file says that the worker is gone.</param>
    /// <param name="isAwake">False when the worker slept and has just been woken.</param>
    /// <returns>False when the worker died or closed the session.</returns>
    internal static bool ForReply(
        RingHeader* slot,
        ControlPage* control,
        uint sequence,
        int socket,
        bool isAwake = true
    )
    {
        if (SpinForReply(slot, sequence, isAwake))
        {
            return true;
        }

        while (true)
        {
            Interlocked.Exchange(ref slot->ClientSleeping, SleepsForReply);
            if (Volatile.Read(ref slot->ReplySequence) != sequence)
            {
                Volatile.Write(ref slot->ClientSleeping, 0);
                return true;
            }

            Futex.WaitRaw(&slot->ClientSleeping, SleepsForReply, SliceNs);
            Volatile.Write(ref slot->ClientSleeping, 0);
            if (Volatile.Read(ref slot->ReplySequence) != sequence)
            {
                return true;
            }

            if (IsGone(control, socket))
            {
                return Volatile.Read(ref slot->ReplySequence) != sequence;
            }
        }
    }

    /// <summary>Wait until a record of <paramref name="recordBytes"/> may fit; false when the worker is gone.</summary>
    internal static bool ForRoom(RingWriter* writer, uint recordBytes, int socket)
    {
        var slot = writer->Header;
        var deadline = Libc.MonotonicNs() + Futex.SpinNs;
        var rounds = 0;
        while (true)
        {
            var head = Volatile.Read(ref slot->Head);
            if (
                writer->Tail - head <= SegmentLayout.RingBytes / 2
                && writer->Tail - head + recordBytes * 2 <= SegmentLayout.RingBytes
            )
            {
                return true;
            }

            Doorbell.Ring(writer->Control);
            if ((++rounds & 31) != 0 || Libc.MonotonicNs() < deadline)
            {
                Pause();
                continue;
            }

            Interlocked.Exchange(ref slot->ClientSleeping, SleepsForRoom);
            if (Volatile.Read(ref slot->Head) == head)
            {
                Futex.WaitRaw(&slot->ClientSleeping, SleepsForRoom, RoomSliceNs);
            }

            Volatile.Write(ref slot->ClientSleeping, 0);
            if ((rounds & 1023) == 0 && IsGone(writer->Control, socket))
            {
                return false;
            }
        }
    }

    /// <summary>Wait until a staging chunk has one of the two states; false when the worker is gone.</summary>
    internal static bool ForChunk(uint* word, ControlPage* control, int socket)
    {
        var deadline = Libc.MonotonicNs() + Futex.SpinNs;
        for (var rounds = 1; ; rounds++)
        {
            if (StagingChunk.IsDone(Volatile.Read(ref *word)))
            {
                return true;
            }

            if ((rounds & 31) != 0 || Libc.MonotonicNs() < deadline)
            {
                Pause();
                continue;
            }

            if (StagingChunk.PrepareSleep(word, out var sleeping))
            {
                Futex.WaitRaw(word, sleeping, SliceNs);
            }

            if (!StagingChunk.IsDone(Volatile.Read(ref *word)) && IsGone(control, socket))
            {
                return StagingChunk.IsDone(Volatile.Read(ref *word));
            }
        }
    }

    /// <summary>True when the worker said goodbye or its end of the socket is closed.</summary>
    internal static bool IsGone(ControlPage* control, int socket)
    {
        if (Volatile.Read(ref control->State) == (uint)SessionState.Closed)
        {
            return true;
        }

        byte probe;
        var part = new IoVec { Base = &probe, Bytes = 1 };
        var message = new MsgHdr { Parts = &part, PartCount = 1 };
        var got = Libc.RecvMsgRaw(socket, &message, Libc.MsgPeek | Libc.MsgDontwait);
        const int again = 11;
        const int interrupted = 4;
        return got == 0 || (got < 0 && Libc.Errno != again && Libc.Errno != interrupted);
    }

    private static bool SpinForReply(RingHeader* slot, uint sequence, bool isAwake)
    {
        // The clock is read rarely: a pause costs tens of nanoseconds, a clock read about as much.
        for (var i = 0; i < 64; i++)
        {
            if (Volatile.Read(ref slot->ReplySequence) != sequence)
            {
                return true;
            }
            Pause();
        }

        var deadline = Libc.MonotonicNs() + Futex.SpinNs;
        do
        {
            for (var i = 0; i < 32; i++)
            {
                if (Volatile.Read(ref slot->ReplySequence) != sequence)
                {
                    return true;
                }
                Pause();
            }

            // A worker that is being woken may have been put on this very core, where it can only run when we let it. To sleep at
            // once would cost a second wake-up, ours, in every call after a silence.
            if (!isAwake)
            {
                _ = Libc.YieldRaw();
            }
        } while (Libc.MonotonicNs() < deadline);

        return false;
    }

    private static void Pause()
    {
        if (X86Base.IsSupported)
        {
            X86Base.Pause();
        }
    }
}
