using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;

namespace Weir.Dashboard.Pool;

/// <summary>Where the controller is: its local socket, where the kernel says who asks; and its port, where a token does.</summary>
/// <param name="Socket">The socket's path.</param>
/// <param name="Controller">"host:port"; null: asked of the controller by its socket.</param>
internal sealed record PoolAddress(string? Socket, string? Controller)
{
    private string? _known = Controller;

    /// <summary>A client: as whoever runs the dashboard, or as a token's user.</summary>
    /// <exception cref="PoolProblem">It cannot be had; the message says what to do.</exception>
    public PoolClient Open(string? token)
    {
        if (token is null)
        {
            return Socket is { } path
                ? new PoolClient(OverSocket(path), new Uri("http://localhost/"))
                : throw new PoolProblem(
                    "a token is needed here: `weir token create` on the controller's machine makes one"
                );
        }
        if (token.Split('.') is not ["weiru1", { Length: 64 } fingerprint, { Length: > 0 }])
        {
            throw new PoolProblem("this is no user's token: it begins with weiru1.");
        }
        _known ??= Ask();
        var handler = new SocketsHttpHandler
        {
            ConnectTimeout = TimeSpan.FromSeconds(10),
            SslOptions = new SslClientAuthenticationOptions
            {
                RemoteCertificateValidationCallback = (_, certificate, _, _) =>
                    certificate
                        ?.GetCertHashString(HashAlgorithmName.SHA256)
                        .Equals(fingerprint, StringComparison.OrdinalIgnoreCase) == true,
            },
        };
        return new PoolClient(handler, new Uri($"https://{_known}/"), token);
    }

    private string Ask()
    {
        using PoolClient client = Open(null);
        return client.StatusAsync().GetAwaiter().GetResult().Address;
    }

    private static SocketsHttpHandler OverSocket(string path) =>
        new()
        {
            ConnectCallback = async (_, cancellation) =>
            {
                var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
                try
                {
                    await socket.ConnectAsync(new UnixDomainSocketEndPoint(path), cancellation);
                    return new NetworkStream(socket, ownsSocket: true);
                }
                catch
                {
                    socket.Dispose();
                    throw;
                }
            },
        };
}
