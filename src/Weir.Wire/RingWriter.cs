using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Weir.Wire;

/// <summary>
/// Producer half of a ring, used by one client thread. Raw code: no allocation, no exception, no lock. Usage: <see cref="Begin"/>
/// gives the payload to fill, <see cref="Commit"/> publishes it; nothing is visible to the worker before.
/// </summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct RingWriter
{
    internal RingHeader* Header;
    internal ControlPage* Control;
    internal byte* Records;
    internal ulong Tail;
    internal ulong KnownHead;
    private uint _recordBytes;

    /// <summary>True when the worker fences for us, so that publishing needs no fence.</summary>
    internal bool WorkerFences;

    /// <summary>Take over a slot whose ring may hold records of an earlier owner.</summary>
    internal void Open(byte* segment, int slot, bool workerFences)
    {
        Control = SegmentLayout.Control(segment);
        Header = SegmentLayout.Slot(segment, slot);
        Records = SegmentLayout.Records(Header);
        Tail = Header->Tail;
        KnownHead = Volatile.Read(ref Header->Head);
        WorkerFences = workerFences;
        Volatile.Write(ref Header->Owned, 1);
        Interlocked.Or(ref Control->OpenRings[slot >> 6], 1UL << (slot & 63));
    }

    /// <summary>Give the slot up; what was published will still be read.</summary>
    internal readonly void Close() => Volatile.Write(ref Header->Owned, 0);

    /// <summary>
    /// Room for a record with <paramref name="payloadBytes"/>; null when there is none yet (see <see cref="ClientWait.ForRoom"/>)
    /// or it is larger than a record may be. Filling in is up to the caller, every byte (records are reused).
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal byte* Begin(ushort op, ulong context, uint payloadBytes)
    {
        var size = (payloadBytes + (RecordHeader.Bytes + 7)) & ~7u;
        var place = (uint)Tail & (SegmentLayout.RingBytes - 1);
        if (
            place + size > SegmentLayout.RingBytes
            || Tail + size - KnownHead > SegmentLayout.RingBytes
            || size > SegmentLayout.MaxRecordBytes
        )
        {
            if (!MakeRoom(size))
            {
                return null;
            }
            place = (uint)Tail & (SegmentLayout.RingBytes - 1);
        }

        var record = (RecordHeader*)(Records + place);
        record->SizeBytes = size;
        record->Op = op;
        record->Context = context;
        _recordBytes = size;
        return (byte*)record + RecordHeader.Bytes;
    }

    /// <summary>
    /// Publish the record that <see cref="Begin"/> gave, with its ticket, and wake a sleeping worker; true when it slept.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal bool Commit(ulong ticket, ushort flags)
    {
        var record = (RecordHeader*)(Records + ((uint)Tail & (SegmentLayout.RingBytes - 1)));
        record->Ticket = ticket;
        record->Flags = flags;
        Tail += _recordBytes;
        if (WorkerFences)
        {
            Volatile.Write(ref Header->Tail, Tail);
        }
        else
        {
            Interlocked.Exchange(ref Header->Tail, Tail);
        }

        if (Volatile.Read(ref Control->WorkerSleeping) == 0)
        {
            return false;
        }
        Doorbell.Ring(Control);
        return true;
    }

    private bool MakeRoom(uint size)
    {
        if (size > SegmentLayout.MaxRecordBytes)
        {
            return false;
        }

        KnownHead = Volatile.Read(ref Header->Head);
        var place = (uint)Tail & (SegmentLayout.RingBytes - 1);
        var left = SegmentLayout.RingBytes - place;
        if (left < size)
        {
            if (Tail + left + size - KnownHead > SegmentLayout.RingBytes)
            {
                return false;
            }

            // A pad record up to the end; it becomes visible together with the record that follows it.
            var pad = (RecordHeader*)(Records + place);
            pad->SizeBytes = left;
            pad->Op = 0;
            pad->Flags = 0;
            Tail += left;
            return true;
        }

        return Tail + size - KnownHead <= SegmentLayout.RingBytes;
    }
}
