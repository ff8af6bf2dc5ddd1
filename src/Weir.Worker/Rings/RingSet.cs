using System.Numerics;
using Weir.Wire;

namespace Weir.Worker.Rings;

/// <summary>
/// Merges the rings of all client threads into one order, that of the tickets. A gap means that some thread has taken a
/// ticket and not published yet: all rings are looked at once more, then the smallest ticket goes, so what happened before in
/// the client happens before here, and nobody waits for a slow thread. Used by one thread at a time.
/// </summary>
internal sealed unsafe class RingSet(byte* segment)
{
    private const int WordBits = 64;

    private readonly RingState?[] _known = new RingState?[SegmentLayout.SlotCount];
    private readonly List<RingState> _open = [];
    private RingState? _last;
    private ulong _expected;

    /// <summary>Rings that client threads own, or that hold records.</summary>
    public int OpenCount => _open.Count;

    /// <summary>The ring whose record comes next, with a checked copy of its head; null when there is none.</summary>
    /// <exception cref="ProtocolException">A ring breaks the rules.</exception>
    public RingState? Next(out RecordHeader header)
    {
        if (TryNextOfLast(out header) is { } last)
        {
            return last;
        }
        RingState? next = Scan(out header);
        if (next is null || header.Ticket != _expected)
        {
            Refresh();
            next = Scan(out header);
            if (next is null)
            {
                return null;
            }
        }
        _expected = header.Ticket + 1;
        _last = next;
        return next;
    }

    /// <summary>How far each ring that was ever open has been read.</summary>
    public IReadOnlyList<RingPosition> Positions() =>
        [
            .. _known
                .OfType<RingState>()
                .Select(ring => new RingPosition(ring.Slot, ring.Reader.Position, ring.ReplySequence)),
        ];

    /// <summary>Goes on where another worker stopped.</summary>
    public void GoOn(IEnumerable<RingPosition> positions)
    {
        foreach (RingPosition position in positions)
        {
            _known[position.Slot] = new RingState(segment, position.Slot, position.Bytes)
            {
                ReplySequence = position.Replies,
                ThreadStreams = _known[position.Slot]?.ThreadStreams,
            };
        }
    }

    /// <summary>The ring of that number, as far as it is known.</summary>
    public RingState At(int slot) => _known[slot] ??= new RingState(segment, slot);

    /// <summary>
    /// The ring whose record came last when it has the very next one too, as a lone client's calls in close sequence do: the
    /// cheapest look there is.
    /// </summary>
    /// <exception cref="ProtocolException">The ring breaks the rules.</exception>
    public RingState? TryNextOfLast(out RecordHeader header)
    {
        if (_last is { IsBusy: false } last && TryPeek(last, out header) && header.Ticket == _expected)
        {
            _expected++;
            return last;
        }
        header = default;
        return null;
    }

    /// <summary>Some ring that is open has a record; new ones are not looked for.</summary>
    public bool HasMore()
    {
        foreach (RingState ring in _open)
        {
            if (!ring.IsBusy && ring.Reader.HasMore)
            {
                return true;
            }
        }
        return false;
    }

    /// <summary>Some ring has a record, or was opened; looks at everything anew.</summary>
    /// <exception cref="ProtocolException">A ring breaks the rules.</exception>
    public bool HasWork()
    {
        Refresh();
        return Scan(out _) is not null;
    }

    // The ring with the expected ticket, else the one with the smallest.
    private RingState? Scan(out RecordHeader header)
    {
        RingState? best = null;
        header = default;
        foreach (RingState ring in _open)
        {
            if (!ring.IsBusy && TryPeek(ring, out RecordHeader candidate))
            {
                if (best is null || candidate.Ticket < header.Ticket)
                {
                    best = ring;
                    header = candidate;
                }
                if (candidate.Ticket == _expected)
                {
                    break;
                }
            }
        }
        return best;
    }

    // Takes newly opened rings in and lets go of those that nobody owns any more.
    private void Refresh()
    {
        ControlPage* control = SegmentLayout.Control(segment);
        for (int word = 0; word < SegmentLayout.SlotCount / WordBits; word++)
        {
            ulong bits = Volatile.Read(ref control->OpenRings[word]);
            for (; bits != 0; bits &= bits - 1)
            {
                int slot = word * WordBits + BitOperations.TrailingZeroCount(bits);
                RingState ring = _known[slot] ??= new RingState(segment, slot);
                if (!ring.IsOpen)
                {
                    ring.IsOpen = true;
                    _open.Add(ring);
                }
            }
        }
        for (int i = _open.Count - 1; i >= 0; i--)
        {
            RingState ring = _open[i];
            if (!ring.IsBusy && ring.Reader.TryRetire(control, ring.Slot))
            {
                ring.IsOpen = false;
                _open.RemoveAt(i);
                _last = _last == ring ? null : _last;
            }
        }
    }

    private static bool TryPeek(RingState ring, out RecordHeader header) =>
        ring.Reader.TryPeek(out header) switch
        {
            RingPeek.Record => true,
            RingPeek.Empty => false,
            _ => throw new ProtocolException($"ring {ring.Slot} is corrupt"),
        };
}
