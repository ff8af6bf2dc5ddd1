using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Weir.Remote.Control;
using Weir.Remote.Links;
using Weir.Remote.Secure;
using Libc = Weir.Posix.Libc;

namespace Weir.Remote.Tests;

/// <summary>A client's and a server's link with a proxy between them that can be cut, over real TLS on the loopback.</summary>
internal sealed class LinkPair : IDisposable
{
    private readonly X509Certificate2 _certificate = PinnedTls.CreateCertificate();
    private readonly byte[] _secret = RandomNumberGenerator.GetBytes(Introduction.SecretBytes);
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CuttingProxy _proxy;
    private volatile bool _isClosed;

    public LinkPair(TimeSpan grace, long roomBytes = 1 << 20)
    {
        _listener.Start();
        _proxy = new CuttingProxy((IPEndPoint)_listener.LocalEndpoint);
        Server = new Link(0, grace, long.MaxValue);
        new Thread(Accept) { IsBackground = true }.Start();
        var offer = new SessionOffer(
            "s",
            Guid.NewGuid(),
            PinnedTls.Fingerprint(_certificate),
            System.Buffers.Text.Base64Url.EncodeToString(_secret),
            30
        );
        var dialer = new Dialer($"127.0.0.1:{_proxy.Port}", offer);
        Client = new Link(0, grace, roomBytes) { Dial = received => dialer.Dial(0, received) };
    }

    public Link Client { get; }
    public Link Server { get; }
    public CuttingProxy Proxy => _proxy;

    public void Dispose()
    {
        _isClosed = true;
        Client.Dispose();
        Server.Dispose();
        _proxy.Dispose();
        _listener.Dispose();
        _certificate.Dispose();
    }

    private void Accept()
    {
        while (!_isClosed)
        {
            try
            {
                using Socket socket = _listener.AcceptSocket();
                int descriptor = Libc.fcntl((int)socket.Handle, Libc.F_DUPFD_CLOEXEC, 3);
                new Thread(() => Greet(new DescriptorStream(descriptor))) { IsBackground = true }.Start();
            }
            catch (SocketException)
            {
                return;
            }
        }
    }

    private void Greet(DescriptorStream transport)
    {
        try
        {
            transport.ReadExactly(new byte[Preface.Bytes]);
            SslStream secure = PinnedTls.Accept(transport, _certificate);
            byte[] words = new byte[Introduction.Bytes];
            secure.ReadExactly(words);
            var introduction = MemoryMarshal.Read<Introduction>(words);
            Assert.True(introduction.IsOf(_secret));
            Server.Adopt(
                new Connection(secure, transport),
                introduction.Received,
                received =>
                {
                    byte[] answer = new byte[Reception.Bytes];
                    var reception = new Reception { Magic = Reception.ExpectedMagic, Received = received };
                    MemoryMarshal.Write(answer, in reception);
                    secure.Write(answer);
                }
            );
        }
        catch (Exception failure)
            when (failure
                    is IOException
                        or System.Security.Authentication.AuthenticationException
                        or ObjectDisposedException
            )
        {
            transport.Dispose();
        }
    }
}
