using System.Buffers.Binary;
using System.Globalization;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Weir.Kernels.Abi;
using Weir.Kernels.Codegen;

namespace Weir.Kernels.Service;

/// <summary>Where the compile service of this user listens.</summary>
public static class CompileAddress
{
    private const int SolSocket = 1;
    private const int SoPeerCred = 17;

    /// <summary>
    /// Name of the abstract unix socket: that in <c>WEIR_COMPILER_SOCKET</c>, else one per user and version. One that begins
    /// with a slash is a path: it is reached from every network namespace, and whoever may write its folder is believed.
    /// </summary>
    public static string Default =>
        Environment.GetEnvironmentVariable("WEIR_COMPILER_SOCKET") is { Length: > 0 } given
            ? given
            : string.Create(
                CultureInfo.InvariantCulture,
                $"weir-compiler-{User}-{KernelAbi.Version}.{KernelCompiler.Version}"
            );

    /// <summary>Own user id.</summary>
    internal static uint User => geteuid();

    /// <summary>The socket's address.</summary>
    internal static UnixDomainSocketEndPoint EndPoint(string name) => new(IsPath(name) ? name : "\0" + name);

    /// <summary>A name of the file system rather than an abstract one.</summary>
    internal static bool IsPath(string name) => name.StartsWith('/');

    /// <summary>User id of the process at the other end.</summary>
    internal static uint PeerUser(Socket socket)
    {
        byte[] credentials = new byte[12];
        int length = socket.GetRawSocketOption(SolSocket, SoPeerCred, credentials);
        return length == 12 ? BinaryPrimitives.ReadUInt32LittleEndian(credentials.AsSpan(4)) : uint.MaxValue;
    }

    [DllImport("libc")]
    private static extern uint geteuid();
}
