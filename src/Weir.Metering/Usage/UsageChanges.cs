namespace Weir.Metering.Usage;

/// <summary>What is booked of a session: what differs from it is new.</summary>
/// <param name="Session">The session.</param>
/// <param name="Lease">Its lease.</param>
/// <param name="Device">Its device.</param>
/// <param name="Booked">What it had used when it was booked last.</param>
/// <param name="BookedTo">When that was, Unix time in milliseconds.</param>
/// <param name="EndedAt">When it ended; null while it is open.</param>
public sealed record SessionMark(
    string Session,
    string Lease,
    string Device,
    UsageCounts Booked,
    long BookedTo,
    long? EndedAt
);

/// <summary>Up to when the use of a slice is booked.</summary>
/// <param name="Lease">The lease.</param>
/// <param name="Device">The device.</param>
/// <param name="BookedTo">Unix time, milliseconds.</param>
/// <param name="IdleSince">Since when nothing works on it; null while something does.</param>
public sealed record SliceMark(string Lease, string Device, long BookedTo, long? IdleSince);

/// <summary>What a session has now.</summary>
/// <param name="MemoryBytes">Device memory.</param>
/// <param name="PeakBytes">Most device memory since it began.</param>
/// <param name="HostBytes">Memory of its program.</param>
public readonly record struct UsageLevels(long MemoryBytes, long PeakBytes, long HostBytes);

/// <summary>A slice that a lease holds.</summary>
/// <param name="Lease">The lease.</param>
/// <param name="Device">Uuid of the device.</param>
/// <param name="Share">Percent.</param>
/// <param name="Since">Since when, Unix time in milliseconds.</param>
/// <param name="IsHeard">The node's agent has reported lately: no report means no use.</param>
/// <param name="IsParked">All of its sessions are parked.</param>
/// <param name="IsReleased">The lease has given it back, and takes it again when a session wants it.</param>
public readonly record struct HeldSlice(
    string Lease,
    string Device,
    int Share,
    long Since,
    bool IsHeard,
    bool IsParked,
    bool IsReleased = false
);

/// <summary>Where values are to be added: a chunk of a series.</summary>
/// <param name="Level">See <see cref="Resolution.Level"/>.</param>
/// <param name="Chunk">When the chunk begins, Unix time in milliseconds.</param>
/// <param name="Lease">The lease.</param>
/// <param name="Device">The device.</param>
public readonly record struct ChunkKey(int Level, long Chunk, string Lease, string Device);

/// <summary>What is to be put to the buckets of a chunk: only those that have changed.</summary>
public sealed class ChunkChanges
{
    private readonly List<(int Bucket, long[] Values)> _buckets = [];

    /// <summary>Puts values to a bucket.</summary>
    public void Add(int bucket, ReadOnlySpan<long> values)
    {
        // The last one nearly always.
        int at = _buckets.FindLastIndex(one => one.Bucket == bucket);
        if (at < 0)
        {
            _buckets.Add((bucket, values.ToArray()));
        }
        else
        {
            UsageFields.Merge(_buckets[at].Values, values);
        }
    }

    /// <summary>Takes later changes over.</summary>
    public void Take(ChunkChanges later)
    {
        foreach ((int bucket, long[] values) in later._buckets)
        {
            Add(bucket, values);
        }
    }

    /// <summary>Puts them to the values of the whole chunk.</summary>
    public void ApplyTo(long[] chunk)
    {
        foreach ((int bucket, long[] values) in _buckets)
        {
            UsageFields.Merge(chunk.AsSpan(bucket * UsageFields.Count, UsageFields.Count), values);
        }
    }
}

/// <summary>What is to be stored in one transaction.</summary>
public sealed class UsageChanges
{
    /// <summary>Values to be put to those that are there.</summary>
    public Dictionary<ChunkKey, ChunkChanges> Chunks { get; } = [];

    /// <summary>Sessions' marks as they are then.</summary>
    public Dictionary<string, SessionMark> Sessions { get; } = new(StringComparer.Ordinal);

    /// <summary>Slices' marks as they are then; null: it is of no interest any more.</summary>
    public Dictionary<(string Lease, string Device), SliceMark?> Slices { get; } = [];

    /// <summary>Sessions whose end is kept with this.</summary>
    public HashSet<string> Kept { get; } = new(StringComparer.Ordinal);

    /// <summary>Nothing is to be stored.</summary>
    public bool IsEmpty => Chunks.Count == 0 && Sessions.Count == 0 && Slices.Count == 0 && Kept.Count == 0;

    /// <summary>Puts values to the bucket of that time, in all resolutions that are not finer than it is known.</summary>
    public void Add(string lease, string device, long time, long pieceMs, ReadOnlySpan<long> values)
    {
        foreach (Resolution resolution in Resolution.All)
        {
            if (resolution.StepMs < pieceMs)
            {
                continue;
            }
            long chunk = resolution.ChunkOf(time);
            var key = new ChunkKey(resolution.Level, chunk, lease, device);
            if (!Chunks.TryGetValue(key, out ChunkChanges? changes))
            {
                Chunks.Add(key, changes = new ChunkChanges());
            }
            changes.Add((int)((time - chunk) / resolution.StepMs), values);
        }
    }

    /// <summary>Takes later changes over.</summary>
    public void Take(UsageChanges later)
    {
        foreach ((ChunkKey key, ChunkChanges changes) in later.Chunks)
        {
            if (Chunks.TryGetValue(key, out ChunkChanges? known))
            {
                known.Take(changes);
            }
            else
            {
                Chunks.Add(key, changes);
            }
        }
        foreach ((string session, SessionMark mark) in later.Sessions)
        {
            Sessions[session] = mark;
        }
        foreach (((string, string) slice, SliceMark? mark) in later.Slices)
        {
            Slices[slice] = mark;
        }
        Kept.UnionWith(later.Kept);
    }
}
