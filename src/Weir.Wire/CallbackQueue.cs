using System.Runtime.InteropServices;

namespace Weir.Wire;

/// <summary>One host function to run in the client.</summary>
[StructLayout(LayoutKind.Sequential, Size = 32)]
internal struct CallbackEntry
{
    /// <summary>Function pointer in the client: as the client sent it, never called by the worker.</summary>
    internal ulong Function;
    internal ulong UserData;

    /// <summary>Stream handle for CUstreamCallback; unused for CUhostFn.</summary>
    internal ulong Stream;

    /// <summary>CUresult for CUstreamCallback.</summary>
    internal int Status;

    /// <summary>0 = CUhostFn(userData), 1 = CUstreamCallback(stream, status, userData), <see cref="OpenCl"/>.</summary>
    internal int Kind;

    /// <summary>Function is a note of the client's own about an event of OpenCL, Status how far that has come.</summary>
    internal const int OpenCl = 2;
}

/// <summary>
/// Reverse queue, worker → client. A client that uses host functions has one thread that runs entries in order; an entry is done
/// when <see cref="ControlPage.CallbackHead"/> has passed it, and the client then rings the worker's doorbell.
/// </summary>
internal static unsafe class CallbackQueue
{
    internal const int Entries = 256;

    internal static CallbackEntry* Entry(byte* segment, uint position) =>
        (CallbackEntry*)(segment + SegmentLayout.CallbackOffset) + (position & (Entries - 1));

    /// <summary>Worker: add an entry; false while the queue is full. <paramref name="tail"/> is the worker's own count, which
    /// names the entry: it is done when <see cref="IsDone"/> says so of the value before the call.</summary>
    internal static bool TryAdd(byte* segment, ref uint tail, in CallbackEntry entry)
    {
        var control = SegmentLayout.Control(segment);
        if (tail - Volatile.Read(ref control->CallbackHead) >= Entries)
        {
            return false;
        }
        *Entry(segment, tail) = entry;
        tail++;
        Interlocked.Exchange(ref control->CallbackTail, tail);
        Futex.WakeSleeper(&control->CallbackSleeping);
        return true;
    }

    /// <summary>Worker: has the client run the entry at <paramref name="position"/>?</summary>
    internal static bool IsDone(byte* segment, uint position) =>
        (int)(Volatile.Read(ref SegmentLayout.Control(segment)->CallbackHead) - position) > 0;
}
