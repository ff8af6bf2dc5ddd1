using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Weir.Wire;

/// <summary>
/// Producer half of a ring, used by one client thread. Raw code: no allocation, no exception, no lock. Usage: <see cref="Begin"/>
/// gives the payload to fill, <see cref="Commit"/> publishes it; nothing is visible to the worker before. A record is published
/// by its own first word, which is written last and which the worker polls: so a short record travels in one cache line. The word
/// at <see cref="Tail"/> is always 0, and so is the first word behind a record before that is published.
/// </summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct RingWriter
{
    // The word of zeros behind the last record.
    private const uint EndBytes = 8;

    internal RingHeader* Header;
    internal ControlPage* Control;
    internal byte* Records;
    internal ulong Tail;
    internal ulong KnownHead;
    private uint _recordBytes;
    private ushort _op;

    /// <summary>Op of the record that was begun last.</summary>
    internal readonly ushort Op => _op;

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
    internal readonly void Close()
    {
        Header->Tail = Tail;
        Volatile.Write(ref Header->Owned, 0);
    }

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
            || Tail + size + EndBytes - KnownHead > SegmentLayout.RingBytes
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
        record->Context = context;
        _recordBytes = size;
        _op = op;
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
        Tail += _recordBytes;
        *(ulong*)(Records + ((uint)Tail & (SegmentLayout.RingBytes - 1))) = 0;
        var first = RecordHeader.FirstWord(_recordBytes, _op, flags);
        if (WorkerFences)
        {
            Volatile.Write(ref *(ulong*)record, first);
        }
        else
        {
            Interlocked.Exchange(ref *(ulong*)record, first);
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
            if (Tail + left + size + EndBytes - KnownHead > SegmentLayout.RingBytes)
            {
                return false;
            }

            // A pad record up to the end.
            *(ulong*)Records = 0;
            Volatile.Write(ref *(ulong*)(Records + place), RecordHeader.FirstWord(left, 0, 0));
            Tail += left;
            return true;
        }

        return Tail + size + EndBytes - KnownHead <= SegmentLayout.RingBytes;
    }
}
