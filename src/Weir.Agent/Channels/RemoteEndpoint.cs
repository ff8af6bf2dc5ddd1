using System.Net;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Weir.Posix;
using Weir.Remote;
using Weir.Remote.Control;
using Weir.Remote.Secure;

namespace Weir.Agent.Channels;

/// <summary>
/// The node's one TCP port. What a connection is for stands in its preface: a holder's control channel, whose TLS is the
/// agent's, or a session, whose worker gets the connection and does the TLS itself.
/// </summary>
internal sealed class RemoteEndpoint(Node node, X509Certificate2 certificate)
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(10);
    private readonly Socket _listener = new(SocketType.Stream, ProtocolType.Tcp);

    /// <summary>Begins to listen; where, is known afterwards.</summary>
    /// <exception cref="FormatException">The address is none.</exception>
    /// <exception cref="SocketException">Nobody can listen there.</exception>
    public void Start()
    {
        IPEndPoint asked = IPEndPoint.TryParse(node.Config.Listen, out IPEndPoint? parsed)
            ? parsed
            : throw new FormatException($"listen is an address and port like 0.0.0.0:7443, not {node.Config.Listen}");
        _listener.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.ReuseAddress, true);
        _listener.Bind(asked);
        _listener.Listen(256);
        int port = ((IPEndPoint)_listener.LocalEndPoint!).Port;
        node.Address = node.Config.Advertise is { Length: > 0 } advertise
            ? advertise.Contains(':', StringComparison.Ordinal)
                ? advertise
                : $"{advertise}:{port}"
            : asked.Address.Equals(IPAddress.Any) || asked.Address.Equals(IPAddress.IPv6Any)
                ? $"{Dns.GetHostName()}:{port}"
                : new IPEndPoint(asked.Address, port).ToString();
        node.Fingerprint = PinnedTls.Fingerprint(certificate);
        _ = Task.Run(AcceptAll);
    }

    private async Task AcceptAll()
    {
        while (true)
        {
            try
            {
                Socket client = await _listener.AcceptAsync();
                _ = Task.Run(() => Welcome(client));
            }
            catch (SocketException failure)
            {
                // Too many open files, mostly: others may close theirs.
                Log.Error($"a connection was not accepted: {failure.Message}");
                await Task.Delay(100);
            }
        }
    }

    private async Task Welcome(Socket client)
    {
        try
        {
            using var stop = new CancellationTokenSource(s_patience);
            byte[] message = new byte[Preface.Bytes];
            for (int got = 0; got < message.Length; )
            {
                int more = await client.ReceiveAsync(message.AsMemory(got), stop.Token);
                if (more == 0)
                {
                    client.Dispose();
                    return;
                }
                got += more;
            }
            if (!Preface.TryDecode(message, out Preface preface, out string reason))
            {
                Log.Info($"{client.RemoteEndPoint} was turned away: {reason}");
                client.Dispose();
            }
            else if (preface.IsControl)
            {
                string host = ((IPEndPoint)client.RemoteEndPoint!).Address.ToString();
                Stream secure = await PinnedTls.AcceptAsync(
                    new NetworkStream(client, ownsSocket: true),
                    certificate,
                    stop.Token
                );
                client.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
                client.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime, 10);
                client.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveInterval, 5);
                client.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveRetryCount, 3);
                new HolderChannel(node, new ControlChannel(secure), host, isLocal: false).Start();
            }
            else
            {
                HandOn(client, preface.Routing);
            }
        }
        catch (Exception failure)
            when (failure is SocketException or IOException or AuthenticationException or OperationCanceledException)
        {
            client.Dispose();
        }
    }

    private void HandOn(Socket client, Guid routing)
    {
        using (client)
        {
            int descriptor = (int)client.Handle;
            // The worker gets the same open file, which waiting here has made non-blocking.
            int flags = Libc.fcntl(descriptor, Libc.F_GETFL, 0);
            _ = Libc.fcntl(descriptor, Libc.F_SETFL, flags & ~Libc.O_NONBLOCK);
            lock (node.Gate)
            {
                if (!node.Sessions.TryConnect(routing, descriptor))
                {
                    Log.Info("a connection was closed: its session is not here");
                }
            }
        }
    }
}
