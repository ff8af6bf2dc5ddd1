using System.Text;
using System.Text.Json;
using Weir.Posix;
using Weir.Remote;
using Weir.Remote.Workers;
using Weir.Wire;
using Weir.Worker.Logging;
using Libc = Weir.Posix.Libc;

namespace Weir.Worker.Leasing;

/// <summary>Relay processes, one of which is always ready: starting one and loading TLS takes longer than a program should wait.</summary>
internal sealed unsafe class RelayPool
{
    private const int MaxTextBytes = 4096;

    private readonly Lock _gate = new();
    private readonly string _self = NativeText.FromUtf8(Environment.ProcessPath!);
    private readonly List<(int Pid, int Control, string[] Sessions)> _serving = [];
    private (int Pid, int Control)? _idle;

    /// <summary>Called when a relay has said something of its session's move; kind 0: it has ended.</summary>
    public Action<string, byte, string> Said { get; set; } = (_, _, _) => { };

    /// <summary>Makes sure that one is ready or getting so.</summary>
    public void Prepare()
    {
        lock (_gate)
        {
            _idle ??= Start();
        }
    }

    /// <summary>Gives a client to a relay.</summary>
    /// <exception cref="IOException">There is none.</exception>
    public void Serve(RelayOrder order, int client) =>
        Begin(
            WorkerMessage.Serve,
            JsonSerializer.SerializeToUtf8Bytes(order, RemoteJson.Default.RelayOrder),
            [.. order.Shards.Select(shard => shard.Offer.Session)],
            [client]
        );

    /// <summary>Has a relay get ready to take a client over from its worker on this node.</summary>
    /// <param name="session">Its session.</param>
    /// <param name="move">Where it goes.</param>
    /// <param name="ends">The client's socket, segment and host memory.</param>
    /// <exception cref="IOException">There is none.</exception>
    public void Take(string session, RelayMove move, ReadOnlySpan<int> ends) =>
        Begin(
            WorkerMessage.TakeClient,
            JsonSerializer.SerializeToUtf8Bytes(move, RemoteJson.Default.RelayMove),
            [session],
            ends
        );

    /// <summary>Tells the relay of a session something; false when there is none.</summary>
    public bool Tell(string session, byte kind, RelayMove? move = null)
    {
        int control;
        lock (_gate)
        {
            int index = _serving.FindLastIndex(relay => relay.Sessions.Contains(session));
            if (index < 0)
            {
                return false;
            }
            control = _serving[index].Control;
        }
        byte[] body = move is null ? [] : JsonSerializer.SerializeToUtf8Bytes(move, RemoteJson.Default.RelayMove);
        return UnixSocket.Send(control, [kind, .. body]);
    }

    private void Begin(byte kind, byte[] order, string[] sessions, ReadOnlySpan<int> descriptors)
    {
        (int Pid, int Control)? relay;
        lock (_gate)
        {
            relay = _idle ?? Start();
            _idle = null;
        }
        if (relay is not { } chosen)
        {
            throw new IOException("a relay could not be started");
        }
        byte[] message = [kind, .. order];
        fixed (byte* data = message)
        fixed (int* along = descriptors)
        {
            _ = DescriptorSocket.TrySend(chosen.Control, data, (nuint)message.Length, along, descriptors.Length);
        }
        lock (_gate)
        {
            _serving.Add((chosen.Pid, chosen.Control, sessions));
        }
        Prepare();
    }

    /// <summary>Descriptors that have something to say when a relay has ended.</summary>
    public List<int> Controls
    {
        get
        {
            lock (_gate)
            {
                return [.. _serving.Select(relay => relay.Control)];
            }
        }
    }

    /// <summary>Takes what relays have said; those that have ended are taken away.</summary>
    public void Reap()
    {
        List<(string Session, byte Kind, string Text)> said = [];
        lock (_gate)
        {
            for (int i = _serving.Count - 1; i >= 0; i--)
            {
                byte[] message = new byte[MaxTextBytes];
                int length;
                while (
                    (length = UnixSocket.Receive(_serving[i].Control, message, out int descriptor, Libc.MSG_DONTWAIT))
                    > 0
                )
                {
                    if (descriptor >= 0)
                    {
                        _ = Libc.close(descriptor);
                    }
                    if (message[0] is WorkerMessage.MoveReady or WorkerMessage.Moved)
                    {
                        said.Add(
                            (_serving[i].Sessions[0], message[0], Encoding.UTF8.GetString(message, 1, length - 1))
                        );
                    }
                }
                if (length == 0)
                {
                    int status = 0;
                    _ = Libc.waitpid(_serving[i].Pid, &status, 0);
                    _ = Libc.close(_serving[i].Control);
                    if (status != 0)
                    {
                        Log.Error($"relay {_serving[i].Pid} ended with status {status}");
                    }
                    said.AddRange(_serving[i].Sessions.Select(session => (session, (byte)0, "the relay has ended")));
                    _serving.RemoveAt(i);
                }
            }
        }
        foreach ((string session, byte kind, string text) in said)
        {
            Said(session, kind, text);
        }
    }

    private (int Pid, int Control)? Start()
    {
        int* pair = stackalloc int[2];
        if (Libc.socketpair(Libc.AF_UNIX, Libc.SOCK_SEQPACKET | Libc.SOCK_CLOEXEC, 0, pair) != 0)
        {
            return null;
        }
        try
        {
            int pid = ChildProcess.Start(
                _self,
                [_self, "--relay"],
                NativeText.Environment(),
                [pair[1]],
                output: 2,
                detached: false
            );
            return (pid, pair[0]);
        }
        catch (IOException failure)
        {
            Log.Error(failure.Message);
            _ = Libc.close(pair[0]);
            return null;
        }
        finally
        {
            _ = Libc.close(pair[1]);
        }
    }
}
