using System.Runtime.InteropServices;

namespace Weir.Remote.Links;

/// <content>Receiving: one thread, one frame at a time, over whatever connection there is.</content>
internal sealed unsafe partial class Link
{
    private const int InputBytes = 64 << 10;

    private readonly byte[] _input = new byte[InputBytes];
    private byte[] _head = new byte[InputBytes];
    private int _inputStart;
    private int _inputEnd;

    /// <summary>Frames received so far.</summary>
    public ulong Received => Volatile.Read(ref _received);

    /// <summary>A whole or part of a frame lies here already, or comes without waiting.</summary>
    public bool HasInput => _inputEnd > _inputStart || (_connection is { } connection && connection.Transport.HasInput);

    /// <summary>
    /// Receives frames until one that is no mere acknowledgement has been given to the receiver. Waits for it, and through cuts.
    /// </summary>
    /// <returns>False when the link has ended (<see cref="Ended"/>).</returns>
    public bool Receive(ILinkReceiver receiver)
    {
        while (true)
        {
            Connection? connection = Current();
            if (connection is null)
            {
                return false;
            }
            FrameHeader header;
            byte* data = null;
            try
            {
                lock (_reading)
                {
                    if (_connection != connection)
                    {
                        continue;
                    }
                    header = ReadHeader(connection);
                    ReadOnlySpan<byte> head = ReadHead(connection, header.HeadBytes);
                    if (header.DataBytes > 0)
                    {
                        data = receiver.Place(header, head);
                        ReadData(connection, new Span<byte>(data, (int)header.DataBytes));
                    }
                    NoteReceived(header);
                }
            }
            catch (Exception failure) when (IsBroken(failure))
            {
                Cut(connection);
                continue;
            }
            catch (RemoteException violation)
            {
                End(violation.Message);
                return false;
            }
            if (header.Kind == 0)
            {
                continue;
            }
            try
            {
                receiver.Arrived(header, _head.AsSpan(0, (int)header.HeadBytes), data);
            }
            catch (RemoteException violation)
            {
                End(violation.Message);
                return false;
            }
            if (Volatile.Read(ref _owesAcknowledgement))
            {
                // Never by this thread: were both sides' receivers to wait for room to write, nobody would read.
                _ = ThreadPool.UnsafeQueueUserWorkItem(
                    static link => link.PayAcknowledgement(),
                    this,
                    preferLocal: false
                );
            }
            return true;
        }
    }

    private FrameHeader ReadHeader(Connection connection)
    {
        Fill(connection, FrameHeader.Bytes);
        var header = MemoryMarshal.Read<FrameHeader>(_input.AsSpan(_inputStart));
        _inputStart += FrameHeader.Bytes;
        if (!header.IsWellFormed || (header.Kind != 0 && header.Number != _received + 1))
        {
            throw new RemoteException("the other node sent a malformed frame");
        }
        return header;
    }

    private ReadOnlySpan<byte> ReadHead(Connection connection, uint bytes)
    {
        if (_head.Length < bytes)
        {
            _head = new byte[FrameHeader.MaxHeadBytes];
        }
        Span<byte> head = _head.AsSpan(0, (int)bytes);
        ReadData(connection, head);
        return head;
    }

    private void ReadData(Connection connection, Span<byte> target)
    {
        int ready = Math.Min(_inputEnd - _inputStart, target.Length);
        _input.AsSpan(_inputStart, ready).CopyTo(target);
        _inputStart += ready;
        while (ready < target.Length)
        {
            // Little is read together with what follows it, much goes straight to its place.
            if (target.Length - ready < InputBytes / 4)
            {
                Fill(connection, target.Length - ready);
                _input.AsSpan(_inputStart, target.Length - ready).CopyTo(target[ready..]);
                _inputStart += target.Length - ready;
                return;
            }
            int got = connection.Secure.Read(target[ready..]);
            ready += got > 0 ? got : throw new IOException("the connection has ended");
        }
    }

    // At least that many bytes are in the buffer afterwards.
    private void Fill(Connection connection, int bytes)
    {
        if (_inputEnd - _inputStart >= bytes)
        {
            return;
        }
        if (_inputStart > 0)
        {
            _input.AsSpan(_inputStart, _inputEnd - _inputStart).CopyTo(_input);
            _inputEnd -= _inputStart;
            _inputStart = 0;
        }
        while (_inputEnd < bytes)
        {
            int got = connection.Secure.Read(_input.AsSpan(_inputEnd));
            _inputEnd += got > 0 ? got : throw new IOException("the connection has ended");
        }
    }

    private void NoteReceived(in FrameHeader header)
    {
        lock (_state)
        {
            if (header.Acknowledged > _lastSent)
            {
                throw new RemoteException("the other node acknowledges what was never sent");
            }
            bool wakes = _sent.Count > 0;
            _sent.Forget(header.Acknowledged);
            if (header.Kind != 0)
            {
                _received++;
                _untoldBytes += header.HeadBytes + header.DataBytes;
                if (_untoldBytes >= QuietBytes || _received - _told >= QuietFrames)
                {
                    Volatile.Write(ref _owesAcknowledgement, true);
                }
            }
            if (wakes)
            {
                Monitor.PulseAll(_state);
            }
        }
    }
}
