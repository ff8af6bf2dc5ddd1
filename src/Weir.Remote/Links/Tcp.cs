using System.Globalization;
using System.Net.Sockets;
using Weir.Posix;

namespace Weir.Remote.Links;

/// <summary>TCP connections as the transport wants them: no delay, a silent peer is noticed.</summary>
internal static unsafe class Tcp
{
    // A peer that answers nothing for this long is taken for cut; milliseconds.
    private const int SilenceMs = 10_000;

    /// <summary>Connects to host:port.</summary>
    /// <exception cref="IOException">Nobody answers there.</exception>
    public static DescriptorStream Connect(string address)
    {
        int colon = address.LastIndexOf(':');
        if (
            colon < 1
            || !int.TryParse(address.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out int port)
        )
        {
            throw new RemoteException($"{address} is no address (host:port)");
        }
        string host = address[..colon].Trim('[', ']');
        try
        {
            using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
            socket.Connect(host, port);
            int descriptor = Libc.fcntl((int)socket.Handle, Libc.F_DUPFD_CLOEXEC, 3);
            if (descriptor < 0)
            {
                throw new IOException($"no descriptor for a connection (errno {Libc.Errno})");
            }
            Tune(descriptor);
            return new DescriptorStream(descriptor);
        }
        catch (SocketException failure)
        {
            throw new IOException($"{address} cannot be reached: {failure.Message}", failure);
        }
    }

    /// <summary>Sets the options of a connected socket, accepted or dialled.</summary>
    public static void Tune(int descriptor)
    {
        Set(descriptor, Libc.IPPROTO_TCP, Libc.TCP_NODELAY, 1);
        Set(descriptor, Libc.IPPROTO_TCP, Libc.TCP_USER_TIMEOUT, SilenceMs);
        Set(descriptor, Libc.SOL_SOCKET, Libc.SO_KEEPALIVE, 1);
        Set(descriptor, Libc.IPPROTO_TCP, Libc.TCP_KEEPIDLE, 5);
        Set(descriptor, Libc.IPPROTO_TCP, Libc.TCP_KEEPINTVL, 2);
        Set(descriptor, Libc.IPPROTO_TCP, Libc.TCP_KEEPCNT, 3);
    }

    private static void Set(int descriptor, int level, int name, int value) =>
        _ = Libc.setsockopt(descriptor, level, name, &value, sizeof(int));
}
