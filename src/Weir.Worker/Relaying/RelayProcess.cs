using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Weir.Posix;
using Weir.Remote;
using Weir.Remote.Links;
using Weir.Remote.Secure;
using Weir.Remote.Workers;
using Weir.Wire;
using Weir.Worker.Logging;
using Weir.Worker.Sessions;
using Libc = Weir.Posix.Libc;

namespace Weir.Worker.Relaying;

/// <summary>
/// The relay role: stands beside a program whose worker is on another node, and is the worker as far as the program can see. It ends with the
/// program, or when the worker cannot be reached any more.
/// </summary>
internal sealed unsafe class RelayProcess
{
    private const int Control = ChildProcess.FirstInherited;
    private const int MostDescriptors = 3;
    private const int MaxShards = 64;

    // Unacknowledged records from which on the client has to wait; beyond any link's bandwidth × delay.
    private const long RoomBytes = 16 << 20;

    private readonly byte[] _message = new byte[WorkerMessage.MaxBytes];
    private RelayEngine? _engine;
    private RelayMover? _mover;
    private int _wake = -1;

    // The client is this relay's.
    private volatile bool _isServing;

    /// <summary>Runs to the end of the session; the exit code.</summary>
    public int Run()
    {
        TlsWarmth.Prepare();
        _ = UnixSocket.Send(Control, [WorkerMessage.Ready]);
        int* descriptors = stackalloc int[MostDescriptors];
        int length = Receive(descriptors);
        if (length <= 0 || descriptors[0] < 0)
        {
            return 0;
        }
        int* pair = stackalloc int[2];
        if (Libc.pipe2(pair, Libc.O_CLOEXEC) != 0)
        {
            Log.Error($"no pipe: errno {Libc.Errno}");
            return 1;
        }
        _wake = pair[1];
        int client = descriptors[0];
        bool takesOver = _message[0] == WorkerMessage.TakeClient;
        try
        {
            bool isServed = takesOver
                ? TakeOver(Body(length, RemoteJson.Default.RelayMove), descriptors[1], descriptors[2])
                : Serve(client, Body(length, RemoteJson.Default.RelayOrder));
            if (!isServed)
            {
                return 0;
            }
        }
        catch (Exception failure) when (failure is IOException or RemoteException)
        {
            Log.Error($"no session: {failure.Message}");
            if (!takesOver)
            {
                RelayGreeting.Refuse(client, failure.Message);
            }
            return 1;
        }
        Watch(client, pair[0]);
        if (!_isServing)
        {
            // The client is another's: nothing of it is touched.
            _mover!.GiveUp();
            if (!_isServing)
            {
                Libc._exit(0);
            }
            // It was decided just now.
            Watch(client, pair[0]);
        }
        // A worker that was to take over need not wait for it.
        _mover!.GiveUp();
        _engine!.Leave();
        _engine.Report();
        _engine.End(null);
        Libc._exit(0);
        return 0;
    }

    /// <summary>The two links to a worker, not dialled yet.</summary>
    public static (Link Calls, Link Bulk) Links(RelayedShard worker)
    {
        var dialer = new Dialer(worker.Address, worker.Offer);
        TimeSpan grace = TimeSpan.FromSeconds(worker.Offer.GraceSeconds);
        return (
            new Link(LinkNumber.Calls, grace, RoomBytes) { Dial = received => dialer.Dial(LinkNumber.Calls, received) },
            new Link(LinkNumber.Bulk, grace, RoomBytes) { Dial = received => dialer.Dial(LinkNumber.Bulk, received) }
        );
    }

    private bool Serve(int client, RelayOrder order)
    {
        if (order.Shards.Count is 0 or > MaxShards)
        {
            throw new IOException("the broker's order is malformed");
        }
        Shard[] shards = [.. order.Shards.Select(Dialled)];
        // All nodes at once: the slowest counts, not the sum.
        _ = Parallel.ForEach(shards, shard => shard.Calls.Open());
        if (new RelayGreeting(client, shards).Greet() is not { } shared)
        {
            return false;
        }
        Prepare(shared, shards, null, () => { });
        _isServing = true;
        _engine!.Start();
        _ = UnixSocket.Send(Control, [WorkerMessage.Attached]);
        return true;
    }

