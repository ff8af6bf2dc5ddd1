using Weir.Api;
using Weir.Wire;
using Weir.Worker.Remote;

namespace Weir.Worker.Sessions;

/// <summary>
/// Staging chunks that a stream will still read or write. The client gets each back exactly once, whatever happens to the
/// operation: it may be waiting for it. Those of a client on another node are memory of this process.
/// </summary>
internal sealed unsafe class StagingUse(Session session, RemoteStaging? remote)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<int, ulong> _pending = [];
    private StandInChunks? _standIn;

    /// <summary>Until this is null again, other memory stands in for the client's chunks, which stay as they are.</summary>
    public StandInChunks? StandIn
    {
        get => _standIn;
        set => _standIn = value;
    }

    /// <summary>The device will read <paramref name="bytes"/> bytes from the chunk on; see <see cref="End"/>.</summary>
    /// <exception cref="ProtocolException">There is no such range.</exception>
    public byte* BeginRead(ulong chunk, ulong bytes)
    {
        byte* data = Begin(chunk, bytes);
        if (remote is not null && !remote.Take(chunk))
        {
            throw new ProtocolException("the session ended while data was on its way");
        }
        return data;
    }

    /// <summary>
    /// As <see cref="BeginRead(ulong, ulong)"/>, for work on a stream: data that is still on its way is waited for by the stream, not by
    /// whoever else has calls to make.
    /// </summary>
    /// <exception cref="ProtocolException">There is no such range.</exception>
    public byte* BeginRead(ulong chunk, ulong bytes, IDriver driver, nint stream)
    {
        byte* data = Begin(chunk, bytes);
        if (
            remote is not null
            && !remote.TryTake(chunk)
            && StreamNote.AfterWork(driver, stream, () => _ = remote.Take(chunk)) != CuResult.Success
        )
        {
            // The stream takes nothing more; the copy will be refused, but the chunk must be empty then.
            _ = remote.Take(chunk);
        }
        return data;
    }

    /// <summary>The device will write <paramref name="bytes"/> bytes from the chunk on; see <see cref="End"/>.</summary>
    /// <exception cref="ProtocolException">There is no such range.</exception>
    public byte* BeginWrite(ulong chunk, ulong bytes) => Begin(chunk, bytes);

    /// <summary>The device has done with it; <paramref name="state"/> is what the client shall see. Once counts.</summary>
    public void End(ulong chunk, uint state)
    {
        ulong bytes;
        lock (_gate)
        {
            if (!_pending.Remove((int)chunk, out bytes))
            {
                return;
            }
        }
        Complete((uint)chunk, state, bytes);
    }

    /// <summary>An operation that names the chunk was refused before it could begin. The client may have put data there.</summary>
    public void Refuse(ulong chunk, uint state)
    {
        if (chunk >= (remote is null ? SegmentLayout.ChunkCount : Weir.Remote.Sessions.RemoteChunks.Count))
        {
            return;
        }
        if (state == StagingChunk.Free)
        {
            _ = remote?.Take(chunk);
        }
        Complete((uint)chunk, state, 0);
    }

    /// <summary>Gives everything back as failed; the streams will not run any more.</summary>
    public void FailAll()
    {
        int[] pending;
        lock (_gate)
        {
            pending = [.. _pending.Keys];
            _pending.Clear();
        }
        foreach (int chunk in pending)
        {
            Complete((uint)chunk, StagingChunk.Failed, 0);
        }
    }

    private byte* Begin(ulong chunk, ulong bytes)
    {
        byte* data;
        if (
            !(
                remote?.TryRange(chunk, bytes, out data)
                ?? StagingChunk.TryRange(session.Segment, chunk, bytes, out data)
            )
        )
        {
            throw new ProtocolException("a staging range lies outside of staging");
        }
        lock (_gate)
        {
            _pending[(int)chunk] = bytes;
        }
        return _standIn is null ? data : _standIn.Place((int)chunk);
    }

    private void Complete(uint chunk, uint state, ulong bytes)
    {
        if (_standIn is { } standIn)
        {
            standIn.Complete((int)chunk, state, bytes);
            return;
        }
        if (session.Remote is { } client)
        {
            client.ChunkDone(chunk, state, bytes);
            return;
        }
        StagingChunk.Complete(SegmentLayout.ChunkWord(session.Segment, (int)chunk), state);
    }
}
