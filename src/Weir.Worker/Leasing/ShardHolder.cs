using System.Net.Security;
using System.Security.Authentication;
using Weir.Posix;
using Weir.Remote;
using Weir.Remote.Control;
using Weir.Remote.Leases;
using Weir.Remote.Links;
using Weir.Remote.Secure;
using Weir.Worker.Logging;

namespace Weir.Worker.Leasing;

/// <summary>
/// Holds one shard of a lease: keeps the control channel to its agent open, which says that the holder lives, and asks for sessions on it. A
/// channel that breaks is opened again for as long as the agent keeps the lease without one.
/// </summary>
internal sealed unsafe class ShardHolder(LeaseTicket lease, ShardTicket shard) : IDisposable
{
    // Socket, segment and host memory of a client.
    private const int DescriptorsOfMove = 3;
    private static readonly TimeSpan s_answerLimit = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan s_pause = TimeSpan.FromMilliseconds(200);

    private readonly object _gate = new();
    private readonly Dictionary<long, ControlMessage?> _answers = [];

    // Sessions that were handed over, and their clients' processes (pidfd, or -1).
    private readonly Dictionary<string, int> _sessions = [];
    private ControlChannel? _channel;
    private string? _refusal;
    private long _requests;
    private bool _isClosing;
    private bool _isLeaving;

    /// <summary>The ticket's part.</summary>
    public ShardTicket Shard => shard;

    /// <summary>On this node: clients' sockets go to the agent itself.</summary>
    public bool IsLocal => shard.Local is not null;

    /// <summary>Snapshot of the shard's devices, once the lease is held.</summary>
    public byte[] Snapshot { get; private set; } = [];

    /// <summary>Sessions that were handed over on this node and have not ended.</summary>
    public int OpenSessions
    {
        get
        {
            lock (_gate)
            {
                return _sessions.Count;
            }
        }
    }

    /// <summary>Called, on any thread, when a session ended or the lease did.</summary>
    public Action Changed { get; set; } = () => { };

    /// <summary>Called on the listening thread when the agent wants a session moved; the descriptors are the callee's.</summary>
    public Action<ControlMessage, int[]> Moving { get; set; } = (_, descriptors) => CloseAll(descriptors);

    /// <summary>Called on the listening thread when the agent is there again.</summary>
    public Action Returned { get; set; } = () => { };

    /// <summary>Epoch of the lease on this node.</summary>
    public long Epoch => lease.Epoch;

    /// <summary>The lease's part is on another node now: nothing more is asked here, and its end here means nothing.</summary>
    public bool IsLeft { get; set; }

    /// <summary>Ends the channel; on any thread. The lease is not given up.</summary>
    public void Leave()
    {
        lock (_gate)
        {
            IsLeft = _isClosing = _isLeaving = true;
            _channel?.Hush();
        }
    }

    /// <summary>Tells the agent something; false when it is out of reach.</summary>
    public bool Tell(ControlMessage message)
    {
        try
        {
            lock (_gate)
            {
                _channel?.Send(message);
                return _channel is not null;
            }
        }
        catch (Exception failure) when (failure is IOException or ObjectDisposedException)
        {
            return false;
        }
    }

    /// <summary>Opens the channel and says whose lease this is; then keeps it.</summary>
    /// <exception cref="IOException">The agent is out of reach.</exception>
    /// <exception cref="RemoteException">It refuses.</exception>
    public void Hold()
    {
        int grace = Open();
        new Thread(() => Keep(grace)) { IsBackground = true, Name = "weir-lease" }.Start();
    }

    /// <summary>Has a worker made ready for a client, which comes over the network or is handed over here.</summary>
    /// <exception cref="IOException">The agent is out of reach.</exception>
    /// <exception cref="RemoteException">It refuses.</exception>
    public SessionOffer OpenSession(int pid, string program, bool remote)
    {
        long request = Interlocked.Increment(ref _requests);
        DateTime until = DateTime.UtcNow + s_answerLimit;
        lock (_gate)
        {
            _answers[request] = null;
            ControlChannel channel = _refusal is not null
                ? throw new RemoteException(_refusal)
                : _channel ?? throw new IOException($"the agent of {shard.Node} is out of reach");
            channel.Send(new OpenSession(request, pid, program, remote));
            while (_answers[request] is null && _channel == channel)
            {
                TimeSpan left = until - DateTime.UtcNow;
                if (left <= TimeSpan.Zero || !Monitor.Wait(_gate, left))
                {
                    break;
                }
            }
            _ = _answers.Remove(request, out ControlMessage? answer);
            return answer switch
            {
                SessionOffered offered => offered.Offer,
                Refused refused => throw new RemoteException(refused.Reason),
                _ => throw new IOException($"the agent of {shard.Node} did not answer"),
            };
        }
    }

    /// <summary>Gives a client of this node to its worker.</summary>
    /// <param name="offer">The session.</param>
    /// <param name="client">The client's socket.</param>
    /// <param name="pid">The client's process.</param>
    public void HandOver(SessionOffer offer, int client, int pid)
    {
        lock (_gate)
        {
            _sessions[offer.Session] = pid > 0 ? Posix.Libc.PidfdOpen(pid) : -1;
            (_channel ?? throw new IOException($"the agent of {shard.Node} is out of reach")).Send(
                new HandOver(offer.Session),
                client
            );
        }
    }

