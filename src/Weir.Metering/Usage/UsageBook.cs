namespace Weir.Metering.Usage;

/// <summary>
/// Turns reports of sessions into what a store keeps. A report says what a session has used since it began; what was booked of it before is the
/// session's <see cref="SessionMark"/>. Marks and buckets go to the store together, so that after a crash the difference is simply taken again:
/// nothing is counted twice, and nothing is left out that is reported later. Not safe from several threads.
/// </summary>
/// <param name="holdGraceMs">How long a slice may be without work before it counts as held idle, milliseconds.</param>
public sealed class UsageBook(long holdGraceMs)
{
    private const long FineGapMs = 6 * 3_600_000L;
    private const long MinuteGapMs = 30 * 86_400_000L;

    private readonly Dictionary<string, Session> _sessions = new(StringComparer.Ordinal);
    private readonly Dictionary<(string Lease, string Device), Slice> _slices = [];
    private UsageChanges _changes = new();

    /// <summary>How long a slice may be without work before it counts as held idle, milliseconds.</summary>
    public long HoldGraceMs { get; set; } = holdGraceMs;

    /// <summary>Takes up what was stored before, at the start.</summary>
    public void Load(IEnumerable<SessionMark> sessions, IEnumerable<SliceMark> slices)
    {
        foreach (SessionMark mark in sessions)
        {
            _sessions[mark.Session] = new Session(mark);
        }
        foreach (SliceMark mark in slices)
        {
            _slices[(mark.Lease, mark.Device)] = new Slice { BookedTo = mark.BookedTo, IdleSince = mark.IdleSince };
        }
    }

    /// <summary>What a session says of itself.</summary>
    /// <param name="session">Its name, unique for ever.</param>
    /// <param name="lease">Its lease.</param>
    /// <param name="device">Uuid of its device.</param>
    /// <param name="counts">What it has used since it began.</param>
    /// <param name="levels">What it has now.</param>
    /// <param name="at">When, Unix time in milliseconds by the controller's clock.</param>
    /// <param name="hasEnded">It is its last report.</param>
    public void Report(
        string session,
        string lease,
        string device,
        UsageCounts counts,
        UsageLevels levels,
        long at,
        bool hasEnded
    )
    {
        if (!_sessions.TryGetValue(session, out Session? known))
        {
            known = new Session(new SessionMark(session, lease, device, default, at, null));
            _sessions.Add(session, known);
        }
        if (counts.Sequence >= known.Seen.Sequence)
        {
            known.Reach(at, levels);
            known.Levels = hasEnded ? levels with { MemoryBytes = 0, HostBytes = 0 } : levels;
        }
        known.Seen = known.Seen.Max(counts);
        known.SeenAt = at;
        if (hasEnded && known.Mark.EndedAt is null)
        {
            known.Mark = known.Mark with { EndedAt = at };
        }
        known.MustTell |= hasEnded;
        Slice slice = SliceOf(lease, device, known.Mark.BookedTo);
        if (!slice.Sessions.Contains(known))
        {
            slice.Sessions.Add(known);
        }
    }

    /// <summary>A session is over without a last word; what is reported of it later counts all the same.</summary>
    public void Ended(string session, long at)
    {
        if (_sessions.TryGetValue(session, out Session? known) && known.Mark.EndedAt is null)
        {
            known.Mark = known.Mark with { EndedAt = at };
            known.Levels = default;
            _changes.Sessions[session] = known.Mark;
        }
    }

