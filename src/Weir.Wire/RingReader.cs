namespace Weir.Wire;

/// <summary>What <see cref="RingReader.TryPeek"/> found.</summary>
internal enum RingPeek
{
    Empty,
    Record,

    /// <summary>The ring breaks the rules: end the session.</summary>
    Corrupt,
}

/// <summary>
/// Consumer half of a ring (worker). Whatever the client may change under us is copied out once and then checked; positions that
/// we need ourselves are kept here, never read back.
/// </summary>
internal unsafe struct RingReader
{
    private readonly RingHeader* _header;
    private readonly byte* _records;
    private ulong _head;

    /// <param name="segment">The segment.</param>
    /// <param name="slot">Number of the slot.</param>
    /// <param name="position">Where to go on: what <see cref="Position"/> was for the last reader, 0 for the first.</param>
    internal RingReader(byte* segment, int slot, ulong position = 0)
    {
        _head = position;
        _header = SegmentLayout.Slot(segment, slot);
        _records = SegmentLayout.Records(_header);
    }

    /// <summary>Bytes consumed so far.</summary>
    internal readonly ulong Position => _head;

    /// <summary>The slot, for replies.</summary>
    internal readonly RingHeader* Header => _header;

    /// <summary>Look at the next record without consuming it; skips pad records. <paramref name="header"/> is a checked copy.</summary>
    internal RingPeek TryPeek(out RecordHeader header)
    {
        header = default;
        while (true)
        {
            var place = (uint)_head & (SegmentLayout.RingBytes - 1);
            var first = Volatile.Read(ref *(ulong*)(_records + place));
            if (first == 0)
            {
                return RingPeek.Empty;
            }

            var left = SegmentLayout.RingBytes - place;
            var size = (uint)first;
            var op = (ushort)(first >> 32);
            if ((size & 7) != 0 || size > left)
            {
                return RingPeek.Corrupt;
            }

            if (op == 0)
            {
                // Nobody has a reason to skip a whole ring; two pads in a row would be without end.
                if (size != left || place == 0)
                {
                    return RingPeek.Corrupt;
                }
                _head += size;
                continue;
            }

            if (size is < RecordHeader.Bytes or > SegmentLayout.MaxRecordBytes)
            {
                return RingPeek.Corrupt;
            }

            header.SizeBytes = size;
            header.Op = op;
            header.Flags = (ushort)(first >> 48);
            header.Ticket = *(ulong*)(_records + place + 8);
            header.Context = *(ulong*)(_records + place + 16);
            return RingPeek.Record;
        }
    }

    /// <summary>The client has published more than was consumed; says nothing of whether it is well-formed.</summary>
    internal readonly bool HasMore => Volatile.Read(ref *(ulong*)(_records + Place)) != 0;

    /// <summary>Copy the payload of the peeked record out of reach of the client.</summary>
    /// <param name="header">As <see cref="TryPeek"/> gave it.</param>
    /// <param name="destination">At least SizeBytes − 24 bytes (never more than <see cref="SegmentLayout.MaxRecordBytes"/>).</param>
    internal readonly RecordReader CopyPayload(in RecordHeader header, byte* destination)
    {
        var place = Place;
        var bytes = (int)header.SizeBytes - RecordHeader.Bytes;
        Buffer.MemoryCopy(_records + place + RecordHeader.Bytes, destination, bytes, bytes);
        return new RecordReader(destination, bytes);
    }

    /// <summary>Consume the peeked record: its place may be overwritten from now on.</summary>
    internal void Advance(in RecordHeader header)
    {
        _head += header.SizeBytes;
        Volatile.Write(ref _header->Head, _head);
        if (Volatile.Read(ref _header->ClientSleeping) == ClientWait.SleepsForRoom && !HasMore)
        {
            // It sleeps in short slices, so this needs no fence. One that sleeps for its reply is left to the reply.
            _ = Futex.WakeSleeper(&_header->ClientSleeping);
        }
    }

    /// <summary>True when no client thread owns the slot and all its records are read: its bit may be cleared.</summary>
    internal readonly bool IsIdle => Volatile.Read(ref _header->Owned) == 0 && !HasMore;

    private readonly uint Place => (uint)_head & (SegmentLayout.RingBytes - 1);

    /// <summary>Clear the slot's bit in <see cref="ControlPage.OpenRings"/> if it may be; true when it is cleared.</summary>
    internal readonly bool TryRetire(ControlPage* control, int slot)
    {
        if (!IsIdle)
        {
            return false;
        }

        var bit = 1UL << (slot & 63);
        Interlocked.And(ref control->OpenRings[slot >> 6], ~bit);
        if (IsIdle)
        {
            return true;
        }

        Interlocked.Or(ref control->OpenRings[slot >> 6], bit);
        return false;
    }
}
