using System.Runtime.InteropServices;
using Weir.Api;
using Weir.Remote.Links;
using Weir.Remote.Sessions;
using Weir.Wire;
using Weir.Worker.Rings;
using Libc = Weir.Posix.Libc;

namespace Weir.Worker.Relaying;

/// <summary>
/// From the client's rings to the worker: takes records in the order of their tickets and sends them in batches. A batch goes out when a call is
/// in it, when it is full, or when there is nothing more to add; while it is sent, the next one gathers. One thread.
/// </summary>
internal sealed unsafe class Uplink
{
    // After the last record it looks this long for the next before it sleeps, and lets others run between looks: client, relay and worker may
    // share two cores.
    private const long SpinNs = 50_000;

    private readonly RelayedClient _client;
    private readonly Link _calls;
    private readonly RecordRewriter _rewriter;
    private readonly RingSet _rings;
    private readonly byte* _payload = (byte*)NativeMemory.AlignedAlloc(SegmentLayout.MaxRecordBytes, 64);
    private readonly byte[] _batch = new byte[FrameHeader.MaxHeadBytes];
    private readonly Action<string?> _end;
    private readonly OwnCalls _ownCalls;
    private int _batchBytes;
    private uint _callbackHead;
    private volatile bool _hasEnded;

    public Uplink(
        RelayedClient client,
        Link calls,
        BulkSender bulk,
        ChunkTable chunks,
        OwnCalls ownCalls,
        Action<string?> end
    )
    {
        _ownCalls = ownCalls;
        _client = client;
        _calls = calls;
        _end = end;
        _rings = new RingSet(client.Segment);
        _rewriter = new RecordRewriter(client, bulk, chunks, Append, Wait);
    }

    /// <summary>Starts the thread.</summary>
    public void Start() => new Thread(Run) { IsBackground = true, Name = "weir-uplink" }.Start();

    /// <summary>Ends the thread.</summary>
    public void End()
    {
        _hasEnded = true;
        _ = Interlocked.Exchange(ref _client.Control->WorkerSleeping, 0);
        Futex.Wake(&_client.Control->WorkerSleeping);
    }

    private void Run()
    {
        try
        {
            while (!_hasEnded)
            {
                RingState? ring = _rings.Next(out RecordHeader header);
                if (ring is null)
                {
                    Flush();
                    ReportCallbacks();
                    Idle();
                    continue;
                }
                _ = ring.Reader.CopyPayload(header, _payload);
                ring.Reader.Advance(header);
                _rewriter.Take((uint)ring.Slot, header, _payload);
                if (header.IsCall || _batchBytes >= RecordBatch.FullBytes)
                {
                    Flush();
                }
            }
        }
        catch (ProtocolException violation)
        {
            _end(violation.Message);
        }
        catch (Exception failure)
        {
            _end($"the relay failed: {failure}");
        }
    }

    private void Append(uint slot, in RecordHeader header, ReadOnlySpan<byte> payload)
    {
        if (_batchBytes + RecordBatch.PrefixBytes + (int)header.SizeBytes > _batch.Length)
        {
            Flush();
        }
        Span<byte> place = _batch.AsSpan(_batchBytes);
        uint zero = 0;
        MemoryMarshal.Write(place, in slot);
        MemoryMarshal.Write(place[4..], in zero);
        MemoryMarshal.Write(place[RecordBatch.PrefixBytes..], in header);
        payload.CopyTo(place[(RecordBatch.PrefixBytes + RecordHeader.Bytes)..]);
        _batchBytes += RecordBatch.PrefixBytes + (int)header.SizeBytes;
    }

    // A call of the relay's own, behind all that was sent before.
    private void Wait(in RecordHeader header, ulong stream)
    {
        RecordHeader call = header;
        call.Op = (ushort)Op.StreamSynchronize;
        call.Flags = RecordHeader.CallFlag;
        call.SizeBytes = RecordHeader.Bytes + sizeof(ulong);
        _ownCalls.Begin();
        Append(OwnCalls.Slot, call, MemoryMarshal.AsBytes(new ReadOnlySpan<ulong>(in stream)));
        Flush();
        _ = _ownCalls.Wait();
    }

    private void Flush()
    {
        if (_batchBytes == 0)
        {
            return;
        }
        if (!_calls.WaitForRoom())
        {
            _hasEnded = true;
            return;
        }
        _calls.Send(FrameKind.Records, _batch.AsSpan(0, _batchBytes));
        _batchBytes = 0;
    }

    private void ReportCallbacks()
    {
        uint head = Volatile.Read(ref _client.Control->CallbackHead);
        if (head != _callbackHead)
        {
            _callbackHead = head;
            var done = new CallbacksDone { Head = head };
            _calls.Send(FrameKind.CallbacksDone, MemoryMarshal.AsBytes(new ReadOnlySpan<CallbacksDone>(in done)));
        }
    }

    private bool HasWork() =>
        _rings.HasWork() || _hasEnded || Volatile.Read(ref _client.Control->CallbackHead) != _callbackHead;

    private void Idle()
    {
        long until = Clock() + SpinNs;
        do
        {
            if (_rings.HasMore())
            {
                return;
            }
            _ = Libc.sched_yield();
            if (HasWork())
            {
                return;
            }
        } while (Clock() < until);
        Doorbell.Announce(_client.Control);
        if (HasWork())
        {
            Doorbell.Cancel(_client.Control);
            return;
        }
        Doorbell.Sleep(_client.Control, -1);
    }

    private static long Clock() =>
        (long)(System.Diagnostics.Stopwatch.GetTimestamp() * (1e9 / System.Diagnostics.Stopwatch.Frequency));
}
