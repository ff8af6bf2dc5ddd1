using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Weir.Remote.Links;

/// <summary>
/// A reliable way for frames in both directions between two processes that outlives its connections: frames are numbered and kept until
/// acknowledged; after a cut a new connection goes on where the other side stopped receiving, so that nothing is lost and nothing comes
/// twice. When no connection comes back within the grace time, the link ends. Any number of threads may send; one receives.
/// </summary>
internal sealed unsafe partial class Link : IDisposable
{
    // An acknowledgement of its own is sent when this much was received and nothing was sent that carried one.
    private const long QuietBytes = 128 << 10;
    private const ulong QuietFrames = 64;

    private readonly uint _number;
    private readonly TimeSpan _grace;
    private readonly long _roomBytes;
    private readonly Lock _writing = new();
    private readonly object _state = new();
    private readonly Lock _reading = new();
    private readonly SentFrames _sent = new();
    private readonly byte[] _acknowledgement = new byte[FrameHeader.Bytes];

    private Connection? _connection;
    private bool _isCut = true;
    private string? _end;
    private ulong _lastSent;
    private ulong _received;
    private ulong _told;
    private long _untoldBytes;
    private bool _owesAcknowledgement;

    /// <param name="number">Which link of the session.</param>
    /// <param name="grace">How long a cut may last.</param>
    /// <param name="roomBytes">Unacknowledged bytes of heads from which on <see cref="WaitForRoom"/> waits.</param>
    public Link(uint number, TimeSpan grace, long roomBytes)
    {
        _number = number;
        _grace = grace;
        _roomBytes = roomBytes;
    }

    /// <summary>Why the link has ended; null while it has not.</summary>
    public string? Ended
    {
        get
        {
            lock (_state)
            {
                return _end;
            }
        }
    }

    /// <summary>Frames sent so far, for counting.</summary>
    public ulong Sent => Volatile.Read(ref _lastSent);

    /// <summary>Connections that were cut and came back.</summary>
    public int Resumed { get; private set; }

    /// <summary>Sends a frame without bulk.</summary>
    public void Send(ushort kind, ReadOnlySpan<byte> head) => Send(kind, head, default, null, 0);

    /// <summary>Sends a frame without bulk whose head is in two parts.</summary>
    public void Send(ushort kind, ReadOnlySpan<byte> head, ReadOnlySpan<byte> more) => Send(kind, head, more, null, 0);

    /// <summary>
    /// Sends a frame, or keeps it until there is a connection again. <paramref name="data"/> is read now, and once more after a cut: it must stay
    /// as it is until the other side has answered for it in its own way.
    /// </summary>
    public void Send(ushort kind, ReadOnlySpan<byte> head, byte* data, uint dataBytes) =>
        Send(kind, head, default, data, dataBytes);

    private void Send(ushort kind, ReadOnlySpan<byte> head, ReadOnlySpan<byte> more, byte* data, uint dataBytes)
    {
        lock (_writing)
        {
            int length = FrameHeader.Bytes + head.Length + more.Length;
            Span<byte> place;
            Connection? connection;
            lock (_state)
            {
                if (_end is not null)
                {
                    return;
                }
                ulong number = _lastSent + 1;
                place = _sent.Append(number, length, data, dataBytes);
                var header = new FrameHeader
                {
                    HeadBytes = (uint)(head.Length + more.Length),
                    DataBytes = dataBytes,
                    Kind = kind,
                    Number = number,
                    Acknowledged = _received,
                };
                NoteTold();
                MemoryMarshal.Write(place, in header);
                head.CopyTo(place[FrameHeader.Bytes..]);
                more.CopyTo(place[(FrameHeader.Bytes + head.Length)..]);
                _lastSent = number;
                connection = _isCut ? null : _connection;
            }
            // Nobody moves the buffer meanwhile: it is only moved by appending.
            Write(connection, place, data, dataBytes);
        }
        PayAcknowledgement();
    }

    /// <summary>Waits while too much is sent and not acknowledged; false when the link has ended.</summary>
    public bool WaitForRoom()
    {
        lock (_state)
        {
            while (_end is null && _sent.Bytes > _roomBytes)
            {
                _ = Monitor.Wait(_state);
            }
            return _end is null;
        }
    }

    /// <summary>Ends the link here; a receiver stops, frames that are sent later are dropped. The first reason counts.</summary>
    public void End(string reason)
    {
        lock (_state)
        {
            _end ??= reason;
            _connection?.Cut();
            Monitor.PulseAll(_state);
        }
    }

    /// <summary>Waits until all that was sent is acknowledged, at most that long.</summary>
    public void Drain(TimeSpan limit)
    {
        long until = Stopwatch.GetTimestamp() + (long)(limit.TotalSeconds * Stopwatch.Frequency);
        lock (_state)
        {
            while (_end is null && !_isCut && _sent.Count > 0)
            {
                long left = until - Stopwatch.GetTimestamp();
                if (left <= 0 || !Monitor.Wait(_state, TimeSpan.FromSeconds((double)left / Stopwatch.Frequency)))
                {
                    return;
                }
            }
        }
    }

    /// <summary>Ends the link and frees its connection.</summary>
    public void Dispose()
    {
        End("closed");
        lock (_writing)
        {
            lock (_reading)
            {
                _connection?.Dispose();
            }
        }
    }

    private void Write(Connection? connection, ReadOnlySpan<byte> first, byte* data, uint dataBytes)
    {
        if (connection is null)
        {
            return;
        }
        try
        {
            connection.Secure.Write(first);
            if (dataBytes > 0)
            {
                connection.Secure.Write(new ReadOnlySpan<byte>(data, (int)dataBytes));
            }
        }
        catch (Exception failure) when (IsBroken(failure))
        {
            Cut(connection);
        }
    }

    // The receiver never waits for a sender: if one is at work, it pays the debt when it has done.
    private void PayAcknowledgement()
    {
        while (Volatile.Read(ref _owesAcknowledgement) && _writing.TryEnter())
        {
            try
            {
                Connection? connection;
                lock (_state)
                {
                    if (!_owesAcknowledgement)
                    {
                        return;
                    }
                    var header = new FrameHeader { Acknowledged = _received };
                    NoteTold();
                    MemoryMarshal.Write(_acknowledgement, in header);
                    connection = _isCut || _end is not null ? null : _connection;
                }
                Write(connection, _acknowledgement, null, 0);
            }
            finally
            {
                _writing.Exit();
            }
        }
    }

    private void NoteTold()
    {
        _told = _received;
        _untoldBytes = 0;
        Volatile.Write(ref _owesAcknowledgement, false);
    }

    // Whoever notices first says so; the receiver then sees to a new connection.
    private void Cut(Connection connection)
    {
        lock (_state)
        {
            if (_connection == connection)
            {
                _isCut = true;
            }
            connection.Cut();
            Monitor.PulseAll(_state);
        }
    }

    private static bool IsBroken(Exception failure) =>
        failure
            is IOException
                or ObjectDisposedException
                or InvalidOperationException
                or System.Security.Authentication.AuthenticationException;
}
