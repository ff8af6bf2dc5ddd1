using System.Diagnostics;

namespace Weir.Remote.Links;

/// <content>Connections come and go: the client's half dials, the server's half waits to be given one.</content>
internal sealed unsafe partial class Link
{
    private static readonly TimeSpan s_firstLimit = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan s_firstPause = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan s_longestPause = TimeSpan.FromSeconds(1);

    /// <summary>
    /// The client's way to a new connection: dials, introduces itself as having received so many frames, and gives the connection and what the server has
    /// received. <see cref="IOException"/>: try again. <see cref="RemoteException"/>: there is no use in trying.
    /// </summary>
    public Func<ulong, (Connection Connection, ulong Received)>? Dial { get; init; }

    /// <summary>The client's first connection. A node that cannot be reached is tried again for a while.</summary>
    /// <exception cref="IOException">The node cannot be reached.</exception>
    /// <exception cref="RemoteException">It refused.</exception>
    public void Open()
    {
        long begin = Stopwatch.GetTimestamp();
        while (true)
        {
            try
            {
                (Connection connection, ulong received) = Dial!(0);
                lock (_writing)
                {
                    Install(connection, received);
                    SendAgain(connection);
                }
                return;
            }
            catch (Exception failure) when (IsBroken(failure) && Stopwatch.GetElapsedTime(begin) < s_firstLimit)
            {
                Thread.Sleep(s_firstPause);
            }
        }
    }

    /// <summary>
    /// Server: a client has introduced itself for this link. Stops the connection before, if there is one, tells how far this side has received
    /// (<paramref name="answer"/>), and goes on from there.
    /// </summary>
    public void Adopt(Connection connection, ulong theirReceived, Action<ulong> answer)
    {
        lock (_state)
        {
            _isCut = true;
            _connection?.Cut();
        }
        lock (_writing)
        {
            try
            {
                // The receiver has let go of the old connection when this lock is free: what it has received is final.
                lock (_reading)
                {
                    answer(_received);
                    Install(connection, theirReceived);
                }
                // Both sides send again at the same time, so both must be reading meanwhile.
                SendAgain(connection);
            }
            catch (Exception failure) when (IsBroken(failure))
            {
                Drop(connection);
            }
        }
        // What arrived meanwhile could not be acknowledged, and the other side may wait for just that.
        PayAcknowledgement();
    }

    // The connection to receive from; null when the link has ended.
    private Connection? Current()
    {
        lock (_state)
        {
            if (_end is not null)
            {
                return null;
            }
            if (!_isCut)
            {
                return _connection;
            }
        }
        return Dial is null ? Await() : Redial(Dial);
    }

    private Connection? Await()
    {
        long until = Stopwatch.GetTimestamp() + (long)(_grace.TotalSeconds * Stopwatch.Frequency);
        lock (_state)
        {
            while (_end is null && _isCut)
            {
                double left = (double)(until - Stopwatch.GetTimestamp()) / Stopwatch.Frequency;
                if (left <= 0 || !Monitor.Wait(_state, TimeSpan.FromSeconds(left)))
                {
                    if (_isCut && Stopwatch.GetTimestamp() >= until)
                    {
                        _end ??= $"the connection was cut and did not come back within {_grace.TotalSeconds:0.#} s";
                        Monitor.PulseAll(_state);
                    }
                }
            }
            return _end is null ? _connection : null;
        }
    }

    private Connection? Redial(Func<ulong, (Connection Connection, ulong Received)> dial)
    {
        long begin = Stopwatch.GetTimestamp();
        TimeSpan pause = s_firstPause;
        while (true)
        {
            try
            {
                (Connection connection, ulong received) = dial(_received);
                using var installed = new ManualResetEventSlim();
                new Thread(() => Resume(connection, received, installed))
                {
                    IsBackground = true,
                    Name = "weir-resume",
                }.Start();
                installed.Wait();
                return Current();
            }
            catch (RemoteException refusal)
            {
                End(refusal.Message);
                return null;
            }
            catch (Exception failure) when (IsBroken(failure))
            {
                if (Stopwatch.GetElapsedTime(begin) >= _grace)
                {
                    End($"the node was out of reach for {_grace.TotalSeconds:0.#} s: {failure.Message}");
                    return null;
                }
            }
            lock (_state)
            {
                if (_end is not null)
                {
                    return null;
                }
                _ = Monitor.Wait(_state, pause);
            }
            pause = pause * 2 < s_longestPause ? pause * 2 : s_longestPause;
        }
    }

    // On a thread of its own: this one goes on to read, as the other side does.
    private void Resume(Connection connection, ulong theirReceived, ManualResetEventSlim installed)
    {
        lock (_writing)
        {
            Install(connection, theirReceived);
            installed.Set();
            try
            {
                SendAgain(connection);
            }
            catch (Exception failure) when (IsBroken(failure))
            {
                Cut(connection);
            }
        }
        PayAcknowledgement();
    }

    // Nobody reads or writes just now: go on with this connection.
    private void Install(Connection connection, ulong theirReceived)
    {
        lock (_state)
        {
            if (theirReceived > _lastSent)
            {
                _end ??= "the other node has received what was never sent";
            }
            Resumed += _connection is null ? 0 : 1;
            _connection?.Dispose();
            _connection = connection;
            _inputStart = _inputEnd = 0;
            _sent.Forget(theirReceived);
            _isCut = false;
            if (_end is not null)
            {
                connection.Cut();
            }
            Monitor.PulseAll(_state);
        }
    }

    // Under _writing: what the other side lacks.
    private void SendAgain(Connection connection)
    {
        SentFrames.Entry[] missing;
        lock (_state)
        {
            missing = _sent.All();
        }
        foreach (SentFrames.Entry entry in missing)
        {
            ReadOnlySpan<byte> kept;
            lock (_state)
            {
                if (!_sent.TryKept(entry, out kept))
                {
                    // Acknowledged meanwhile: its bulk may be gone.
                    continue;
                }
            }
            connection.Secure.Write(kept);
            if (entry.DataBytes > 0)
            {
                connection.Secure.Write(new ReadOnlySpan<byte>((void*)entry.Data, (int)entry.DataBytes));
            }
        }
    }

    private void Drop(Connection connection)
    {
        lock (_state)
        {
            if (_connection == connection)
            {
                _isCut = true;
                connection.Cut();
                return;
            }
        }
        connection.Dispose();
    }
}
