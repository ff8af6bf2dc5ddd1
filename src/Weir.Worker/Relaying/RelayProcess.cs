using System.Text;
using System.Text.Json;
using Weir.Posix;
using Weir.Remote;
using Weir.Remote.Links;
using Weir.Remote.Secure;
using Weir.Remote.Sessions;
using Weir.Remote.Workers;
using Weir.Worker.Logging;
using Libc = Weir.Posix.Libc;

namespace Weir.Worker.Relaying;

/// <summary>
/// The relay role: stands beside a program whose worker is on another node, and is the worker as far as the program can see. It ends with the
/// program, or when the worker cannot be reached any more.
/// </summary>
internal sealed unsafe class RelayProcess
{
    private const int Control = ChildProcess.FirstInherited;

    private const int MaxShards = 64;

    // Unacknowledged records from which on the client has to wait; beyond any link's bandwidth × delay.
    private const long RoomBytes = 16 << 20;
    private static readonly TimeSpan s_drain = TimeSpan.FromSeconds(2);

    private readonly object _ending = new();
    private readonly OwnCalls _ownCalls = new();
    private RelayedClient? _shared;
    private Shard[] _shards = [];
    private Uplink? _uplink;
    private ChunkTable? _chunks;
    private bool _hasEnded;
    private int _wake = -1;

    /// <summary>Runs to the end of the session; the exit code.</summary>
    public int Run()
    {
        TlsWarmth.Prepare();
        _ = UnixSocket.Send(Control, [WorkerMessage.Ready]);
        if (WaitForOrder(out int client) is not { } order)
        {
            return 0;
        }
        try
        {
            return Serve(client, order);
        }
        catch (Exception failure) when (failure is IOException or RemoteException)
        {
            Log.Error($"no session: {failure.Message}");
            RelayGreeting.Refuse(client, failure.Message);
            return 1;
        }
    }

    private int Serve(int client, RelayOrder order)
    {
        _shards = [.. order.Shards.Select(Dialled)];
        // All nodes at once: the slowest counts, not the sum.
        _ = Parallel.ForEach(_shards, shard => shard.Calls.Open());
        _shared = new RelayGreeting(client, _shards).Greet();
        if (_shared is null)
        {
            return 0;
        }
        int* pair = stackalloc int[2];
        if (Libc.pipe2(pair, Libc.O_CLOEXEC) != 0)
        {
            throw new IOException($"no pipe: errno {Libc.Errno}");
        }
        _wake = pair[1];
        _chunks = new ChunkTable(_shared, _shards.Length);
        var callbacks = new CallbackMerge(_shared, _shards.Length);
        var replies = new ReplyPlaces(_shared, _shards);
        using var peers = new PeerCopies(_chunks, _ownCalls);
        var rewriter = new RecordRewriter(_shared, new ShardRouter(_shards), _chunks, peers);
        _uplink = new Uplink(_shared, _shards, callbacks, rewriter, End);
        _ownCalls.Meanwhile = _uplink.ReportCallbacks;
        var downlinks = new List<Downlink>();
        foreach (Shard shard in _shards)
        {
            var downlink = new Downlink(shard, _chunks, callbacks, replies, _ownCalls, End);
            downlinks.Add(downlink);
            // The bulk link is dialled by its receiver, while the program goes on.
            new BulkReceiver(shard, _chunks, replies, downlink.Release, End).Start();
            shard.Sender.Start();
            downlink.Start();
        }
        _uplink.Start();
        _ = UnixSocket.Send(Control, [WorkerMessage.Attached]);
        Watch(client, pair[0]);
        if (!_hasEnded)
        {
            foreach (Shard shard in _shards)
            {
                shard.Calls.Send(FrameKind.Goodbye, []);
            }
            foreach (Shard shard in _shards)
            {
                shard.Calls.Drain(s_drain);
            }
        }
        Report(downlinks);
        End(null);
        Libc._exit(0);
        return 0;
    }

