using Weir.Remote.Links;
using Weir.Remote.Sessions;
using Weir.Remote.Workers;
using Weir.Worker.Logging;

namespace Weir.Worker.Relaying;

/// <summary>What carries a client's calls to its workers and their answers back: one thread for the client, three for each worker.</summary>
internal sealed class RelayEngine
{
    private static readonly TimeSpan s_drain = TimeSpan.FromSeconds(2);

    private readonly object _ending = new();
    private readonly OwnCalls _ownCalls = new();
    private readonly RelayedClient _client;
    private readonly Shard[] _shards;
    private readonly Uplink _uplink;
    private readonly ChunkTable _chunks;
    private readonly CallbackMerge _callbacks;
    private readonly ReplyPlaces _replies;
    private readonly PeerCopies _peers;
    private readonly List<Downlink> _downlinks = [];
    private readonly Action _whenEnded;
    private int _resumed;
    private ulong _sent;
    private ulong _received;
    private bool _isStarted;
    private bool _hasEnded;

    /// <param name="client">What is shared with the client.</param>
    /// <param name="shards">Its workers.</param>
    /// <param name="state">How far the client had come with a worker before; null: it is new.</param>
    /// <param name="whenEnded">Told once when the session is over.</param>
    public RelayEngine(RelayedClient client, Shard[] shards, StateReport? state, Action whenEnded)
    {
        _client = client;
        _shards = shards;
        _whenEnded = whenEnded;
        _chunks = new ChunkTable(client, shards.Length);
        _callbacks = new CallbackMerge(client, shards.Length);
        _replies = new ReplyPlaces(client, shards);
        _peers = new PeerCopies(_chunks, _ownCalls);
        var rewriter = new RecordRewriter(client, new ShardRouter(shards), _chunks, _peers);
        _uplink = new Uplink(client, shards, _callbacks, rewriter, Rest, End);
        _ownCalls.Meanwhile = _uplink.ReportCallbacks;
        if (state is not null)
        {
            _uplink.GoOn(state.Rings);
            _replies.GoOn(state.Rings);
            _callbacks.GoOn(state.Callbacks);
        }
    }

    /// <summary>Whether records are sent.</summary>
    public RelayRest Rest { get; } = new();

    /// <summary>It is over.</summary>
    public bool HasEnded => _hasEnded;

    /// <summary>Begins to carry.</summary>
    public void Start()
    {
        foreach (Shard shard in _shards)
        {
            Listen(shard);
        }
        StartUplink();
    }

    /// <summary>Waits until nothing is on its way to or from the one worker; false when that does not become so.</summary>
    public bool AwaitQuiet(TimeSpan limit) =>
        Rest.Await(frames => _shards[0].Bulk.Received >= frames && _chunks.IsQuiet, limit);

    /// <summary>Goes on with another worker; nothing is on its way to or from the last one.</summary>
    public void GoOnWith(Link calls, Link bulk)
    {
        Shard shard = _shards[0];
        Count(shard);
        _chunks.Restart(shard.Index);
        _callbacks.Restart(shard.Index);
        shard.Use(calls, bulk);
        Listen(shard);
        Rest.End();
        StartUplink();
    }

    /// <summary>The program has ended: the workers are told.</summary>
    public void Leave()
    {
        if (_hasEnded)
        {
            return;
        }
        foreach (Shard shard in _shards)
        {
            shard.Calls.Send(FrameKind.Goodbye, []);
        }
        foreach (Shard shard in _shards)
        {
            shard.Calls.Drain(s_drain);
        }
    }

    /// <summary>The session is over; the first reason counts.</summary>
    public void End(string? reason)
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
        _client.Close();
        _uplink.End();
        _chunks.End();
        _ownCalls.End();
        foreach (Shard shard in _shards)
        {
            shard.Sender.End();
            shard.Calls.End("the session is over");
            shard.Bulk.End("the session is over");
        }
        _whenEnded();
    }

    /// <summary>For measurements: how often the program waited for another node.</summary>
    public void Report()
    {
        if (Environment.GetEnvironmentVariable("WEIR_RELAY_REPORT") is not { Length: > 0 } file)
        {
            return;
        }
        ulong trips = 0;
        foreach (Downlink downlink in _downlinks)
        {
            trips += downlink.Replies;
        }
        foreach (Shard shard in _shards)
        {
            Count(shard);
        }
        File.AppendAllText(
            file,
            $"{{\"roundTrips\":{trips},\"framesOut\":{_sent},\"framesIn\":{_received},\"resumed\":{_resumed}}}\n"
        );
    }

    private void StartUplink()
    {
        if (!_isStarted)
        {
            _isStarted = true;
            _uplink.Start();
        }
    }

    private void Count(Shard shard)
    {
        _sent += shard.Calls.Sent;
        _received += shard.Calls.Received;
        _resumed += shard.Calls.Resumed + shard.Bulk.Resumed;
    }

    private void Listen(Shard shard)
    {
        var downlink = new Downlink(shard, _chunks, _callbacks, _replies, _ownCalls, Rest, End);
        _downlinks.Add(downlink);
        // The bulk link is dialled by its receiver, while the program goes on.
        new BulkReceiver(shard, _chunks, _replies, downlink.Release, Rest.Note, End).Start();
        shard.Sender.Start();
        downlink.Start();
    }
}
