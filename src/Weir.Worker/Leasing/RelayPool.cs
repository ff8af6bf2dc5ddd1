using System.Text.Json;
using Weir.Posix;
using Weir.Remote;
using Weir.Remote.Workers;
using Weir.Worker.Logging;

namespace Weir.Worker.Leasing;

/// <summary>Relay processes, one of which is always ready: starting one and loading TLS takes longer than a program should wait.</summary>
internal sealed unsafe class RelayPool
{
    private readonly Lock _gate = new();
    private readonly string _self = NativeText.FromUtf8(Environment.ProcessPath!);
    private readonly List<(int Pid, int Control)> _serving = [];
    private (int Pid, int Control)? _idle;

    /// <summary>Makes sure that one is ready or getting so.</summary>
    public void Prepare()
    {
        lock (_gate)
        {
            _idle ??= Start();
        }
    }

    /// <summary>Gives a client to a relay.</summary>
    public void Serve(RelayOrder order, int client)
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
        byte[] text = JsonSerializer.SerializeToUtf8Bytes(order, RemoteJson.Default.RelayOrder);
        _ = UnixSocket.Send(chosen.Control, [WorkerMessage.Serve, .. text], client);
        lock (_gate)
        {
            _serving.Add(chosen);
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
        lock (_gate)
        {
            for (int i = _serving.Count - 1; i >= 0; i--)
            {
                byte[] message = new byte[64];
                int length;
                do
                {
                    length = UnixSocket.Receive(_serving[i].Control, message, out int descriptor, Libc.MSG_DONTWAIT);
                    if (descriptor >= 0)
                    {
                        _ = Libc.close(descriptor);
                    }
                } while (length > 0);
                if (length == 0)
                {
                    int status = 0;
                    _ = Libc.waitpid(_serving[i].Pid, &status, 0);
                    _ = Libc.close(_serving[i].Control);
                    if (status != 0)
                    {
                        Log.Error($"relay {_serving[i].Pid} ended with status {status}");
                    }
                    _serving.RemoveAt(i);
                }
            }
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