    /// <summary>Gives the lease up.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            _isClosing = true;
            try
            {
                // So that the agent does not wait for the grace time: nobody comes back.
                if (!IsLeft)
                {
                    _channel?.Send(new LeaseEnded("the program has ended"));
                }
            }
            catch (Exception failure) when (failure is IOException or ObjectDisposedException)
            {
                // The agent notices the closed channel, later.
            }
            _channel?.Dispose();
        }
    }

    private static void CloseAll(int[] descriptors)
    {
        foreach (int descriptor in descriptors.Where(descriptor => descriptor >= 0))
        {
            _ = Libc.close(descriptor);
        }
    }

    private int Open()
    {
        ControlChannel channel = shard.Local is { } path
            ? new ControlChannel(ConnectLocal(path))
            : new ControlChannel(Dial());
        string[] sessions;
        lock (_gate)
        {
            sessions = [.. _sessions.Keys];
        }
        channel.Send(new HoldLease(ControlChannel.Version, lease.Lease, lease.Epoch, lease.Secret, sessions));
        switch (channel.Receive(out _))
        {
            case LeaseHeld held:
                Snapshot = held.Snapshot;
                lock (_gate)
                {
                    _channel = channel;
                }
                return held.GraceSeconds;
            case Refused refused:
                channel.Dispose();
                throw new RemoteException(refused.Reason);
            default:
                channel.Dispose();
                throw new RemoteException($"the agent of {shard.Node} answered something else");
        }
    }

    private SslStream Dial()
    {
        DescriptorStream transport = Tcp.Connect(shard.Address);
        try
        {
            transport.Write(new Preface(Guid.Empty).Encode());
            return PinnedTls.Connect(transport, shard.Fingerprint);
        }
        catch (AuthenticationException refusal)
        {
            transport.Dispose();
            throw new RemoteException($"{shard.Address} is not the agent of {shard.Node}: {refusal.Message}", refusal);
        }
    }

    private static int ConnectLocal(string path)
    {
        int socket = UnixSocket.ConnectPath(path);
        return socket >= 0 ? socket : throw new IOException($"nobody answers at {path}");
    }

    private void Keep(int graceSeconds)
    {
        while (true)
        {
            ControlChannel channel = _channel!;
            Listen(channel);
            lock (_gate)
            {
                _channel = null;
                Monitor.PulseAll(_gate);
                if (_isLeaving)
                {
                    channel.Dispose();
                }
                if (_isClosing || _refusal is not null)
                {
                    return;
                }
            }
            channel.Dispose();
            DateTime until = DateTime.UtcNow.AddSeconds(graceSeconds);
            while (_channel is null)
            {
                Thread.Sleep(s_pause);
                ForgetEnded();
                if (_isClosing)
                {
                    return;
                }
                try
                {
                    _ = Open();
                    Returned();
                }
                catch (Exception failure) when (failure is IOException or RemoteException)
                {
                    if (_isClosing || failure is RemoteException || DateTime.UtcNow > until)
                    {
                        Refuse($"the lease's shard on {shard.Node} is lost: {failure.Message}");
                        return;
                    }
                }
            }
        }
    }

    private void Listen(ControlChannel channel)
    {
        try
        {
            int[] descriptors = new int[DescriptorsOfMove];
            while (channel.Receive(descriptors) is { } message)
            {
                if (message is MoveComing or MoveSession or MoveDecided)
                {
                    Moving(message, [.. descriptors]);
                    continue;
                }
                CloseAll(descriptors);
                Take(message);
            }
        }
        catch (Exception failure) when (failure is IOException or RemoteException or ObjectDisposedException)
        {
            if (!_isClosing)
            {
                Log.Error($"the channel to the agent of {shard.Node} broke: {failure.Message}");
            }
        }
    }

    private void Take(ControlMessage message)
    {
        long request = message switch
        {
            SessionOffered offered => offered.Request,
            Refused refused => refused.Request,
            _ => -1,
        };
        lock (_gate)
        {
            if (_answers.ContainsKey(request))
            {
                _answers[request] = message;
                Monitor.PulseAll(_gate);
            }
            if (message is SessionEnded ended)
            {
                Forget(ended.Session);
            }
        }
        if (IsLeft)
        {
            Moving(message, []);
            return;
        }
        if (message is LeaseEnded over)
        {
            Refuse($"the lease has ended: {over.Reason}");
        }
        Changed();
    }

    // An agent that has gone cannot say that a session is over; its client's end says the same, and then there may be nothing
    // left to hold the lease for.
    private void ForgetEnded()
    {
        bool hasEnded = false;
        lock (_gate)
        {
            foreach ((string session, int process) in _sessions.ToArray())
            {
                var entry = new PollEntry { Descriptor = process, Events = Posix.Libc.POLLIN };
                if (process >= 0 && HasEnded(&entry))
                {
                    Forget(session);
                    hasEnded = true;
                }
            }
        }
        if (hasEnded)
        {
            Changed();
        }
    }

    private static bool HasEnded(PollEntry* process) => Posix.Libc.poll(process, 1, 0) > 0;

    private void Forget(string session)
    {
        if (_sessions.Remove(session, out int process) && process >= 0)
        {
            _ = Libc.close(process);
        }
    }

    private void Refuse(string reason)
    {
        if (!IsLeft)
        {
            Log.Error(reason);
        }
        lock (_gate)
        {
            _refusal = reason;
            foreach (string session in _sessions.Keys.ToArray())
            {
                Forget(session);
            }
            Monitor.PulseAll(_gate);
        }
        Changed();
    }
}
