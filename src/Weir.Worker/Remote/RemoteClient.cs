using System.Runtime.InteropServices;
using Weir.Remote;
using Weir.Remote.Links;
using Weir.Remote.Sessions;
using Weir.Wire;
using Weir.Worker.Sessions;

namespace Weir.Worker.Remote;

/// <summary>
/// The client of a session when it is on another node. The worker's own thread that leads the dispatch also reads the connection, so that a call
/// takes no more hops than a bare exchange: what arrives is put into the rings of a segment that only this process sees, and taken from there
/// as ever. Answers go out on the thread that made them. Bulk has a link, and threads, of its own.
/// </summary>
internal sealed unsafe class RemoteClient : ILinkReceiver
{
    private readonly RingWriter[] _rings = new RingWriter[SegmentLayout.SlotCount];
    private readonly bool[] _isOpen = new bool[SegmentLayout.SlotCount];
    private readonly Session _session;
    private readonly Link _calls;
    private readonly BulkSide _bulk;
    private SessionStatus _shown;
    private readonly Lock _wanting = new();
    private volatile bool _isPaused;

    // The relay has stopped, and its program has something to say.
    private bool _isWanted;
    private Action? _whenWanted;

    public RemoteClient(Session session, Link calls, Link bulk, RemoteStaging staging, bool canMove)
    {
        _session = session;
        CanMove = canMove;
        _calls = calls;
        _bulk = new BulkSide(bulk, staging, End);
    }

    /// <summary>The client's relay can be told to pause, and can go on with another worker.</summary>
    public bool CanMove { get; }

    /// <summary>Starts the threads of the bulk link.</summary>
    public void Start() => _bulk.Start();

    /// <summary>Asks the relay to send no more records; <see cref="IsPaused"/> says when it has stopped.</summary>
    public void Pause()
    {
        Forget();
        _calls.Send(FrameKind.Pause, []);
    }

    /// <summary>The relay has stopped, and all that it had sent before lies in the rings.</summary>
    public bool IsPaused => _isPaused;

    /// <summary>Nothing for the client is waiting to be sent.</summary>
    public bool HasSentAll => _bulk.IsQuiet;

    /// <summary>Tells the relay that all is done and answered: from here on it may go on with another worker.</summary>
    public void Rest()
    {
        var head = new RestedHead { BulkFrames = _bulk.Sent };
        _calls.Send(FrameKind.Rested, MemoryMarshal.AsBytes(new ReadOnlySpan<RestedHead>(in head)));
    }

    /// <summary>While the relay has stopped: <paramref name="whenCalled"/> is called once when its program has something to say, on any thread.</summary>
    public void Watch(Action whenCalled)
    {
        lock (_wanting)
        {
            if (!_isWanted)
            {
                _whenWanted = whenCalled;
                return;
            }
        }
        whenCalled();
    }

    /// <summary>Lets the relay go on as before.</summary>
    public void GoOn()
    {
        Forget();
        _calls.Send(FrameKind.GoOn, []);
    }

    private void Forget()
    {
        _isPaused = false;
        lock (_wanting)
        {
            (_isWanted, _whenWanted) = (false, null);
        }
    }

    private void Want()
    {
        Action? whenWanted;
        lock (_wanting)
        {
            _isWanted = true;
            (whenWanted, _whenWanted) = (_whenWanted, null);
        }
        whenWanted?.Invoke();
    }

    /// <summary>
    /// Waits for what the client sends and takes one frame of it. Called by the leader while no ring has anything that could be taken.
    /// </summary>
    public void Wait()
    {
        if (!_calls.Receive(this))
        {
            End(_calls.Ended);
        }
    }

    /// <summary>Answers a call.</summary>
    public void Reply(int slot, int result, byte* payload, int bytes)
    {
        Span<byte> head = stackalloc byte[ReplyHead.Bytes];
        var fields = new ReplyHead
        {
            Status = Status(),
            Slot = (uint)slot,
            Result = result,
            HostChunks = _bulk.HostChunks,
            PayloadBytes = (uint)bytes,
        };
        MemoryMarshal.Write(head, in fields);
        _calls.Send(FrameKind.Reply, head, new ReadOnlySpan<byte>(payload, bytes));
    }

