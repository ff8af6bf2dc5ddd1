using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text.Json;
using Weir.Posix;
using Weir.Remote;
using Weir.Remote.Control;
using Weir.Remote.Workers;
using Weir.Worker.Brokering;
using Weir.Worker.Logging;

namespace Weir.Worker.LoneNode;

/// <summary>Workers for remote clients: one always ready, each for one session.</summary>
internal sealed unsafe class LoneWorkers(LoneNodeOptions options)
{
    private readonly Lock _gate = new();
    private readonly string _self = NativeText.FromUtf8(Environment.ProcessPath!);
    private readonly Dictionary<Guid, int> _controls = [];
    private Idle? _idle;

    private sealed record Idle(int Pid, int Control, string Fingerprint);

    /// <summary>What workers say of their devices.</summary>
    public byte[] Snapshot { get; private set; } = [];

    /// <summary>Makes sure that one is ready.</summary>
    public void Prepare()
    {
        lock (_gate)
        {
            _idle ??= Start();
        }
    }

    /// <summary>Gives the ready one to a client; null when none can be started.</summary>
    public SessionOffer? TryOffer(OpenSession open)
    {
        lock (_gate)
        {
            Idle? worker = _idle ?? Start();
            _idle = null;
            if (worker is null)
            {
                return null;
            }
            var routing = Guid.NewGuid();
            string secret = Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32));
            string session = $"s-{worker.Pid}";
            var terms = new RemoteTerms(session, secret, options.GraceSeconds, open.Pid, open.Program);
            byte[] text = JsonSerializer.SerializeToUtf8Bytes(terms, RemoteJson.Default.RemoteTerms);
            _ = UnixSocket.Send(worker.Control, [WorkerMessage.Expect, .. text]);
            _controls[routing] = worker.Control;
            new Thread(() => Attend(worker, routing)) { IsBackground = true }.Start();
            return new SessionOffer(session, routing, worker.Fingerprint, secret, options.GraceSeconds);
        }
    }

    /// <summary>Gives a connection to the worker that it names; unknown ones are dropped.</summary>
    public void HandOver(Guid routing, int descriptor)
    {
        lock (_gate)
        {
            if (_controls.TryGetValue(routing, out int control))
            {
                _ = UnixSocket.Send(control, [WorkerMessage.Connection], descriptor);
            }
        }
    }

    // Hears the worker to its end; the next one is made ready when this one has its client.
    private void Attend(Idle worker, Guid routing)
    {
        byte[] message = new byte[WorkerMessage.MaxBytes];
        int length;
        while ((length = UnixSocket.Receive(worker.Control, message, out _)) > 0)
        {
            if (message[0] == WorkerMessage.Attached)
            {
                Prepare();
            }
            else if (message[0] == WorkerMessage.StartCompiler)
            {
                CompilerStart.Start(Environment.ProcessId);
            }
        }
        lock (_gate)
        {
            _ = _controls.Remove(routing);
            _ = Libc.close(worker.Control);
        }
        int status = 0;
        _ = Libc.waitpid(worker.Pid, &status, 0);
        if (status != 0)
        {
            Log.Error($"worker {worker.Pid} ended with status {status}");
        }
    }

    private Idle? Start()
    {
        int* pair = stackalloc int[2];
        if (Libc.socketpair(Libc.AF_UNIX, Libc.SOCK_SEQPACKET | Libc.SOCK_CLOEXEC, 0, pair) != 0)
        {
            return null;
        }
        int pid;
        try
        {
            List<string> arguments = [_self, "--worker", "--remote", "1", .. options.ForWorkers];
            pid = ChildProcess.Start(_self, arguments, NativeText.Environment(), [pair[1]], output: 2, detached: false);
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
        byte[] message = new byte[WorkerMessage.MaxBytes];
        string fingerprint = "";
        int length;
        while ((length = UnixSocket.Receive(pair[0], message, out _)) > 0 && message[0] != WorkerMessage.Ready)
        {
            if (message[0] == WorkerMessage.Identity)
            {
                fingerprint = Convert.ToHexStringLower(message.AsSpan(1, length - 1));
            }
            else if (message[0] == WorkerMessage.StartCompiler)
            {
                CompilerStart.Start(Environment.ProcessId);
            }
        }
        if (length <= 0)
        {
            Log.Error("a worker ended before it was ready");
            return null;
        }
        Snapshot = message[1..length];
        return new Idle(pid, pair[0], fingerprint);
    }
}
