using System.Buffers.Binary;
using System.Text.Json;
using Weir.Wire;

namespace Weir.Remote.Control;

/// <summary>
/// Carries <see cref="ControlMessage"/>s. Between nodes: over TLS, u32 length and JSON. On one node: over a SOCK_SEQPACKET unix socket, one
/// JSON text per message, of which <see cref="HandOver"/> brings a descriptor. Sending is safe from several threads, receiving is for one.
/// </summary>
internal sealed class ControlChannel : IDisposable
{
    /// <summary>Version of the messages.</summary>
    public const int Version = 1;

    /// <summary>Largest message: snapshots of 64 devices in base64 and a little.</summary>
    public const int MaxBytes = 128 << 10;

    private readonly Lock _sending = new();
    private readonly Stream? _stream;
    private readonly int _socket = -1;
    private readonly byte[] _buffer = new byte[MaxBytes];

    /// <summary>Over an authenticated TLS stream, which the channel owns from now on.</summary>
    public ControlChannel(Stream stream) => _stream = stream;

    /// <summary>Over a connected SOCK_SEQPACKET unix socket, which the channel owns from now on.</summary>
    public ControlChannel(int socket) => _socket = socket;

    /// <summary>Sends a message. The descriptor, not negative only on one node, stays the caller's.</summary>
    /// <exception cref="IOException">The other side is gone.</exception>
    public void Send(ControlMessage message, int descriptor = -1) =>
        Send(message, descriptor < 0 ? [] : new ReadOnlySpan<int>(in descriptor));

    /// <summary>Sends a message with descriptors, only on one node; they stay the caller's.</summary>
    /// <exception cref="IOException">The other side is gone.</exception>
    public unsafe void Send(ControlMessage message, ReadOnlySpan<int> descriptors)
    {
        byte[] text = JsonSerializer.SerializeToUtf8Bytes(message, RemoteJson.Default.ControlMessage);
        if (text.Length > MaxBytes)
        {
            throw new ArgumentException("a control message is too long", nameof(message));
        }
        lock (_sending)
        {
            if (_stream is not null)
            {
                byte[] framed = new byte[4 + text.Length];
                BinaryPrimitives.WriteInt32LittleEndian(framed, text.Length);
                text.CopyTo(framed, 4);
                _stream.Write(framed);
                _stream.Flush();
                return;
            }
            fixed (byte* data = text)
            fixed (int* along = descriptors)
            {
                if (!DescriptorSocket.TrySend(_socket, data, (nuint)text.Length, along, descriptors.Length))
                {
                    throw new IOException($"the other side of a control channel is gone (errno {Libc.Errno})");
                }
            }
        }
    }

    /// <summary>The next message, or null when the other side has closed the channel.</summary>
    /// <param name="descriptor">What came along, the caller's from now on; −1 mostly.</param>
    /// <exception cref="IOException">The connection broke.</exception>
    /// <exception cref="RemoteException">What came is no message.</exception>
    public ControlMessage? Receive(out int descriptor)
    {
        descriptor = -1;
        return Receive(new Span<int>(ref descriptor));
    }

    /// <summary>The next message, or null when the other side has closed the channel.</summary>
    /// <param name="descriptors">What came along, the caller's from now on; −1 where nothing did.</param>
    /// <exception cref="IOException">The connection broke.</exception>
    /// <exception cref="RemoteException">What came is no message.</exception>
    public ControlMessage? Receive(Span<int> descriptors)
    {
        descriptors.Fill(-1);
        int length = _stream is null ? ReceivePacket(descriptors) : ReceiveFramed(_stream);
        if (length == 0)
        {
            return null;
        }
        try
        {
            return JsonSerializer.Deserialize(_buffer.AsSpan(0, length), RemoteJson.Default.ControlMessage)
                ?? throw new RemoteException("a control message is empty");
        }
        catch (Exception failure) when (failure is JsonException or NotSupportedException)
        {
            CloseAll(descriptors);
            throw new RemoteException($"a control message is malformed: {failure.Message}", failure);
        }
    }

    /// <summary>Ends the conversation: receivers on both sides see its end, also one that waits now.</summary>
    public void Hush()
    {
        _stream?.Dispose();
        if (_socket >= 0)
        {
            _ = Posix.Libc.shutdown(_socket, Posix.Libc.SHUT_RDWR);
        }
    }

    /// <summary>Closes the connection; a receiver on the other side sees its end. Nobody may be receiving here.</summary>
    public void Dispose()
    {
        _stream?.Dispose();
        if (_socket >= 0)
        {
            _ = Libc.CloseRaw(_socket);
        }
    }

    private unsafe int ReceivePacket(Span<int> descriptors)
    {
        nint got;
        fixed (byte* data = _buffer)
        fixed (int* along = descriptors)
        {
            got = DescriptorSocket.Receive(_socket, data, MaxBytes, along, descriptors.Length, raw: false);
        }
        return got >= 0 ? (int)got : throw new IOException($"a control channel broke (errno {Libc.Errno})");
    }

    private int ReceiveFramed(Stream stream)
    {
        int got = stream.ReadAtLeast(_buffer.AsSpan(0, 4), 4, throwOnEndOfStream: false);
        if (got == 0)
        {
            return 0;
        }
        int length = BinaryPrimitives.ReadInt32LittleEndian(_buffer);
        if (got < 4 || length is < 1 or > MaxBytes)
        {
            throw new RemoteException("a control message has an impossible length");
        }
        stream.ReadExactly(_buffer.AsSpan(0, length));
        return length;
    }

    private static void CloseAll(Span<int> descriptors)
    {
        foreach (ref int descriptor in descriptors)
        {
            if (descriptor >= 0)
            {
                _ = Libc.CloseRaw(descriptor);
                descriptor = -1;
            }
        }
    }

    /// <summary>What lies below, for what follows the messages; null on one node.</summary>
    public Stream? Stream => _stream;
}