    private static Shard Dialled(RelayedShard order, int index)
    {
        var dialer = new Dialer(order.Address, order.Offer);
        TimeSpan grace = TimeSpan.FromSeconds(order.Offer.GraceSeconds);
        var calls = new Link(LinkNumber.Calls, grace, RoomBytes)
        {
            Dial = received => dialer.Dial(LinkNumber.Calls, received),
        };
        var bulk = new Link(LinkNumber.Bulk, grace, RoomBytes)
        {
            Dial = received => dialer.Dial(LinkNumber.Bulk, received),
        };
        return new Shard(index, calls, bulk);
    }

    // For measurements: how often the program waited for another node.
    private void Report(List<Downlink> downlinks)
    {
        if (Environment.GetEnvironmentVariable("WEIR_RELAY_REPORT") is not { Length: > 0 } file)
        {
            return;
        }
        ulong trips = 0;
        ulong sent = 0;
        ulong received = 0;
        int resumed = 0;
        for (int i = 0; i < _shards.Length; i++)
        {
            trips += downlinks[i].Replies;
            sent += _shards[i].Calls.Sent;
            received += _shards[i].Calls.Received;
            resumed += _shards[i].Calls.Resumed + _shards[i].Bulk.Resumed;
        }
        File.AppendAllText(
            file,
            $"{{\"roundTrips\":{trips},\"framesOut\":{sent},\"framesIn\":{received},\"resumed\":{resumed}}}\n"
        );
    }

    private void End(string? reason)
    {
        lock (_ending)
        {
            if (_hasEnded)
            {
                return;
            }
            _hasEnded = true;
        }
        if (reason is not null)
        {
            Log.Error($"the session ends: {reason}");
        }
        _shared!.Close();
        _uplink!.End();
        _chunks!.End();
        _ownCalls.End();
        foreach (Shard shard in _shards)
        {
            shard.Sender.End();
            shard.Calls.End("the session is over");
            shard.Bulk.End("the session is over");
        }
        byte nothing = 0;
        _ = Libc.write(_wake, &nothing, 1);
    }

    private static RelayOrder? WaitForOrder(out int client)
    {
        byte[] message = new byte[WorkerMessage.MaxBytes];
        while (true)
        {
            int length = UnixSocket.Receive(Control, message, out client);
            if (length <= 0)
            {
                return null;
            }
            if (message[0] == WorkerMessage.Serve && client >= 0)
            {
                try
                {
                    return
                        JsonSerializer.Deserialize(message.AsSpan(1, length - 1), RemoteJson.Default.RelayOrder)
                            is { Shards.Count: > 0 and <= MaxShards } order
                        ? order
                        : null;
                }
                catch (JsonException failure)
                {
                    Log.Error(
                        $"the order is malformed: {Encoding.UTF8.GetString(message, 1, length - 1)}: {failure.Message}"
                    );
                    return null;
                }
            }
        }
    }

    // Its socket's end is the client's end, and so is the end of its process: a child that it forked may hold the socket open.
    private void Watch(int client, int woken)
    {
        _ = UnixSocket.TryGetPeer(client, out PeerCredentials peer);
        int process = peer.Pid > 0 ? Libc.PidfdOpen(peer.Pid) : -1;
        var entries = stackalloc PollEntry[3];
        entries[0] = new PollEntry { Descriptor = client, Events = Libc.POLLIN };
        entries[1] = new PollEntry { Descriptor = woken, Events = Libc.POLLIN };
        entries[2] = new PollEntry { Descriptor = process, Events = Libc.POLLIN };
        byte[] unexpected = new byte[64];
        while (Libc.poll(entries, 3, -1) <= 0 || (entries[1].Returned | entries[2].Returned) == 0)
        {
            if (entries[0].Returned == 0)
            {
                continue;
            }
            int length = UnixSocket.Receive(client, unexpected, out int descriptor, Libc.MSG_DONTWAIT);
            if (descriptor >= 0)
            {
                _ = Libc.close(descriptor);
            }
            if (length >= 0)
            {
                return;
            }
        }
    }
}
