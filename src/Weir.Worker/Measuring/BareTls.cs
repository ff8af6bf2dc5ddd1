using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using Weir.Posix;
using Weir.Remote.Secure;

namespace Weir.Worker.Measuring;

/// <summary>
/// The yardstick of the transport: two processes with nothing but an <see cref="SslStream"/> over TCP between them, of the same cipher, exchanging
/// messages as short as a call's, and sending bulk in pieces as large as the transport's.
/// </summary>
internal static class BareTls
{
    private const int MessageBytes = 64;
    private const int PieceBytes = 1 << 20;
    private const int Rounds = 400;
    private const long BulkBytes = 256L << 20;

    /// <summary>Starts the other process and measures; prints `pingpong_us` and `bulk_up_GBs`, `bulk_down_GBs`.</summary>
    /// <param name="listen">Address to listen on, port 0 = any.</param>
    /// <param name="prefix">Words before the other process' command line, to run it elsewhere.</param>
    public static void Run(string listen, IReadOnlyList<string> prefix)
    {
        using var listener = new Socket(SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(IPEndPoint.Parse(listen));
        listener.Listen(1);
        string address = listener.LocalEndPoint!.ToString()!;
        string self = NativeText.FromUtf8(Environment.ProcessPath!);
        string[] line = [.. prefix, self, "--measure", "bare-tls-client", address];
        _ = ChildProcess.Start(
            line[0].StartsWith('/') ? line[0] : "/usr/bin/env",
            line[0].StartsWith('/') ? line : ["env", .. line],
            NativeText.Environment(),
            [],
            output: 1,
            detached: false
        );
        using Socket socket = listener.Accept();
        socket.NoDelay = true;
        using X509Certificate2 certificate = PinnedTls.CreateCertificate();
        using SslStream secure = PinnedTls.Accept(new NetworkStream(socket), certificate);
        byte[] piece = new byte[PieceBytes];
        for (int round = 0; round < Rounds * 5; round++)
        {
            secure.ReadExactly(piece.AsSpan(0, MessageBytes));
            secure.Write(piece.AsSpan(0, MessageBytes));
        }
        for (long left = BulkBytes; left > 0; left -= PieceBytes)
        {
            secure.ReadExactly(piece);
        }
        secure.Write(piece.AsSpan(0, 1));
        for (long left = BulkBytes; left > 0; left -= PieceBytes)
        {
            secure.Write(piece);
        }
        _ = secure.ReadByte();
    }

    /// <summary>The other process.</summary>
    public static void RunClient(string address)
    {
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        socket.Connect(IPEndPoint.Parse(address));
        socket.NoDelay = true;
        using var secure = new SslStream(new NetworkStream(socket), false, (_, _, _, _) => true);
        secure.AuthenticateAsClient("weir");
        byte[] piece = new byte[PieceBytes];
        double[] rounds = [.. Enumerable.Range(0, 5).Select(_ => PingPong(secure, piece)).Order()];
        long start = Stopwatch.GetTimestamp();
        for (long left = BulkBytes; left > 0; left -= PieceBytes)
        {
            secure.Write(piece);
        }
        secure.ReadExactly(piece.AsSpan(0, 1));
        double up = BulkBytes / Stopwatch.GetElapsedTime(start).TotalSeconds / 1e9;
        start = Stopwatch.GetTimestamp();
        for (long left = BulkBytes; left > 0; left -= PieceBytes)
        {
            secure.ReadExactly(piece);
        }
        double down = BulkBytes / Stopwatch.GetElapsedTime(start).TotalSeconds / 1e9;
        secure.WriteByte(0);
        Console.WriteLine(
            string.Create(
                CultureInfo.InvariantCulture,
                $"pingpong_us {rounds[2]:0.00}\nbulk_up_GBs {up:0.000}\nbulk_down_GBs {down:0.000}"
            )
        );
    }

    private static double PingPong(SslStream secure, byte[] piece)
    {
        long start = Stopwatch.GetTimestamp();
        for (int round = 0; round < Rounds; round++)
        {
            secure.Write(piece.AsSpan(0, MessageBytes));
            secure.ReadExactly(piece.AsSpan(0, MessageBytes));
        }
        return Stopwatch.GetElapsedTime(start).TotalMicroseconds / Rounds;
    }
}
