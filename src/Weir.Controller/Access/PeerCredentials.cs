using System.Globalization;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace Weir.Controller.Access;

/// <summary>Who is at the other end of the local socket, as the kernel knows it.</summary>
internal static class PeerCredentials
{
    private const int SolSocket = 1;
    private const int SoPeerCred = 17;

    /// <summary>The peer's user id.</summary>
    public static uint UserId(Socket socket)
    {
        Span<byte> credentials = stackalloc byte[12];
        int got = socket.GetRawSocketOption(SolSocket, SoPeerCred, credentials);
        return got == 12
            ? MemoryMarshal.Read<uint>(credentials[4..])
            : throw new InvalidOperationException("the kernel gave no credentials of the local socket's peer");
    }

    /// <summary>The caller with that user id: its name in /etc/passwd, else "uid-N".</summary>
    public static Caller Of(uint userId) => new(Name(userId), userId == 0 || userId == OwnUserId());

    private static string Name(uint userId)
    {
        string number = userId.ToString(CultureInfo.InvariantCulture);
        foreach (string line in File.ReadLines("/etc/passwd"))
        {
            string[] fields = line.Split(':');
            if (fields.Length > 2 && fields[2] == number)
            {
                return fields[0];
            }
        }
        return $"uid-{number}";
    }

    private static uint OwnUserId()
    {
        foreach (string line in File.ReadLines("/proc/self/status"))
        {
            if (line.StartsWith("Uid:", StringComparison.Ordinal))
            {
                return uint.Parse(line.Split('\t')[2], CultureInfo.InvariantCulture);
            }
        }
        throw new InvalidOperationException("/proc/self/status names no user id");
    }
}
