using System.Runtime.InteropServices;
using Weir.Api;
using Weir.Wire;
using Weir.Worker.Logging;
using Weir.Worker.Portable;
using Weir.Worker.Replaying;
using Weir.Worker.Rings;

namespace Weir.Worker.Sessions;

/// <summary>
/// Executes records on one operating-system thread: sets that thread's current context as the record says, calls the
/// dispatcher, latches or answers. The driver's current context belongs to the thread, so each has its own.
/// </summary>
internal sealed unsafe class Executor
{
    private const int PayloadBytes = SegmentLayout.MaxRecordBytes;
    private static readonly TimeSpan s_shortWait = TimeSpan.FromMicroseconds(20);

    private readonly Session _session;
    private readonly Dispatcher _dispatcher;
    private readonly byte* _reply = (byte*)NativeMemory.AlignedAlloc(SegmentLayout.MaxReplyBytes, 64);
    private ulong _context;
    private int _contextChanges = -1;

    public Executor(Session session)
    {
        _session = session;
        _dispatcher = new Dispatcher(session);
    }

    /// <summary>Room for the private copy of a record.</summary>
    public byte* Payload { get; } = (byte*)NativeMemory.AlignedAlloc(PayloadBytes, 64);

    /// <summary>Where the record that comes next is in the session's log; −1 when it is not.</summary>
    public long Logged { get; set; } = -1;

    /// <summary>
    /// Will this call of a lone client keep the thread? Only when the device is seen to be busy for longer than a hand-over
    /// takes.
    /// </summary>
    public bool MayWaitLong(in RecordHeader header)
    {
        if (CallTable.IsOfObjects(header.Op))
        {
            // Who waits for an object may wait for what another thread has yet to say.
            return true;
        }
        SetContext(header.Context);
        CuResult state;
        long start = 0;
        while ((state = _session.Driver.StreamQuery(0)) == CuResult.NotReady)
        {
            // Not before it is needed: the clock costs as much as all the rest.
            if (start == 0)
            {
                start = System.Diagnostics.Stopwatch.GetTimestamp();
            }
            else if (System.Diagnostics.Stopwatch.GetElapsedTime(start) > s_shortWait)
            {
                return true;
            }
        }
        if (state is not (CuResult.Success or CuResult.InvalidContext))
        {
            // A device may tell of an earlier failure only once, and the client did not ask.
            _session.Errors.Latch(header.Context, state);
        }
        return false;
    }

    /// <summary>Carries out one record and answers it if it is a call.</summary>
    /// <exception cref="ProtocolException">It is malformed.</exception>
    public void Execute(RingState ring, in RecordHeader header, RecordReader record)
    {
        SetContext(header.Context);
        var reply = new ReplyWriter(_reply, SegmentLayout.MaxReplyBytes);
        _dispatcher.Ring = ring;
        _dispatcher.Context = header.Context;
        _dispatcher.Payload = Payload;
        _dispatcher.ChunkBegun = false;
        if (header.IsCall)
        {
            // Whoever takes the session over after this process must know that somebody waits.
            ring.Reader.Header->CallsTaken = ring.ReplySequence + 1;
        }
        CuResult result = _dispatcher.Dispatch(header.Op, ref record, ref reply);
        if (Journal.Concerns(header.Op))
        {
            int bytes = (int)header.SizeBytes - RecordHeader.Bytes;
            _session.Journal.Note(
                header.Op,
                header.Context,
                Payload,
                bytes,
                _reply,
                result == CuResult.Success,
                _dispatcher.Image
            );
            _dispatcher.Image = null;
        }
        if (Logged >= 0)
        {
            LoggedAnswers.Note(_session, Logged, header.Op, result, Payload, _reply);
        }
        if (result != CuResult.Success)
        {
            NoteFailure(header, result);
            if (!_dispatcher.ChunkBegun)
            {
                _dispatcher.RefuseChunk((Op)header.Op, (ulong*)Payload);
            }
        }
        _session.Statistics.Count(header.IsCall);
        if (!header.IsCall)
        {
            // Queues and events tell of errors of OpenCL.
            if (result != CuResult.Success && !CallTable.IsOfObjects(header.Op))
            {
                _session.Errors.Latch(header.Context, result);
                _session.Remote?.ShowStatus();
            }
            ring.IsBusy = false;
            return;
        }
        if (result == CuResult.Success && CallTable.Reports(header.Op))
        {
            result = _session.Errors.Take(header.Context);
        }
        if (_session.Remote is { } client)
        {
            ring.IsBusy = false;
            client.Reply(ring.Slot, (int)result, _reply, reply.Written);
            return;
        }
        if (reply.Written > 0)
        {
            Buffer.MemoryCopy(
                _reply,
                SegmentLayout.ReplyPayload(ring.Reader.Header),
                SegmentLayout.MaxReplyBytes,
                reply.Written
            );
        }
        // Before the answer: with it the client may go on, and the leader must see that this ring is free again.
        ring.IsBusy = false;
        if (ReplySlot.Publish(ring.Reader.Header, ref ring.ReplySequence, (int)result, reply.Written))
        {
            // The woken client may have been put on this very core, where this thread would now poll for its next record.
            _ = Weir.Wire.Libc.YieldRaw();
        }
    }

    private void SetContext(ulong context)
    {
        int changes = _session.Handles.ContextChanges;
        if (context == _context && changes == _contextChanges)
        {
            return;
        }
        if (context == 0 || !_session.Handles.TryGet(HandleKind.Context, context, out nint native))
        {
            native = 0;
        }
        _ = _session.Driver.CtxSetCurrent(native);
        _context = context;
        _contextChanges = changes;
    }

    private void NoteFailure(in RecordHeader header, CuResult result)
    {
        _session.Statistics.Failed(header.Op, result);
        if (CallTable.IsOfObjects(header.Op))
        {
            return;
        }
        if (Session.IsDeviceFault(result))
        {
            _session.NoteFault(result);
        }
        if (Session.IsSticky(result))
        {
            if (_session.Control->StickyError != (int)result)
            {
                Log.Error($"{CallTable.Name(header.Op)}: {result}; the context is lost");
            }
            _session.NoteSticky(result);
        }
    }
}
