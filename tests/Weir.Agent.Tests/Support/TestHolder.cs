using System.Text.Json;
using Weir.Posix;
using Weir.Remote;
using Weir.Remote.Control;
using Weir.Worker.Tests.Support;

namespace Weir.Agent.Tests.Support;

/// <summary>A holder on the agent's machine that speaks the control channel itself.</summary>
internal sealed unsafe class TestHolder : IDisposable
{
    private readonly ControlChannel _channel;
    private readonly int _socket;
    private readonly List<(string, byte[])>? _record;
    private long _requests;

    private TestHolder(int socket, List<(string, byte[])>? record = null)
    {
        _socket = socket;
        _record = record;
        _channel = new ControlChannel(socket);
    }

    /// <summary>Connects and claims; the answer is to be looked at.</summary>
    public static (TestHolder Holder, ControlMessage? Answer) Claim(
        AgentRun run,
        TestLease lease,
        string? secret = null,
        string[]? sessions = null
    )
    {
        TestHolder holder = Listen(run, null);
        return (holder, holder.Claim(lease, secret, sessions));
    }

    /// <summary>Connects, and notes down all that passes.</summary>
    public static TestHolder Listen(AgentRun run, List<(string, byte[])>? record)
    {
        int socket = UnixSocket.Connect(run.Folders.Socket);
        Assert.True(socket >= 0, "nobody listens at the agent's socket");
        return new TestHolder(socket, record);
    }

    /// <summary>Says whose lease it is; the answer.</summary>
    public ControlMessage? Claim(TestLease lease, string? secret = null, string[]? sessions = null)
    {
        Send(new HoldLease(ControlChannel.Version, lease.Name, lease.Epoch, secret ?? lease.Secret, sessions));
        return Receive();
    }

    /// <summary>Sends a text as it is.</summary>
    public void SendText(string text) =>
        Assert.True(UnixSocket.Send(_socket, System.Text.Encoding.UTF8.GetBytes(text)), "the agent has gone");

    /// <summary>A holder whose claim was granted; it may take sessions of earlier for open.</summary>
    public static TestHolder Hold(AgentRun run, TestLease lease, params string[] sessions)
    {
        (TestHolder holder, ControlMessage? answer) = Claim(run, lease, sessions: sessions);
        Assert.True(answer is LeaseHeld, $"{answer}\n{string.Join('\n', run.Lines)}");
        return holder;
    }

    /// <summary>The next message; null at the channel's end.</summary>
    public ControlMessage? Receive()
    {
        ControlMessage? message = _channel.Receive(out int descriptor);
        if (descriptor >= 0)
        {
            _ = Libc.close(descriptor);
        }
        if (message is not null)
        {
            Note("agent", message);
        }
        return message;
    }

    /// <summary>Asks for a session and gives this process' client to it.</summary>
    public WireClient Attach(int device = 0)
    {
        SessionOffer offer = Offer(device);
        int* pair = stackalloc int[2];
        Assert.Equal(0, Libc.socketpair(Libc.AF_UNIX, Libc.SOCK_SEQPACKET | Libc.SOCK_CLOEXEC, 0, pair));
        Send(new HandOver(offer.Session), pair[1]);
        _ = Libc.close(pair[1]);
        LastSession = offer.Session;
        return WireClient.Attach(pair[0]);
    }

    /// <summary>Name of the session of the last <see cref="Attach"/>.</summary>
    public string LastSession { get; private set; } = "";

    /// <summary>The next message of a kind; others before it are dropped.</summary>
    public T Next<T>()
        where T : ControlMessage
    {
        while (true)
        {
            ControlMessage? message = Receive();
            Assert.True(message is not null, $"the channel has ended before a {typeof(T).Name}");
            if (message is T wanted)
            {
                return wanted;
            }
        }
    }

    /// <summary>Says something.</summary>
    public void Tell(ControlMessage message) => Send(message);

    /// <summary>Gives the lease up.</summary>
    public void Release() => Send(new LeaseEnded("the program has ended"));

    /// <summary>Asks for a session only.</summary>
    public SessionOffer Offer(int device = 0)
    {
        ControlMessage? answer = Ask(device);
        return Assert.IsType<SessionOffered>(answer).Offer;
    }

    /// <summary>Asks for a session; whatever the answer is.</summary>
    public ControlMessage? Ask(int device = 0)
    {
        long request = ++_requests;
        Send(new OpenSession(request, Environment.ProcessId, "/bin/test", Remote: false, device));
        ControlMessage? answer;
        while ((answer = Receive()) is SessionEnded) { }
        return answer;
    }

    public void Dispose() => _channel.Dispose();

    private void Send(ControlMessage message, int descriptor = -1)
    {
        Note("holder", message);
        _channel.Send(message, descriptor);
    }

    private void Note(string who, ControlMessage message) =>
        _record?.Add((who, JsonSerializer.SerializeToUtf8Bytes(message, RemoteJson.Default.ControlMessage)));
}