    // A client that a worker on this node serves until the one on the other node has begun.
    private bool TakeOver(RelayMove move, int segment, int host)
    {
        var window = new Window(move.State.WindowBase, move.State.WindowBytes);
        if (RelayedClient.Adopt(window, segment, host) is not { } shared)
        {
            throw new IOException("the client's segment is none");
        }
        (Link calls, Link bulk) = Links(move.Target);
        Shard[] shards =
        [
            new Shard(0, calls, bulk)
            {
                WindowBase = window.Base,
                WindowBytes = window.DeviceBytes,
                DeviceCount = 1,
            },
        ];
        Prepare(
            shared,
            shards,
            move.State,
            () =>
            {
                _isServing = true;
                shared.Begin();
            }
        );
        _mover!.Prepare(move, isServing: false);
        return true;
    }

    private void Prepare(RelayedClient shared, Shard[] shards, StateReport? state, Action begin)
    {
        _engine = new RelayEngine(shared, shards, state, WakeUp);
        _mover = new RelayMover(Control, _engine, begin);
        // The worker before goes on: it will not be asked to hand over any more.
        _engine.Rest.WentOn = _mover.GiveUp;
    }

    private static Shard Dialled(RelayedShard order, int index)
    {
        (Link calls, Link bulk) = Links(order);
        return new Shard(index, calls, bulk);
    }

    private void WakeUp()
    {
        byte nothing = 0;
        _ = Libc.write(_wake, &nothing, 1);
    }

    private T Body<T>(int length, JsonTypeInfo<T> type)
    {
        try
        {
            return JsonSerializer.Deserialize(_message.AsSpan(1, length - 1), type)
                ?? throw new IOException("the broker's order is empty");
        }
        catch (JsonException failure)
        {
            throw new IOException(
                $"the broker's order is malformed: {Encoding.UTF8.GetString(_message, 1, length - 1)}: {failure.Message}",
                failure
            );
        }
    }

    private int Receive(int* descriptors)
    {
        fixed (byte* data = _message)
        {
            return (int)
                DescriptorSocket.Receive(
                    Control,
                    data,
                    (nuint)_message.Length,
                    descriptors,
                    MostDescriptors,
                    raw: false
                );
        }
    }

    // False when the broker has gone.
    private bool Hear()
    {
        int* descriptors = stackalloc int[MostDescriptors];
        int length = Receive(descriptors);
        for (int i = 0; i < MostDescriptors; i++)
        {
            _ = descriptors[i] >= 0 ? Libc.close(descriptors[i]) : 0;
        }
        if (length <= 0)
        {
            return false;
        }
        switch (_message[0])
        {
            case WorkerMessage.Move:
                try
                {
                    _mover!.Prepare(Body(length, RemoteJson.Default.RelayMove), isServing: true);
                }
                catch (IOException failure)
                {
                    Log.Error(failure.Message);
                }
                break;
            case WorkerMessage.MoveOn:
                _mover!.Decide();
                break;
            case WorkerMessage.MoveOff:
                _mover!.GiveUp();
                return _isServing;
        }
        return true;
    }

    // Its socket's end is the client's end, and so is the end of its process: a child that it forked may hold the socket open.
    private void Watch(int client, int woken)
    {
        _ = UnixSocket.TryGetPeer(client, out PeerCredentials peer);
        int process = peer.Pid > 0 ? Libc.PidfdOpen(peer.Pid) : -1;
        var entries = stackalloc PollEntry[4];
        entries[0] = new PollEntry { Descriptor = client, Events = Libc.POLLIN };
        entries[1] = new PollEntry { Descriptor = woken, Events = Libc.POLLIN };
        entries[2] = new PollEntry { Descriptor = process, Events = Libc.POLLIN };
        entries[3] = new PollEntry { Descriptor = Control, Events = Libc.POLLIN };
        byte[] unexpected = new byte[64];
        while (Libc.poll(entries, 4, -1) <= 0 || (entries[1].Returned | entries[2].Returned) == 0)
        {
            if (entries[3].Returned != 0 && !Hear())
            {
                if (!_isServing)
                {
                    return;
                }
                entries[3].Descriptor = -1;
            }
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
