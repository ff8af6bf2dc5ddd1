using System.Net.Security;
using System.Security.Authentication;
using System.Text.Json;
using Weir.Images;
using Weir.Protocol.Agents;
using Weir.Remote;
using Weir.Remote.Control;
using Weir.Remote.Links;
using Weir.Remote.Secure;

namespace Weir.Agent.Sessions;

/// <summary>The connection to the agent of the node that a session goes to; see <see cref="Arrival"/> for its other end.</summary>
internal sealed class DepartureChannel : IDisposable
{
    private const int MaxAnswerBytes = 1 << 20;
    private readonly DescriptorStream _transport;
    private readonly SslStream _secure;

    private DepartureChannel(DescriptorStream transport, SslStream secure)
    {
        _transport = transport;
        _secure = secure;
    }

    /// <summary>Connects, and says what comes.</summary>
    /// <exception cref="MoveException">The other node cannot be reached, or has no room; says why.</exception>
    public static DepartureChannel Open(MoveTarget target, SessionRecord record, string lease, string host)
    {
        DescriptorStream? transport = null;
        try
        {
            transport = Tcp.Connect(target.Address);
            transport.Write(new Preface(Guid.Empty).Encode());
            SslStream secure = PinnedTls.Connect(transport, target.Fingerprint);
            var channel = new ControlChannel(secure);
            channel.Send(
                new BringSession(
                    ControlChannel.Version,
                    lease,
                    (long)target.Epoch,
                    target.Secret,
                    record.Session,
                    record.ClientProcess,
                    record.ClientProgram,
                    host,
                    record.StartedMs
                )
            );
            return channel.Receive(out _) switch
            {
                SessionExpected => new DepartureChannel(transport, secure),
                Refused refused => throw new MoveException($"node {target.Node}: {refused.Reason}"),
                _ => throw new MoveException(
                    $"node {target.Node} does not know how to take a session: install its release"
                ),
            };
        }
        catch (Exception failure)
            when (failure is IOException or RemoteException or AuthenticationException or MoveException)
        {
            transport?.Dispose();
            throw failure is MoveException
                ? failure
                : new MoveException($"node {target.Node} cannot be reached: {failure.Message}");
        }
    }

    /// <summary>Sends the image in a folder; the bytes that went over.</summary>
    /// <exception cref="IOException">It did not arrive.</exception>
    public long Send(string folder)
    {
        _secure.WriteByte(ArrivalStep.Image);
        return ImageSender.Send(_secure, folder);
    }

    /// <summary>Has a worker take the session from what was sent; how to reach it.</summary>
    /// <exception cref="IOException">It does not.</exception>
    public SessionOffer Take()
    {
        _secure.WriteByte(ArrivalStep.Take);
        _secure.Flush();
        ArrivalAnswer answer = Answer();
        return answer.Offer ?? throw new MoveException(answer.Reason ?? "the other node's worker did not take it");
    }

    /// <summary>Whether that worker has begun; if not, it is ended and never will. Null: it cannot be known, the other node is out of reach.</summary>
    public bool? HasBegun()
    {
        try
        {
            _secure.WriteByte(ArrivalStep.Withdraw);
            _secure.Flush();
            return Answer().HasBegun;
        }
        catch (Exception failure) when (failure is IOException or ObjectDisposedException)
        {
            Log.Error($"the node that a session went to is out of reach: {failure.Message}");
            return null;
        }
    }

    public void Dispose()
    {
        _secure.Dispose();
        _transport.Dispose();
    }

    private ArrivalAnswer Answer()
    {
        byte[] length = new byte[sizeof(int)];
        _secure.ReadExactly(length);
        int bytes = BitConverter.ToInt32(length);
        if (bytes is <= 0 or > MaxAnswerBytes)
        {
            throw new IOException("the other node answers something malformed");
        }
        byte[] text = new byte[bytes];
        _secure.ReadExactly(text);
        try
        {
            return JsonSerializer.Deserialize(text, SessionJson.Default.ArrivalAnswer) ?? new ArrivalAnswer();
        }
        catch (JsonException failure)
        {
            throw new IOException($"the other node answers something malformed: {failure.Message}", failure);
        }
    }
}
