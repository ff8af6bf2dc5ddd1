using System.Runtime.InteropServices;
using Weir.Remote;
using Weir.Remote.Links;
using Weir.Remote.Sessions;

namespace Weir.Worker.Remote;

/// <summary>The worker's end of the bulk link: one thread takes chunks in, one sends them out.</summary>
internal sealed unsafe class BulkSide(Link link, RemoteStaging staging, Action<string?> end) : ILinkReceiver
{
    private readonly object _gate = new();
    private readonly Queue<(ChunkHead Head, uint Bytes)> _outgoing = [];
    private ulong _hostChunks;
    private bool _isSending;
    private bool _hasEnded;

    /// <summary>Frames sent so far.</summary>
    public ulong Sent => link.Sent;

    /// <summary>Nothing is waiting to be sent, or being sent.</summary>
    public bool IsQuiet
    {
        get
        {
            lock (_gate)
            {
                return _outgoing.Count == 0 && !_isSending;
            }
        }
    }

    /// <summary>Chunks for the client's page-locked memory that were given to <see cref="Send"/> so far.</summary>
    public ulong HostChunks => Volatile.Read(ref _hostChunks);

    /// <summary>Starts both threads.</summary>
    public void Start()
    {
        new Thread(ReceiveAll) { IsBackground = true, Name = "weir-bulk-in" }.Start();
        new Thread(SendAll) { IsBackground = true, Name = "weir-bulk-out" }.Start();
    }

    /// <summary>Sends a chunk that the device has filled. Does not wait.</summary>
    public void Send(ChunkHead head, uint bytes)
    {
        lock (_gate)
        {
            _outgoing.Enqueue((head, bytes));
            if (head.Chunk >= RemoteChunks.FirstHost)
            {
                Volatile.Write(ref _hostChunks, _hostChunks + 1);
            }
            Monitor.Pulse(_gate);
        }
    }

    /// <summary>Ends link and threads.</summary>
    public void End()
    {
        lock (_gate)
        {
            _hasEnded = true;
            Monitor.PulseAll(_gate);
        }
        link.End("the session is over");
        staging.End();
    }

    byte* ILinkReceiver.Place(in FrameHeader header, ReadOnlySpan<byte> head)
    {
        if (header.Kind != FrameKind.ChunkData || head.Length != ChunkHead.Bytes)
        {
            throw new RemoteException("the client's bulk is malformed");
        }
        ChunkHead chunk = MemoryMarshal.Read<ChunkHead>(head);
        return staging.TryRange(chunk.Chunk, header.DataBytes, out byte* data) && !staging.HasArrived(chunk.Chunk)
            ? data
            : throw new RemoteException("the client's bulk names a chunk that is not its own to fill");
    }

    void ILinkReceiver.Arrived(in FrameHeader header, ReadOnlySpan<byte> head, byte* data)
    {
        if (data == null)
        {
            throw new RemoteException("the client's bulk is empty");
        }
        staging.NoteArrived(MemoryMarshal.Read<ChunkHead>(head).Chunk);
    }

    private void ReceiveAll()
    {
        while (link.Receive(this)) { }
        end(link.Ended);
    }

    private void SendAll()
    {
        Span<byte> head = stackalloc byte[ChunkHead.Bytes];
        while (true)
        {
            (ChunkHead Head, uint Bytes) next;
            lock (_gate)
            {
                _isSending = false;
                while (!_hasEnded && _outgoing.Count == 0)
                {
                    _ = Monitor.Wait(_gate);
                }
                if (_hasEnded)
                {
                    return;
                }
                next = _outgoing.Dequeue();
                _isSending = true;
            }
            if (staging.TryRange(next.Head.Chunk, next.Bytes, out byte* data))
            {
                MemoryMarshal.Write(head, in next.Head);
                link.Send(FrameKind.ChunkData, head, data, next.Bytes);
            }
        }
    }
}
