using System.Buffers.Text;
using System.Net.Security;
using System.Runtime.InteropServices;
using System.Security.Cryptography.X509Certificates;
using Weir.Remote.Links;
using Weir.Remote.Secure;
using Weir.Remote.Workers;
using Weir.Worker.Logging;

namespace Weir.Worker.Remote;

/// <summary>
/// Lets the one client in that this worker was told to expect: does TLS with the session's certificate on each connection that the agent hands
/// over, checks who it is, and gives it to the link that it is for, be it the first connection or one after a cut.
/// </summary>
internal sealed class RemoteDoor
{
    private static readonly TimeSpan s_handshakeLimit = TimeSpan.FromSeconds(10);

    // Frames from the worker are answers or bulk that the client waits for: their number is bounded by the rings and chunks.
    private const long NoLimit = long.MaxValue;

    private readonly X509Certificate2 _certificate;
    private readonly byte[] _secret;
    private readonly Link[] _links;

    public RemoteDoor(X509Certificate2 certificate, RemoteTerms terms)
    {
        _certificate = certificate;
        _secret = Base64Url.DecodeFromChars(terms.Secret);
        if (_secret.Length != Introduction.SecretBytes || terms.GraceSeconds < 0)
        {
            throw new FormatException("the agent's terms for a remote client are malformed");
        }
        TimeSpan grace = TimeSpan.FromSeconds(terms.GraceSeconds);
        _links =
        [
            .. Enumerable.Range(0, (int)LinkNumber.Count).Select(number => new Link((uint)number, grace, NoLimit)),
        ];
    }

    /// <summary>Records and replies.</summary>
    public Link Calls => _links[LinkNumber.Calls];

    /// <summary>Chunks.</summary>
    public Link Bulk => _links[LinkNumber.Bulk];

    /// <summary>A connection has come; the descriptor belongs to the door from now on. Does not wait.</summary>
    public void Take(int descriptor)
    {
        new Thread(() => Greet(descriptor)) { IsBackground = true, Name = "weir-door" }.Start();
    }

    /// <summary>Nobody is let in any more, and who is in is sent away.</summary>
    public void End(string reason)
    {
        foreach (Link link in _links)
        {
            link.End(reason);
        }
    }

    private void Greet(int descriptor)
    {
        Tcp.Tune(descriptor);
        var transport = new DescriptorStream(descriptor);
        SslStream? secure = null;
        // Who says nothing may not keep the thread.
        using var limit = new Timer(_ => transport.Cut(), null, s_handshakeLimit, Timeout.InfiniteTimeSpan);
        try
        {
            secure = PinnedTls.Accept(transport, _certificate);
            byte[] words = new byte[Introduction.Bytes];
            secure.ReadExactly(words);
            var introduction = MemoryMarshal.Read<Introduction>(words);
            if (!introduction.IsOf(_secret) || introduction.Link >= LinkNumber.Count)
            {
                throw new IOException("the client does not know the session's secret");
            }
            if (!limit.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan))
            {
                throw new IOException("the client took too long");
            }
            Link link = _links[introduction.Link];
            SslStream stream = secure;
            link.Adopt(
                new Connection(stream, transport),
                introduction.Received,
                received => Answer(stream, link.Ended is null ? 0UL : 1UL, received)
            );
        }
        catch (Exception failure)
            when (failure
                    is IOException
                        or System.Security.Authentication.AuthenticationException
                        or ObjectDisposedException
            )
        {
            Log.Error($"a connection to the session was refused: {failure.Message}");
            secure?.Dispose();
            transport.Dispose();
        }
    }

    private static void Answer(SslStream stream, ulong status, ulong received)
    {
        byte[] answer = new byte[Reception.Bytes];
        var reception = new Reception
        {
            Magic = Reception.ExpectedMagic,
            Status = status,
            Received = received,
        };
        MemoryMarshal.Write(answer, in reception);
        stream.Write(answer);
    }
}