    /// <summary>Tells the client of errors of posts, if there is something new.</summary>
    public void ShowStatus()
    {
        SessionStatus before = _shown;
        SessionStatus now = Status();
        if (before.StickyError != now.StickyError || before.LatchedErrors != now.LatchedErrors)
        {
            _calls.Send(FrameKind.Status, MemoryMarshal.AsBytes(new ReadOnlySpan<SessionStatus>(in now)));
        }
    }

    /// <summary>The device has done with a chunk.</summary>
    public void ChunkDone(uint chunk, uint state, ulong bytes)
    {
        var head = new ChunkHead
        {
            Status = Status(),
            Chunk = chunk,
            State = state,
        };
        if (state == StagingChunk.Ready)
        {
            _bulk.Send(head, (uint)bytes);
        }
        else
        {
            _calls.Send(FrameKind.ChunkDone, MemoryMarshal.AsBytes(new ReadOnlySpan<ChunkHead>(in head)));
        }
    }

    /// <summary>Has the client run a host function that was put into the callback queue.</summary>
    public void Callback(in CallbackEntry entry)
    {
        var head = new CallbackHead { Status = Status(), HostChunks = _bulk.HostChunks };
        _calls.Send(
            FrameKind.Callback,
            MemoryMarshal.AsBytes(new ReadOnlySpan<CallbackHead>(in head)),
            MemoryMarshal.AsBytes(new ReadOnlySpan<CallbackEntry>(in entry))
        );
    }

    /// <summary>Tells the client that the session is over, and ends the links.</summary>
    public void Close(string? reason)
    {
        if (reason is not null)
        {
            _calls.Send(FrameKind.Ended, System.Text.Encoding.UTF8.GetBytes(reason));
            _calls.Drain(TimeSpan.FromSeconds(1));
        }
        _calls.End("the session is over");
        _bulk.End();
    }

    byte* ILinkReceiver.Place(in FrameHeader header, ReadOnlySpan<byte> head) =>
        throw new RemoteException("bulk came where calls belong");

    void ILinkReceiver.Arrived(in FrameHeader header, ReadOnlySpan<byte> head, byte* data)
    {
        switch (header.Kind)
        {
            case FrameKind.Records:
                TakeRecords(head);
                break;
            case FrameKind.CallbacksDone when head.Length == CallbacksDone.Bytes:
                Volatile.Write(ref _session.Control->CallbackHead, MemoryMarshal.Read<CallbacksDone>(head).Head);
                break;
            case FrameKind.Goodbye:
                _session.End(null);
                break;
            case FrameKind.Paused when head.Length == 0:
                _isPaused = true;
                break;
            case FrameKind.Wants when head.Length == 0:
                Want();
                break;
            default:
                throw new RemoteException($"a frame of kind {header.Kind} is not expected from a client");
        }
    }

    private void TakeRecords(ReadOnlySpan<byte> batch)
    {
        while (RecordBatch.TryNext(ref batch, out int slot, out ReadOnlySpan<byte> record))
        {
            var header = MemoryMarshal.Read<RecordHeader>(record);
            fixed (RingWriter* ring = &_rings[slot])
            {
                if (!_isOpen[slot])
                {
                    _isOpen[slot] = true;
                    ring->Open(_session.Segment, slot, workerFences: true);
                }
                uint bytes = header.SizeBytes - RecordHeader.Bytes;
                byte* payload = ring->Begin(header.Op, header.Context, bytes);
                if (payload == null)
                {
                    throw new RemoteException("a client sent records behind a call that it waits for");
                }
                record[RecordHeader.Bytes..].CopyTo(new Span<byte>(payload, (int)bytes));
                _ = ring->Commit(header.Ticket, header.Flags);
            }
        }
    }

    /// <summary>What the client may see without asking, as it is now.</summary>
    public SessionStatus Status()
    {
        _shown = new SessionStatus
        {
            StickyError = Volatile.Read(ref _session.Control->StickyError),
            LatchedErrors = Volatile.Read(ref _session.Control->LatchedErrors),
        };
        return _shown;
    }

    private void End(string? reason) => _session.End(reason ?? "the link to the client has ended");
}
