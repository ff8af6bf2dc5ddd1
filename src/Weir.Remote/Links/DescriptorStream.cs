using Weir.Posix;

namespace Weir.Remote.Links;

/// <summary>
/// A connected stream socket as a <see cref="Stream"/>, with plain blocking calls: no poller, no hand-over between threads. One thread may
/// read while another writes. Before a read sleeps it looks for a while whether something comes, and lets others run meanwhile.
/// </summary>
internal sealed unsafe class DescriptorStream(int socket) : Stream
{
    private readonly Lock _closing = new();
    private bool _isClosed;

    /// <summary>How often a read looks before it sleeps; 0 = not at all.</summary>
    public int Looks { get; set; }

    public override bool CanRead => true;
    public override bool CanWrite => true;
    public override bool CanSeek => false;
    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <summary>Something can be read, or the end has come.</summary>
    public bool HasInput
    {
        get
        {
            byte first;
            return Libc.recv(socket, &first, 1, Libc.MSG_PEEK | Libc.MSG_DONTWAIT) >= 0 || Libc.Errno != Libc.EAGAIN;
        }
    }

    public override int Read(Span<byte> buffer)
    {
        fixed (byte* data = buffer)
        {
            for (int look = Looks; look > 0; look--)
            {
                nint early = Libc.recv(socket, data, (nuint)buffer.Length, Libc.MSG_DONTWAIT);
                if (early >= 0)
                {
                    return (int)early;
                }
                if (Libc.Errno is not (Libc.EAGAIN or Libc.EINTR))
                {
                    break;
                }
                _ = Libc.sched_yield();
            }
            while (true)
            {
                nint got = Libc.recv(socket, data, (nuint)buffer.Length, 0);
                if (got >= 0)
                {
                    return (int)got;
                }
                if (Libc.Errno != Libc.EINTR)
                {
                    throw new IOException($"the connection broke (errno {Libc.Errno})");
                }
            }
        }
    }

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        fixed (byte* data = buffer)
        {
            nuint sent = 0;
            while (sent < (nuint)buffer.Length)
            {
                nint part = Libc.send(socket, data + sent, (nuint)buffer.Length - sent, Libc.MSG_NOSIGNAL);
                if (part >= 0)
                {
                    sent += (nuint)part;
                }
                else if (Libc.Errno != Libc.EINTR)
                {
                    throw new IOException($"the connection broke (errno {Libc.Errno})");
                }
            }
        }
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    public override void Flush() { }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    /// <summary>Ends the connection for whoever reads or writes it just now; the descriptor stays until <see cref="Stream.Dispose()"/>.</summary>
    public void Cut()
    {
        lock (_closing)
        {
            if (!_isClosed)
            {
                _ = Libc.shutdown(socket, Libc.SHUT_RDWR);
            }
        }
    }

    protected override void Dispose(bool disposing)
    {
        lock (_closing)
        {
            if (!_isClosed)
            {
                _isClosed = true;
                _ = Libc.close(socket);
            }
        }
        base.Dispose(disposing);
    }
}
