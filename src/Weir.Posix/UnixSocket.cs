using System.Text;

namespace Weir.Posix;

/// <summary>
/// Unix sockets and descriptors passed along with messages. Names are abstract (nothing in the file system), but for those
/// that begin with a slash, which are paths.
/// </summary>
internal static unsafe class UnixSocket
{
    /// <summary>Longest name, bytes.</summary>
    public const int MaxNameBytes = 107;

    private const int HeaderBytes = 16;
    private const int ControlBytes = 24;

    /// <summary>
    /// A listening SOCK_SEQPACKET socket of that name, closed at exec. A path that exists already is replaced.
    /// </summary>
    /// <exception cref="IOException">The name is taken or too long, or there is no socket to be had.</exception>
    public static int Listen(string name, int backlog)
    {
        int socket = Libc.socket(Libc.AF_UNIX, Libc.SOCK_SEQPACKET | Libc.SOCK_CLOEXEC, 0);
        if (socket < 0)
        {
            throw new IOException($"no socket: errno {Libc.Errno}");
        }
        byte* address = stackalloc byte[MaxNameBytes + 3];
        uint length = Address(name, address);
        if (name.StartsWith('/'))
        {
            File.Delete(name);
        }
        if (Libc.bind(socket, address, length) != 0 || Libc.listen(socket, backlog) != 0)
        {
            int error = Libc.Errno;
            _ = Libc.close(socket);
            throw new IOException($"cannot listen on socket {name}: errno {error}");
        }
        return socket;
    }

    /// <summary>A SOCK_SEQPACKET socket connected to that name, or -1.</summary>
    public static int Connect(string name)
    {
        int socket = Libc.socket(Libc.AF_UNIX, Libc.SOCK_SEQPACKET | Libc.SOCK_CLOEXEC, 0);
        byte* address = stackalloc byte[MaxNameBytes + 3];
        uint length = Address(name, address);
        if (socket >= 0 && Libc.connect(socket, address, length) != 0)
        {
            _ = Libc.close(socket);
            return -1;
        }
        return socket;
    }

    /// <summary>A SOCK_SEQPACKET socket connected to that path in the file system, or -1.</summary>
    public static int ConnectPath(string path)
    {
        byte[] name = Encoding.UTF8.GetBytes(path);
        if (name.Length is 0 or > MaxNameBytes)
        {
            return -1;
        }
        int socket = Libc.socket(Libc.AF_UNIX, Libc.SOCK_SEQPACKET | Libc.SOCK_CLOEXEC, 0);
        byte* address = stackalloc byte[MaxNameBytes + 3];
        *(ushort*)address = Libc.AF_UNIX;
        name.CopyTo(new Span<byte>(address + 2, MaxNameBytes));
        address[2 + name.Length] = 0;
        if (socket >= 0 && Libc.connect(socket, address, (uint)(3 + name.Length)) != 0)
        {
            _ = Libc.close(socket);
            return -1;
        }
        return socket;
    }

    /// <summary>Credentials of the process that connected, as the kernel recorded them.</summary>
    public static bool TryGetPeer(int socket, out PeerCredentials peer)
    {
        PeerCredentials found;
        uint length = (uint)sizeof(PeerCredentials);
        bool ok = Libc.getsockopt(socket, Libc.SOL_SOCKET, Libc.SO_PEERCRED, &found, &length) == 0;
        peer = ok ? found : default;
        return ok;
    }

    /// <summary>Sends one message, with a descriptor when <paramref name="descriptor"/> is not negative.</summary>
    public static bool Send(int socket, ReadOnlySpan<byte> message, int descriptor = -1)
    {
        fixed (byte* data = message)
        {
            var vector = new IoVector { Base = data, Length = (nuint)message.Length };
            byte* control = stackalloc byte[ControlBytes];
            var header = new MessageHeader { Vectors = &vector, VectorCount = 1 };
            if (descriptor >= 0)
            {
                *(ulong*)control = HeaderBytes + sizeof(int);
                *(int*)(control + 8) = Libc.SOL_SOCKET;
                *(int*)(control + 12) = Libc.SCM_RIGHTS;
                *(long*)(control + 16) = descriptor;
                header.Control = control;
                header.ControlLength = ControlBytes;
            }
            nint sent;
            do
            {
                sent = Libc.sendmsg(socket, &header, Libc.MSG_NOSIGNAL);
            } while (sent < 0 && Libc.Errno == Libc.EINTR);
            return sent == message.Length;
        }
    }

    /// <summary>
    /// Receives one message; 0 when the other side has gone, -1 when nothing is there (with
    /// <see cref="Libc.MSG_DONTWAIT"/>). A descriptor that came along belongs to the caller, else it is -1.
    /// </summary>
    public static int Receive(int socket, Span<byte> buffer, out int descriptor, int flags = 0)
    {
        fixed (byte* data = buffer)
        {
            var vector = new IoVector { Base = data, Length = (nuint)buffer.Length };
            byte* control = stackalloc byte[ControlBytes];
            var header = new MessageHeader
            {
                Vectors = &vector,
                VectorCount = 1,
                Control = control,
                ControlLength = ControlBytes,
            };
            nint received;
            do
            {
                received = Libc.recvmsg(socket, &header, flags | Libc.MSG_CMSG_CLOEXEC);
            } while (received < 0 && Libc.Errno == Libc.EINTR);
            bool passed =
                received >= 0
                && header.ControlLength >= HeaderBytes + sizeof(int)
                && *(int*)(control + 8) == Libc.SOL_SOCKET
                && *(int*)(control + 12) == Libc.SCM_RIGHTS;
            descriptor = passed ? *(int*)(control + 16) : -1;
            return received >= 0 ? (int)received
                : Libc.Errno == Libc.EAGAIN ? -1
                : 0;
        }
    }

    private static uint Address(string name, byte* address)
    {
        int bytes = Encoding.UTF8.GetByteCount(name);
        if (bytes is 0 or > MaxNameBytes)
        {
            throw new IOException($"a socket name must have 1 to {MaxNameBytes} bytes: {name}");
        }
        *(ushort*)address = Libc.AF_UNIX;
        if (name.StartsWith('/'))
        {
            _ = Encoding.UTF8.GetBytes(name, new Span<byte>(address + 2, MaxNameBytes));
            address[2 + bytes] = 0;
            return (uint)(2 + bytes + 1);
        }
        address[2] = 0;
        _ = Encoding.UTF8.GetBytes(name, new Span<byte>(address + 3, MaxNameBytes));
        return (uint)(3 + bytes);
    }
}
