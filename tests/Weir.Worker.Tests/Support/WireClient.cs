using System.Runtime.InteropServices;
using Weir.Api;
using Weir.Posix;
using Weir.Wire;
using Weir.Worker.Attach;
using Libc = Weir.Posix.Libc;

namespace Weir.Worker.Tests.Support;

/// <summary>A client that speaks the wire itself, so that it can also speak it wrongly.</summary>
internal sealed unsafe class WireClient : IDisposable
{
    private const ulong WindowBytes = 1UL << 30;
    private static ulong s_nextWindow = 0x6000_0000_0000;

    private byte* _segment;
    private RingWriter _writer;
    private RingHeader* _slot;
    private ulong _ticket;
    private bool _isDisposed;

    private WireClient(int socket) => Socket = socket;

    public int Socket { get; }

    public int WorkerId { get; private set; }

    public byte* Segment => _segment;

    /// <summary>A connection, nothing said yet.</summary>
    public static WireClient Connect(string socketName)
    {
        int socket = UnixSocket.Connect(socketName);
        Assert.True(socket >= 0, $"nobody listens at {socketName}");
        return new WireClient(socket);
    }

    /// <summary>A connection with an open session.</summary>
    public static WireClient Attach(string socketName) => Attach(Connect(socketName));

    /// <summary>A session over a socket that is connected already.</summary>
    public static WireClient Attach(int socket) => Attach(new WireClient(socket));

    private static WireClient Attach(WireClient client)
    {
        (WelcomeStatus status, int segment, int host) = client.Greet(NewHello());
        Assert.Equal(WelcomeStatus.Ok, status);
        client._segment = Mapping.Map(segment, SegmentLayout.SegmentBytes);
        _ = Libc.close(segment);
        _ = Libc.close(host);
        client._writer.Open(client._segment, 0, workerFences: false);
        client._slot = SegmentLayout.Slot(client._segment, 0);
        return client;
    }

    public static Hello NewHello() =>
        new()
        {
            Magic = Hello.ExpectedMagic,
            Version = SegmentLayout.Version,
            TotalBytes = Hello.FixedBytes,
            Pid = Environment.ProcessId,
            WindowBase = Interlocked.Add(ref s_nextWindow, WindowBytes),
            WindowBytes = WindowBytes,
            ApiHash = CallTable.Fingerprint,
        };

    /// <summary>Sends a greeting and reads the answer with its descriptors (-1: not sent).</summary>
    public (WelcomeStatus Status, int Segment, int Host) Greet(Hello hello)
    {
        Assert.True(UnixSocket.Send(Socket, MemoryMarshal.AsBytes(new ReadOnlySpan<Hello>(in hello))));
        byte[] answer = new byte[Welcome.MaxBytes];
        int* descriptors = stackalloc int[2];
        nint length;
        fixed (byte* place = answer)
        {
            length = DescriptorSocket.Receive(Socket, place, (nuint)answer.Length, descriptors, 2, raw: false);
        }
        Assert.True(length > 0, "the connection was closed without an answer");
        Assert.True(Welcome.TryDecode(answer.AsSpan(0, (int)length), out Welcome welcome, out _, out _));
        WorkerId = welcome.WorkerPid;
        return ((WelcomeStatus)welcome.Status, descriptors[0], descriptors[1]);
    }

    /// <summary>Makes a call and waits for its answer; null when the session ended instead.</summary>
    public CuResult? Call(Op op, ulong context, params ReadOnlySpan<ulong> words)
    {
        uint before = _slot->ReplySequence;
        byte* place = _writer.Begin((ushort)op, context, (uint)words.Length * 8);
        words.CopyTo(new Span<ulong>(place, words.Length));
        _writer.Commit(++_ticket, RecordHeader.CallFlag);
        return ClientWait.ForReply(_slot, SegmentLayout.Control(_segment), before, Socket)
            ? (CuResult)_slot->ReplyResult
            : null;
    }

    /// <summary>Sends a record that nobody answers.</summary>
    public void Post(Op op, ulong context, params ReadOnlySpan<ulong> words)
    {
        byte* place = _writer.Begin((ushort)op, context, (uint)words.Length * 8);
        words.CopyTo(new Span<ulong>(place, words.Length));
        _writer.Commit(++_ticket, 0);
        Doorbell.Ring(SegmentLayout.Control(_segment));
    }

    /// <summary>A word of the last answer.</summary>
    public ulong Answer(int word) => ((ulong*)SegmentLayout.ReplyPayload(_slot))[word];

    /// <summary>Waits until the other side has closed the connection.</summary>
    public void AssertClosed()
    {
        byte[] buffer = new byte[Welcome.MaxBytes];
        while (UnixSocket.Receive(Socket, buffer, out _) > 0) { }
    }

    /// <summary>May be called again: by then descriptor and addresses may be somebody else's.</summary>
    public void Dispose()
    {
        if (_isDisposed)
        {
            return;
        }
        _isDisposed = true;
        _ = Libc.close(Socket);
        if (_segment != null)
        {
            _ = Libc.munmap((nint)_segment, (nuint)SegmentLayout.SegmentBytes);
        }
    }
}
