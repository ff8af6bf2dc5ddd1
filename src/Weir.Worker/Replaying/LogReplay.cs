using System.Runtime.InteropServices;
using Weir.Api;
using Weir.Devices.Software;
using Weir.Wire;
using Weir.Worker.Portable;
using Weir.Worker.Rings;
using Weir.Worker.Sessions;

namespace Weir.Worker.Replaying;

/// <summary>
/// Does again what a lost worker had taken since the session's last image. One record after the other, each to its end before the next that could
/// depend on it: that is one of the orders in which the streams of a correct program may come. What the client was told is not told again, and is
/// not asked for again either; what it still waits for it gets.
/// </summary>
internal sealed unsafe class LogReplay
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60);

    private readonly Session _session;
    private readonly IPortableDevice _device;
    private readonly CallLog _log;
    private readonly Dispatcher _dispatcher;
    private readonly StandInChunks _chunks = new();
    private readonly Dictionary<long, LoggedAnswer> _answers = [];
    private readonly Dictionary<int, RingPosition> _positions;
    private readonly Dictionary<int, uint> _lastUses = [];
    private readonly List<PendingReply> _replies = [];
    private readonly byte* _fields = (byte*)NativeMemory.AlignedAlloc(SegmentLayout.MaxRecordBytes, 64);
    private readonly byte* _reply = (byte*)NativeMemory.AlignedAlloc(SegmentLayout.MaxReplyBytes, 64);

    private LogReplay(Session session, IPortableDevice device, CallLog log, IEnumerable<RingPosition> positions)
    {
        _session = session;
        _device = device;
        _log = log;
        _dispatcher = new Dispatcher(session) { Payload = _fields };
        _positions = positions.ToDictionary(position => position.Slot);
    }

    private readonly record struct LoggedAnswer(CuResult Result, ulong[] Places);

    private readonly record struct PendingReply(int Slot, CuResult Result, byte[] Bytes);

    /// <summary>
    /// Replays the log into a session that is as its image says. On success the rings go on where the lost worker stopped, and whoever waits has
    /// got his answer.
    /// </summary>
    /// <param name="session">The session; its rings have been given <paramref name="positions"/>.</param>
    /// <param name="device">Its device.</param>
    /// <param name="log">The log, which follows the image.</param>
    /// <param name="positions">How far rings had been read when the image was written.</param>
    /// <param name="calls">How many records were done again.</param>
    /// <returns>Why it could not be done, or null. The session's memory is of no use in the first case.</returns>
    public static string? Run(
        Session session,
        IPortableDevice device,
        CallLog log,
        IReadOnlyList<RingPosition> positions,
        out int calls
    )
    {
        calls = 0;
        if (log.Reason is { } reason)
        {
            return reason;
        }
        var replay = new LogReplay(session, device, log, positions);
        session.Staging.StandIn = replay._chunks;
        try
        {
            calls = replay.Carry();
        }
        catch (Exception failure) when (failure is ProtocolException or DivergedException)
        {
            return failure.Message;
        }
        finally
        {
            session.Staging.StandIn = null;
            _ = session.Driver.CtxSetCurrent(0);
            NativeMemory.AlignedFree(replay._fields);
            NativeMemory.AlignedFree(replay._reply);
        }
        replay.GoOn();
        replay._chunks.Dispose();
        return null;
    }

    private int Carry()
    {
        List<long> records = [];
        ReadOnlySpan<byte> entries = _log.Entries;
        for (long at = 0; at < entries.Length; )
        {
            // An answer is the shorter of the two, and begins like a record.
            LogAnswer answer = MemoryMarshal.Read<LogAnswer>(entries[(int)at..]);
            if (answer.Kind == LogEntryKind.Record)
            {
                records.Add(at);
            }
            else
            {
                ReadOnlySpan<byte> places = entries.Slice((int)at + sizeof(LogAnswer), answer.Count * sizeof(ulong));
                _answers[answer.Record] = new LoggedAnswer(
                    (CuResult)answer.Result,
                    MemoryMarshal.Cast<byte, ulong>(places).ToArray()
                );
            }
            at += answer.SizeBytes;
        }
        List<long> unanswered = [];
        foreach (long at in records)
        {
            // Nobody knows of what an unanswered call would have made; it comes where all that others know of has its place.
            if (!TryCarry(at, isLast: at == records[^1], mayWait: true))
            {
                unanswered.Add(at);
            }
        }
        foreach (long at in unanswered)
        {
            _ = TryCarry(at, isLast: true, mayWait: false);
        }
        Drain();
        return records.Count;
    }

    private bool TryCarry(long at, bool isLast, bool mayWait)
    {
        ReadOnlySpan<byte> entries = _log.Entries;
        LogRecord record = MemoryMarshal.Read<LogRecord>(entries[(int)at..]);
        ReadOnlySpan<byte> fields = entries.Slice((int)at + sizeof(LogRecord), record.FieldBytes);
        fields.CopyTo(new Span<byte>(_fields, SegmentLayout.MaxRecordBytes));
        RingHeader* ring = SegmentLayout.Slot(_session.Segment, record.Slot);
        uint replies = Volatile.Read(ref ring->ReplySequence);
        bool isTold = record.IsCall == 0 || (int)(replies - record.Reply) >= 0;
        bool hasAnswer = _answers.TryGetValue(at, out LoggedAnswer answer);
        CarriageKind kind = CallTable.Carriage(record.Op);
        if (mayWait && !isTold && !hasAnswer && (kind is CarriageKind.New or CarriageKind.Worker))
        {
            return false;
        }
        _positions[record.Slot] = new RingPosition(record.Slot, record.Position, replies);
        long chunk = LoggedChunk.Of((Op)record.Op, (ulong*)_fields, record.FieldBytes);
        if (chunk >= 0)
        {
            _lastUses[(int)chunk] = record.ChunkWord;
        }
        if (isTold && IsOver(record, kind, chunk, hasAnswer, answer))
        {
            return true;
        }
        Drain();
        if (record.DataBytes > 0)
        {
            int data = (int)at + ((sizeof(LogRecord) + record.FieldBytes + 7) & ~7);
            entries.Slice(data, record.DataBytes).CopyTo(new Span<byte>(_chunks.Place((int)chunk), record.DataBytes));
        }
        bool isPlaced = hasAnswer && answer.Result == CuResult.Success && (Op)record.Op != Op.TakeOutput;
        _device.Place(isPlaced ? answer.Places : []);
        CuResult result = Dispatch(record, out int replyBytes);
        if (!hasAnswer)
        {
            // This worker may be lost too, and what it tells now must come out the same again.
            LoggedAnswers.Note(_session, at, record.Op, result, _fields, _reply);
        }
        if (!isTold)
        {
            if (result == CuResult.Success && CallTable.Reports(record.Op))
            {
                result = _session.Errors.Take(record.Context);
            }
            _replies.Add(new PendingReply(record.Slot, result, new ReadOnlySpan<byte>(_reply, replyBytes).ToArray()));
            return true;
        }
        Compare(record, result, hasAnswer, answer, isLast);
        if (record.IsCall == 0 && result != CuResult.Success)
        {
            _session.Errors.Latch(record.Context, result);
        }
        else if (record.IsCall != 0 && result == CuResult.Success && CallTable.Reports(record.Op))
        {
            _ = _session.Errors.Take(record.Context);
        }
        return true;
    }

    // What the client knows already and what has left nothing behind need not be done again. True when there is no more to it.
    private bool IsOver(in LogRecord record, CarriageKind kind, long chunk, bool hasAnswer, in LoggedAnswer answer)
    {
        bool hasFailed = hasAnswer && answer.Result != CuResult.Success;
        if (record.IsCall == 0)
        {
            if (chunk >= 0 && kind == CarriageKind.None)
            {
                uint word = Volatile.Read(ref *SegmentLayout.ChunkWord(_session.Segment, (int)chunk));
                return StagingChunk.IsDone(word) || !StagingChunk.IsSameClaim(word, record.ChunkWord);
            }
            if (hasFailed && kind != CarriageKind.End)
            {
                _session.Errors.Latch(record.Context, answer.Result);
                return true;
            }
            return false;
        }
        if ((Op)record.Op == Op.TakeOutput)
        {
            Drain();
            Forget(hasAnswer ? answer.Places[0] : 0);
            return true;
        }
        bool isOver =
            kind is CarriageKind.None or CarriageKind.Client
            || (hasFailed && kind != CarriageKind.End)
            || (Op)record.Op == Op.TakeError;
        if (isOver && !hasFailed && CallTable.Reports(record.Op))
        {
            // Whatever had failed by then was told with this answer.
            Drain();
            _ = _session.Errors.Take(record.Context);
        }
        return isOver;
    }

    // Text that the program has printed already.
    private void Forget(ulong bytes)
    {
        byte[] text = new byte[Math.Min(bytes, SegmentLayout.MaxReplyBytes)];
        for (int left = text.Length; left > 0 && _session.Driver is IDeviceOutput output; )
        {
            int taken = output.TakeOutput(text.AsSpan(0, left), out _);
            if (taken == 0)
            {
                break;
            }
            left -= taken;
        }
    }

    private CuResult Dispatch(in LogRecord record, out int replyBytes)
    {
        nint native = 0;
        if (record.Context != 0)
        {
            _ = _session.Handles.TryGet(HandleKind.Context, record.Context, out native);
        }
        _ = _session.Driver.CtxSetCurrent(native);
        _dispatcher.Context = record.Context;
        _dispatcher.Ring = _session.Rings.At(record.Slot);
        _dispatcher.ChunkBegun = false;
        _dispatcher.Image = null;
        var reader = new RecordReader(_fields, record.FieldBytes);
        var reply = new ReplyWriter(_reply, SegmentLayout.MaxReplyBytes);
        CuResult result = _dispatcher.Dispatch(record.Op, ref reader, ref reply);
        replyBytes = reply.Written;
        if (Journal.Concerns(record.Op))
        {
            _session.Journal.Note(
                record.Op,
                record.Context,
                _fields,
                record.FieldBytes,
                _reply,
                result == CuResult.Success,
                _dispatcher.Image
            );
        }
        if (result != CuResult.Success && Session.IsSticky(result))
        {
            _session.NoteSticky(result);
        }
        if (result != CuResult.Success && !_dispatcher.ChunkBegun)
        {
            _dispatcher.RefuseChunk((Op)record.Op, (ulong*)_fields);
        }
        return result;
    }

    private void Compare(in LogRecord record, CuResult result, bool hasAnswer, in LoggedAnswer answer, bool isLast)
    {
        CuResult wanted = hasAnswer ? answer.Result : CuResult.Success;
        // What was not answered may have failed before as well; of what came last nobody noted it.
        bool isOther = result != wanted && !(isLast && !hasAnswer);
        bool isElsewhere =
            result == CuResult.Success
            && hasAnswer
            && answer.Places.Length > 0
            && CallTable.CarriageField(record.Op, 0) == CallTable.FirstOfAnswer
            && *(ulong*)_reply != answer.Places[0];
        if (isOther || isElsewhere)
        {
            throw new DivergedException(
                $"{CallTable.Name(record.Op)} came out otherwise than the first time: "
                    + (isElsewhere ? "it gave another place" : $"{result} instead of {wanted}")
            );
        }
    }

    private void Drain()
    {
        long start = System.Diagnostics.Stopwatch.GetTimestamp();
        var wait = new SpinWait();
        // Short work stays with the thread that brings it until that says that it brings no more.
        _session.Settling?.Settle();
        while (!_device.IsIdle)
        {
            if (System.Diagnostics.Stopwatch.GetElapsedTime(start) > s_patience)
            {
                throw new DivergedException($"its work has not come to its end within {s_patience.TotalSeconds:0} s");
            }
            wait.SpinOnce(sleep1Threshold: -1);
        }
    }

    private void GoOn()
    {
        _session.Rings.GoOn(_positions.Values);
        foreach ((int slot, RingPosition position) in _positions)
        {
            RingHeader* ring = SegmentLayout.Slot(_session.Segment, slot);
            Volatile.Write(ref ring->Head, position.Bytes);
        }
        foreach ((int chunk, uint word) in _lastUses)
        {
            Return(chunk, word);
        }
        foreach (PendingReply reply in _replies)
        {
            RingState ring = _session.Rings.At(reply.Slot);
            reply.Bytes.CopyTo(
                new Span<byte>(SegmentLayout.ReplyPayload(ring.Reader.Header), SegmentLayout.MaxReplyBytes)
            );
            ring.Reader.Header->CallsTaken = ring.ReplySequence + 1;
            _ = ReplySlot.Publish(ring.Reader.Header, ref ring.ReplySequence, (int)reply.Result, reply.Bytes.Length);
        }
    }

    // The client's own chunk, when it still waits for what the lost worker did with it.
    private void Return(int chunk, uint logged)
    {
        uint* place = SegmentLayout.ChunkWord(_session.Segment, chunk);
        uint word = Volatile.Read(ref *place);
        if (
            StagingChunk.IsDone(word)
            || !StagingChunk.IsSameClaim(word, logged)
            || !_chunks.TryTake(chunk, out uint state, out ulong bytes)
        )
        {
            return;
        }
        if (state == StagingChunk.Ready && StagingChunk.TryRange(_session.Segment, (ulong)chunk, bytes, out byte* data))
        {
            Buffer.MemoryCopy(_chunks.Place(chunk), data, bytes, bytes);
        }
        StagingChunk.Complete(place, state);
    }

    /// <summary>The replay came out otherwise than what it repeats.</summary>
    private sealed class DivergedException(string message) : Exception(message);
}
