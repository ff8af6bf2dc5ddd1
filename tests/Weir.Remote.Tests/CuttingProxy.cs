using System.Net;
using System.Net.Sockets;

namespace Weir.Remote.Tests;

/// <summary>Passes TCP connections on, and cuts them: at once, after so many bytes, or not letting new ones in for a while.</summary>
internal sealed class CuttingProxy : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly IPEndPoint _target;
    private readonly Lock _gate = new();
    private readonly List<(Socket Near, Socket Far)> _pairs = [];
    private long _left = long.MaxValue;

    public CuttingProxy(IPEndPoint target)
    {
        _target = target;
        _listener.Start();
        Port = ((IPEndPoint)_listener.LocalEndpoint).Port;
        new Thread(Accept) { IsBackground = true }.Start();
    }

    public int Port { get; }

    /// <summary>New connections are dropped.</summary>
    public bool IsClosed { get; set; }

    /// <summary>Connections that were cut so far.</summary>
    public int Cuts { get; private set; }

    /// <summary>Bytes that have passed, both ways.</summary>
    public long Passed { get; private set; }

    /// <summary>Cuts all connections when so many more bytes have passed, wherever that is in a frame.</summary>
    public void CutAfter(long bytes)
    {
        lock (_gate)
        {
            _left = bytes;
        }
    }

    public void Cut()
    {
        lock (_gate)
        {
            Cuts += _pairs.Count;
            foreach ((Socket near, Socket far) in _pairs)
            {
                Reset(near);
                Reset(far);
            }
            _pairs.Clear();
            _left = long.MaxValue;
        }
    }

    // As when a machine vanishes: what was on its way is lost.
    private static void Reset(Socket socket)
    {
        try
        {
            socket.LingerState = new LingerOption(true, 0);
            socket.Close();
        }
        catch (Exception failure) when (failure is SocketException or ObjectDisposedException)
        {
            // Its other side has closed it already.
        }
    }

    public void Dispose()
    {
        _listener.Dispose();
        Cut();
    }

    private void Accept()
    {
        while (true)
        {
            Socket near;
            try
            {
                near = _listener.AcceptSocket();
            }
            catch (Exception failure)
                when (failure is SocketException or ObjectDisposedException or InvalidOperationException)
            {
                return;
            }
            if (IsClosed)
            {
                near.Dispose();
                continue;
            }
            var far = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            near.NoDelay = true;
            try
            {
                far.Connect(_target);
            }
            catch (SocketException)
            {
                // Nobody is behind the proxy any more.
                near.Dispose();
                far.Dispose();
                continue;
            }
            lock (_gate)
            {
                _pairs.Add((near, far));
            }
            new Thread(() => Pump(near, far)) { IsBackground = true }.Start();
            new Thread(() => Pump(far, near)) { IsBackground = true }.Start();
        }
    }

    private void Pump(Socket from, Socket to)
    {
        byte[] buffer = new byte[32 << 10];
        try
        {
            int got;
            while ((got = from.Receive(buffer)) > 0)
            {
                long allowed;
                lock (_gate)
                {
                    allowed = Math.Min(got, _left);
                    _left -= _left == long.MaxValue ? 0 : allowed;
                    Passed += allowed;
                }
                to.Send(buffer.AsSpan(0, (int)allowed));
                if (allowed < got)
                {
                    Cut();
                    return;
                }
            }
            to.Shutdown(SocketShutdown.Send);
        }
        catch (Exception failure) when (failure is SocketException or ObjectDisposedException)
        {
            // One side has gone: so has the other.
            from.Close();
            to.Close();
        }
    }
}