    /// <summary>Books the time up to now of all slices that are held, and of those that are not any more and have something left to book.</summary>
    /// <param name="held">The slices that leases hold now.</param>
    /// <param name="now">Unix time, milliseconds.</param>
    public void Tick(IEnumerable<HeldSlice> held, long now)
    {
        foreach (Slice slice in _slices.Values)
        {
            slice.IsHeld = false;
        }
        foreach (HeldSlice one in held)
        {
            Slice slice = SliceOf(one.Lease, one.Device, Math.Min(one.Since, now));
            slice.IsHeld = true;
            slice.Share = one.Share;
            if (slice.IsNew)
            {
                // A session was heard of before its lease was looked at.
                slice.BookedTo = Math.Min(slice.BookedTo, one.Since);
                slice.IsNew = false;
            }
            if (one.IsReleased)
            {
                Rest(one.Lease, one.Device, slice, now);
            }
            else if (one.IsHeard)
            {
                Book(one.Lease, one.Device, slice, now, one.IsParked);
            }
        }
        foreach (((string lease, string device), Slice slice) in _slices.Where(pair => !pair.Value.IsHeld).ToArray())
        {
            BookRest(lease, device, slice);
            if (slice.Sessions.All(session => session.Mark.EndedAt is not null))
            {
                _ = _slices.Remove((lease, device));
                _changes.Slices[(lease, device)] = null;
            }
        }
    }

    /// <summary>Forgets sessions that ended before that time: nothing more is to come of them.</summary>
    public IReadOnlyList<string> Forget(long before)
    {
        string[] old =
        [
            .. _sessions.Values.Where(one => one.Mark.EndedAt < before && !one.HasMore).Select(one => one.Mark.Session),
        ];
        foreach (string session in old)
        {
            _ = _sessions.Remove(session);
        }
        return old;
    }

    /// <summary>All that is to be stored together, since the last call.</summary>
    public UsageChanges TakeChanges()
    {
        UsageChanges changes = _changes;
        _changes = new UsageChanges();
        return changes;
    }

    /// <summary>What could not be stored goes with the next.</summary>
    public void PutBack(UsageChanges changes)
    {
        UsageChanges newer = _changes;
        _changes = changes;
        _changes.Take(newer);
    }

    // Its lease has given it back for a while: that time is not the lease's, but what is reported of before is.
    private void Rest(string lease, string device, Slice slice, long now)
    {
        BookRest(lease, device, slice);
        slice.BookedTo = Math.Max(slice.BookedTo, now);
        slice.IdleSince = null;
        _changes.Slices[(lease, device)] = new SliceMark(lease, device, slice.BookedTo, null);
    }

    private void BookRest(string lease, string device, Slice slice)
    {
        if (slice.Sessions.Any(session => session.HasMore))
        {
            long last = slice.Sessions.Max(session => session.SeenAt);
            Book(lease, device, slice, Math.Max(last, slice.BookedTo + 1), isParked: false);
        }
        Settle(slice);
    }

    private Slice SliceOf(string lease, string device, long since)
    {
        if (!_slices.TryGetValue((lease, device), out Slice? slice))
        {
            slice = new Slice { BookedTo = since, IsNew = true };
            _slices.Add((lease, device), slice);
        }
        return slice;
    }

