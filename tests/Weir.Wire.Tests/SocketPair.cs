using System.Runtime.InteropServices;

namespace Weir.Wire.Tests;

/// <summary>Two connected SOCK_SEQPACKET sockets.</summary>
internal static unsafe partial class SocketPair
{
    public static (int First, int Second) Create()
    {
        var pair = stackalloc int[2];
        Assert.Equal(0, socketpair(Libc.AfUnix, Libc.SockSeqpacket | Libc.SockCloexec, 0, pair));
        return (pair[0], pair[1]);
    }

    [LibraryImport("libc")]
    private static partial int socketpair(int family, int type, int protocol, int* pair);
}
