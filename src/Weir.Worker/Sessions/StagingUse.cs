using Weir.Wire;

namespace Weir.Worker.Sessions;

/// <summary>
/// Staging chunks that a stream will still read or write. The client gets each back exactly once, whatever happens to the
/// operation: it may be waiting for it.
/// </summary>
internal sealed unsafe class StagingUse(byte* segment)
{
    private readonly Lock _gate = new();
    private readonly HashSet<int> _pending = [];

    /// <summary>The device will use <paramref name="bytes"/> bytes from the chunk on; see <see cref="End"/>.</summary>
    /// <exception cref="ProtocolException">There is no such range.</exception>
    public byte* Begin(ulong chunk, ulong bytes)
    {
        if (!StagingChunk.TryRange(segment, chunk, bytes, out byte* data))
        {
            throw new ProtocolException("a staging range lies outside of staging");
        }
        lock (_gate)
        {
            _ = _pending.Add((int)chunk);
        }
        return data;
    }

    /// <summary>The device has done with it; <paramref name="state"/> is what the client shall see. Once counts.</summary>
    public void End(ulong chunk, uint state)
    {
        lock (_gate)
        {
            if (!_pending.Remove((int)chunk))
            {
                return;
            }
        }
        StagingChunk.Complete(SegmentLayout.ChunkWord(segment, (int)chunk), state);
    }

    /// <summary>An operation that names the chunk was refused before it could begin.</summary>
    public void Refuse(ulong chunk, uint state)
    {
        if (chunk < SegmentLayout.ChunkCount)
        {
            StagingChunk.Complete(SegmentLayout.ChunkWord(segment, (int)chunk), state);
        }
    }

    /// <summary>Gives everything back as failed; the streams will not run any more.</summary>
    public void FailAll()
    {
        int[] pending;
        lock (_gate)
        {
            pending = [.. _pending];
            _pending.Clear();
        }
        foreach (int chunk in pending)
        {
            StagingChunk.Complete(SegmentLayout.ChunkWord(segment, chunk), StagingChunk.Failed);
        }
    }
}
