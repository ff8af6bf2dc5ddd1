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

    /// <summary>What the last greeting was refused with.</summary>
    public string Refusal { get; private set; } = "";

    /// <summary>Notes down what is said and answered, when it is set.</summary>
    public List<(string, byte[])>? Record { get; set; }

    /// <summary>A connection, nothing said yet.</summary>
    public static WireClient Connect(string socketName)
    {
        int socket = UnixSocket.Connect(socketName);
        Assert.True(socket >= 0, $"nobody listens at {socketName}");
        return new WireClient(socket);
    }

    /// <summary>A connection with an open session.</summary>
    public static WireClient Attach(string socketName) => Attach(Connect(socketName), NewHello());

    /// <summary>The same with a greeting of one's own.</summary>
    public static WireClient Attach(string socketName, Hello hello) => Attach(Connect(socketName), hello);

    /// <summary>A session over a socket that is connected already.</summary>
    public static WireClient Attach(int socket) => Attach(new WireClient(socket), NewHello());

    private static WireClient Attach(WireClient client, Hello hello)
    {
        (WelcomeStatus status, int segment, int host) = client.Greet(hello);
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
        Assert.True(
            Welcome.TryDecode(answer.AsSpan(0, (int)length), out Welcome welcome, out ReadOnlySpan<byte> text, out _)
        );
        WorkerId = welcome.WorkerPid;
        Refusal = System.Text.Encoding.UTF8.GetString(text);
        return ((WelcomeStatus)welcome.Status, descriptors[0], descriptors[1]);
    }

    /// <summary>Makes a call and waits for its answer; null when the session ended instead.</summary>
    public CuResult? Call(Op op, ulong context, params ReadOnlySpan<ulong> words)
    {
        CuResult? result = Play(Header(op, context, words.Length, RecordHeader.CallFlag), MemoryMarshal.AsBytes(words));
        Record?.Add(("reply", LastReply()));
        return result;
    }

    /// <summary>Sends a record that nobody answers.</summary>
    public void Post(Op op, ulong context, params ReadOnlySpan<ulong> words) =>
        _ = Play(Header(op, context, words.Length, 0), MemoryMarshal.AsBytes(words));

    /// <summary>Sends a record, and waits for the answer if it has one; null when the session ended instead.</summary>
    public CuResult? Play(RecordHeader header, ReadOnlySpan<byte> payload)
    {
        uint before = _slot->ReplySequence;
        byte* place = _writer.Begin(header.Op, header.Context, (uint)payload.Length);
        payload.CopyTo(new Span<byte>(place, payload.Length));
        _writer.Commit(++_ticket, header.Flags);
        Record?.Add(("record", [.. MemoryMarshal.AsBytes(new ReadOnlySpan<RecordHeader>(in header)), .. payload]));
        if (!header.IsCall)
        {
            Doorbell.Ring(SegmentLayout.Control(_segment));
            return CuResult.Success;
        }
        return ClientWait.ForReply(_slot, SegmentLayout.Control(_segment), before, Socket)
            ? (CuResult)_slot->ReplyResult
            : null;
    }

    /// <summary>The last answer's payload.</summary>
    public byte[] LastReply() =>
        new ReadOnlySpan<byte>(SegmentLayout.ReplyPayload(_slot), (int)_slot->ReplyBytes).ToArray();

    private static RecordHeader Header(Op op, ulong context, int words, ushort flags) =>
        new()
        {
            SizeBytes = (uint)(RecordHeader.Bytes + words * sizeof(ulong)),
            Op = (ushort)op,
            Flags = flags,
            Context = context,
        };

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
