using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace Weir.Cli.Bench;

/// <summary>Passes TCP connections on and adds the same time to every byte's way, without making the link narrower.</summary>
internal sealed class DelayingProxy : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly IPEndPoint _target;
    private readonly TimeSpan _each;

    /// <param name="target">Where connections go.</param>
    /// <param name="roundTrip">Added to a round trip, half of it each way.</param>
    public DelayingProxy(string target, TimeSpan roundTrip)
    {
        _target = IPEndPoint.Parse(target);
        _each = roundTrip / 2;
        _listener.Start();
        new Thread(Accept) { IsBackground = true }.Start();
    }

    /// <summary>host:port to connect to.</summary>
    public string Address => _listener.LocalEndpoint.ToString()!;

    public void Dispose() => _listener.Dispose();

    private void Accept()
    {
        try
        {
            while (true)
            {
                Socket near = _listener.AcceptSocket();
                var far = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
                near.NoDelay = true;
                far.Connect(_target);
                Join(near, far);
                Join(far, near);
            }
        }
        catch (Exception failure)
            when (failure is SocketException or ObjectDisposedException or InvalidOperationException)
        {
            // Closed.
        }
    }

    private void Join(Socket from, Socket to)
    {
        var queue = new BlockingCollection<(long Due, byte[] Bytes)>(4096);
        new Thread(() => Read(from, queue)) { IsBackground = true }.Start();
        new Thread(() => Write(to, queue)) { IsBackground = true }.Start();
    }

    private void Read(Socket from, BlockingCollection<(long Due, byte[] Bytes)> queue)
    {
        byte[] buffer = new byte[256 << 10];
        try
        {
            int got;
            while ((got = from.Receive(buffer)) > 0)
            {
                long due = Stopwatch.GetTimestamp() + (long)(_each.TotalSeconds * Stopwatch.Frequency);
                queue.Add((due, buffer[..got]));
            }
        }
        catch (SocketException)
        {
            // The other side has gone.
        }
        queue.CompleteAdding();
    }

    private static void Write(Socket to, BlockingCollection<(long Due, byte[] Bytes)> queue)
    {
        try
        {
            foreach ((long due, byte[] bytes) in queue.GetConsumingEnumerable())
            {
                // Sleeping is exact to a twentieth of a millisecond at best.
                while (Stopwatch.GetTimestamp() < due)
                {
                    if (due - Stopwatch.GetTimestamp() > Stopwatch.Frequency / 500)
                    {
                        Thread.Sleep(1);
                    }
                    else
                    {
                        Thread.Yield();
                    }
                }
                _ = to.Send(bytes);
            }
            to.Shutdown(SocketShutdown.Send);
        }
        catch (Exception failure) when (failure is SocketException or ObjectDisposedException)
        {
            // The other side has gone.
        }
    }
}
