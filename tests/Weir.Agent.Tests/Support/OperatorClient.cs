using System.Collections.Concurrent;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using Google.Protobuf;
using Weir.Protocol.Agents;

namespace Weir.Agent.Tests.Support;

/// <summary>Plays the controller's part over the operator's socket.</summary>
internal sealed class OperatorClient : IDisposable
{
    private readonly Socket _socket;
    private readonly BlockingCollection<AgentMessage> _incoming = [];

    private OperatorClient(Socket socket)
    {
        _socket = socket;
        new Thread(Read) { IsBackground = true }.Start();
    }

    /// <summary>All that was heard so far.</summary>
    public ConcurrentQueue<AgentMessage> Heard { get; } = [];

    public static OperatorClient Connect(string path)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        socket.Connect(new UnixDomainSocketEndPoint(path));
        return new OperatorClient(socket);
    }

    public void Send(ControllerMessage message) =>
        _socket.Send(Encoding.UTF8.GetBytes(JsonFormatter.Default.Format(message) + "\n"));

    /// <summary>The next message for which the predicate holds; others before it are dropped.</summary>
    public AgentMessage Next(Func<AgentMessage, bool> wanted)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(90));
        foreach (AgentMessage message in _incoming.GetConsumingEnumerable(patience.Token))
        {
            if (wanted(message))
            {
                return message;
            }
        }
        throw new InvalidOperationException("the agent closed the operator's connection");
    }

    /// <summary>The devices of the node.</summary>
    public IReadOnlyList<Device> Devices() => Next(message => message.Inventory is not null).Inventory.Devices;

    /// <summary>What is used now, other than by memory as of the last time it was asked.</summary>
    public Heartbeat Usage()
    {
        Send(new ControllerMessage { Welcome = new Welcome() });
        return Next(message => message.Heartbeat is not null).Heartbeat;
    }

    /// <summary>Grants a lease, a share of each device given.</summary>
    public TestLease Grant(
        string name,
        ulong epoch,
        IEnumerable<Device> devices,
        ulong? memory = null,
        uint graceMs = 30_000,
        string? secret = null,
        uint compute = 50,
        uint idleMs = 0,
        string arrival = ""
    )
    {
        secret ??= Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16));
        var grant = new LeaseGrant
        {
            Lease = name,
            Epoch = epoch,
            SecretHash = ByteString.CopyFrom(SHA256.HashData(Encoding.UTF8.GetBytes(secret))),
            GraceMs = graceMs,
            ClaimMs = 60_000,
            IdleReleaseMs = idleMs,
            User = "someone",
            Project = "something",
        };
        if (arrival.Length > 0)
        {
            grant.ArrivalHash = ByteString.CopyFrom(SHA256.HashData(Encoding.UTF8.GetBytes(arrival)));
        }
        uint ordinal = 0;
        foreach (Device device in devices)
        {
            grant.Shares.Add(
                new Share
                {
                    Uuid = device.Uuid,
                    Ordinal = ordinal++,
                    Compute = compute,
                    MemoryBytes = memory ?? device.MemoryBytes / 2,
                }
            );
        }
        Send(new ControllerMessage { Grant = grant });
        return new TestLease(name, (long)epoch, secret, grant);
    }

    public void Dispose() => _socket.Dispose();

    private void Read()
    {
        try
        {
            using var reader = new StreamReader(new NetworkStream(_socket));
            while (reader.ReadLine() is { } line)
            {
                AgentMessage message = AgentMessage.Parser.ParseJson(line);
                Heard.Enqueue(message);
                _incoming.Add(message);
            }
        }
        catch (IOException)
        {
            // The agent was killed, or the test has ended.
        }
        _incoming.CompleteAdding();
    }
}

/// <summary>A lease as its holder knows it.</summary>
internal sealed record TestLease(string Name, long Epoch, string Secret, LeaseGrant Grant);
