using System.Runtime.InteropServices;
using Weir.Remote.Sessions;
using Weir.Remote.Workers;
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
    // share two cores. Looking longer made calls slower there (72 us instead of 50).
    private const long SpinNs = 50_000;

    private readonly RelayedClient _client;
    private readonly Shard[] _shards;
    private readonly CallbackMerge _callbacks;
    private readonly RecordRewriter _rewriter;
    private readonly RingSet _rings;
    private readonly byte* _payload = (byte*)NativeMemory.AlignedAlloc(SegmentLayout.MaxRecordBytes, 64);
    private readonly RelayRest _rest;
    private readonly Action<string?> _end;
    private volatile bool _hasEnded;

    public Uplink(
        RelayedClient client,
        Shard[] shards,
        CallbackMerge callbacks,
        RecordRewriter rewriter,
        RelayRest rest,
        Action<string?> end
    )
    {
        _rest = rest;
        _rest.Changed = Wake;
        _client = client;
        _shards = shards;
        _callbacks = callbacks;
        _end = end;
        _rings = new RingSet(client.Segment);
        _rewriter = rewriter;
    }

    /// <summary>Starts the thread.</summary>
    public void Start() => new Thread(Run) { IsBackground = true, Name = "weir-uplink" }.Start();

    /// <summary>Ends the thread.</summary>
    public void End()
    {
        _hasEnded = true;
        Wake();
    }

    /// <summary>Goes on where somebody else stopped reading.</summary>
    public void GoOn(IEnumerable<RingPlace> rings) =>
        _rings.GoOn(rings.Select(ring => new RingPosition(ring.Slot, ring.Bytes, ring.Replies)));

    private void Wake()
    {
        _ = Interlocked.Exchange(ref _client.Control->WorkerSleeping, 0);
        Futex.Wake(&_client.Control->WorkerSleeping);
    }

    private void Run()
    {
        try
        {
            while (!_hasEnded)
            {
                if (_rest.IsWanted)
                {
                    Rest();
                    continue;
                }
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
                Shard shard = _rewriter.Take((uint)ring.Slot, header, _payload);
                if (header.IsCall || shard.IsFull)
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

    // Sends all that was taken, says so, and takes nothing until the rest is over. Host functions that run meanwhile are still told of.
    private void Rest()
    {
        Flush();
        foreach (Shard shard in _shards)
        {
            shard.Sender.AwaitSent();
            shard.Calls.Send(FrameKind.Paused, []);
        }
        bool isWanting = false;
        while (_rest.IsWanted && !_hasEnded)
        {
            ReportCallbacks();
            if (!isWanting && _rings.HasWork())
            {
                isWanting = true;
                foreach (Shard shard in _shards)
                {
                    shard.Calls.Send(FrameKind.Wants, []);
                }
            }
            Doorbell.Announce(_client.Control);
            if (!_rest.IsWanted || _hasEnded || _callbacks.HasNews || (!isWanting && _rings.HasWork()))
            {
                Doorbell.Cancel(_client.Control);
                continue;
            }
            Doorbell.Sleep(_client.Control, -1);
        }
    }

    private void Flush()
    {
        foreach (Shard shard in _shards)
        {
            if (!shard.Flush())
            {
                _hasEnded = true;
            }
        }
    }

    /// <summary>Tells the workers of host functions that have run.</summary>
    public void ReportCallbacks()
    {
        if (!_callbacks.HasNews)
        {
            return;
        }
        foreach ((int shard, uint count) in _callbacks.Take())
        {
            var done = new CallbacksDone { Head = count };
            _shards[shard]
                .Calls.Send(FrameKind.CallbacksDone, MemoryMarshal.AsBytes(new ReadOnlySpan<CallbacksDone>(in done)));
        }
    }

    private bool HasWork() => _rings.HasWork() || _hasEnded || _callbacks.HasNews || _rest.IsWanted;

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