    private void Book(string lease, string device, Slice slice, long now, bool isParked)
    {
        long begin = slice.BookedTo;
        if (now <= begin)
        {
            return;
        }
        Span<long> total = stackalloc long[UsageFields.Count];
        total.Clear();
        long peakBytes = 0;
        long hostBytes = 0;
        foreach (Session session in slice.Sessions)
        {
            UsageCounts.AddBetween(session.Mark.Booked, session.Seen, total);
            session.Reach(now, session.Levels);
            total[(int)UsageField.MemoryKibSeconds] += session.TakeMemory();
            // The peak is the session's for ever; for this span it is news only when it has grown.
            peakBytes += Math.Max(session.Levels.MemoryBytes, session.NewPeak());
            hostBytes += session.Levels.HostBytes;
            session.Mark = session.Mark with { Booked = session.Seen, BookedTo = now };
            if (session.MustTell || session.Mark.EndedAt is null)
            {
                _changes.Sessions[session.Mark.Session] = session.Mark;
            }
        }
        bool isIdle = total[(int)UsageField.BusyUs] == 0 && total[(int)UsageField.Launches] == 0;
        slice.IdleSince = isIdle ? slice.IdleSince ?? begin : null;
        Settle(slice);
        long pieceMs =
            now - begin <= FineGapMs ? Resolution.Raw.StepMs
            : now - begin <= MinuteGapMs ? Resolution.Minutes.StepMs
            : Resolution.Hours.StepMs;
        Span<long> part = stackalloc long[UsageFields.Count];
        for (long from = begin, to; from < now; from = to)
        {
            to = Math.Min(now, from - (from % pieceMs) + pieceMs);
            long length = to - from;
            for (int field = 0; field < UsageFields.FirstPeak; field++)
            {
                part[field] = total[field] == 0 ? 0 : Spread.Part(total[field], begin, now, from, to);
            }
            long busy = part[(int)UsageField.BusyUs];
            part[(int)UsageField.MeteredMs] = length;
            part[(int)UsageField.UsedUs] = Math.Min(busy, slice.Share * length * 10);
            part[(int)UsageField.IdleMs] = isIdle ? length : 0;
            part[(int)UsageField.HoldMs] = slice.IdleSince is { } since
                ? Math.Max(0, to - Math.Max(from, since + HoldGraceMs))
                : 0;
            part[(int)UsageField.ParkedMs] = isParked ? length : 0;
            part[(int)UsageField.PeakMemoryKib] = peakBytes >> 10;
            part[(int)UsageField.PeakBusyPermille] = busy / length;
            part[(int)UsageField.PeakHostKib] = hostBytes >> 10;
            _changes.Add(lease, device, from, pieceMs, part);
        }
        slice.BookedTo = now;
        _changes.Slices[(lease, device)] = new SliceMark(lease, device, now, slice.IdleSince);
    }

    // Sessions that have ended and are booked need not be looked at any more; their marks stay, should they be told of again.
    private void Settle(Slice slice)
    {
        foreach (Session session in slice.Sessions.Where(one => one.Mark.EndedAt is not null && !one.HasMore).ToArray())
        {
            _ = slice.Sessions.Remove(session);
            _changes.Sessions[session.Mark.Session] = session.Mark;
            if (session.MustTell)
            {
                session.MustTell = false;
                _changes.Kept.Add(session.Mark.Session);
            }
        }
    }

    private sealed class Session(SessionMark mark)
    {
        private long _peak;
        private long _peakOfSpans;
        private long _reached = mark.BookedTo;
        private long _memoryKibMs;

        public SessionMark Mark { get; set; } = mark;

        public UsageCounts Seen { get; set; } = mark.Booked;

        public long SeenAt { get; set; } = mark.BookedTo;

        public UsageLevels Levels { get; set; }

        /// <summary>Whoever reported its end waits for the answer that it is kept.</summary>
        public bool MustTell { get; set; }

        public bool HasMore => Seen.Max(Mark.Booked) with { Sequence = 0 } != Mark.Booked with { Sequence = 0 };

        /// <summary>
        /// Counts the memory held up to now: as much as the more of both looks says, or the peak where that has grown between them.
        /// </summary>
        public void Reach(long now, UsageLevels levels)
        {
            long bytes = Math.Max(Levels.MemoryBytes, levels.MemoryBytes);
            if (levels.PeakBytes > _peakOfSpans)
            {
                _peakOfSpans = levels.PeakBytes;
                bytes = levels.PeakBytes;
            }
            _memoryKibMs += (bytes >> 10) * Math.Max(0, now - _reached);
            _reached = Math.Max(_reached, now);
        }

        /// <summary>KiB × seconds since the last time; what is less than one is kept.</summary>
        public long TakeMemory()
        {
            long whole = _memoryKibMs / 1000;
            _memoryKibMs -= whole * 1000;
            return whole;
        }

        public long NewPeak()
        {
            if (Levels.PeakBytes <= _peak)
            {
                return 0;
            }
            _peak = Levels.PeakBytes;
            return _peak;
        }
    }

    private sealed class Slice
    {
        public List<Session> Sessions { get; } = [];

        public long BookedTo { get; set; }

        public long? IdleSince { get; set; }

        public int Share { get; set; } = 100;

        public bool IsHeld { get; set; }

        public bool IsNew { get; set; }
    }
}
