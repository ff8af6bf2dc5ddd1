using Weir.Api;
using Weir.Images;
using Weir.Remote.Workers;
using Weir.Wire;
using Weir.Worker.Attach;
using Weir.Worker.Portable;
using Weir.Worker.Replaying;
using Weir.Worker.Rings;
using Weir.Worker.Sessions;

namespace Weir.Worker.Tests.Support;

/// <summary>A session in the test's own process, on a small software device; records are executed one by one.</summary>
internal sealed unsafe class LocalSession : IDisposable
{
    private const ulong WindowBytes = 4UL << 30;
    private static ulong s_nextWindow = 0x5000_0000_0000;

    private readonly Segment _segment = new();
    private readonly LocalBackend _backend = new();
    private Executor _executor;
    private RingState _ring;
    private RingWriter _writer;
    private ulong _ticket;
    private SavedSession _last;

    /// <param name="logs">It keeps a log of its calls, by which <see cref="Lose"/> goes on.</param>
    public LocalSession(bool logs = false)
    {
        var window = new Window(Interlocked.Add(ref s_nextWindow, WindowBytes) - WindowBytes, WindowBytes);
        Assert.True(Mapping.TryReserve(window));
        int host = Mapping.CreateShared("weir-test-host", (long)(WindowBytes / 2));
        Assert.True(Mapping.TryMapHost(window, host));
        _segment.Control->Magic = SegmentLayout.Magic;
        _segment.Control->Version = SegmentLayout.Version;
        Session = new Session(_segment.Start, window, host, _backend.Open(window), [])
        {
            CallLog = logs ? CallLog.Create() : null,
        };
        _executor = new Executor(Session);
        _ring = new RingState(_segment.Start, 0);
        _writer = _segment.Open(0);
    }

    /// <summary>Whose session images are said to be.</summary>
    public static ClientProgram Client { get; } = new(1, "test", []);

    public Session Session { get; private set; }

    /// <summary>Writes the session's state into an image; the second time into a folder, only what changed since.</summary>
    public SavedSession Save(string folder)
    {
        using SessionWriting writing = SessionWriting.Begin(Session.Portable!, folder, _last);
        writing.GoAhead();
        SavedSession saved = writing.Finish(Session, Client, isDurable: false);
        _last = saved;
        return saved;
    }

    /// <summary>Writes the state into an image, takes memory off the device, and brings it back as the next touch comes.</summary>
    public void Park(string folder)
    {
        _ = Save(folder);
        Session.Portable!.DiscardMemory();
        ImageReader image = ImageReader.Open(folder);
        SessionImage.ReadMemory(image, Session.Portable!, isLazy: false, _ => { });
        _last = new SavedSession(0, 0, Session.Portable!.MarkMemory(), image.Identity);
    }

    /// <summary>Writes the session's state into an image, ends the device and all that is in it, and goes on from the image with another device.</summary>
    public void Move(string folder)
    {
        _ = Save(folder);
        MoveTo(folder);
    }

    /// <summary>Goes on from an image that was written before; what came after it is lost unless the image is the newest.</summary>
    /// <param name="folder">The image.</param>
    /// <param name="stops">False: the device is not ended first, because the image is expected to be refused.</param>
    public void MoveTo(string folder, bool stops = true) => _ = MoveTo(folder, stops ? null : StateOrder.Fail, stops);

    /// <summary>As after the death of a worker: goes on from the folder's image, however old that is, and does again what was done since.</summary>
    public StateReport Lose(string folder) => MoveTo(folder, StateOrder.Replay, stops: true);

    private StateReport MoveTo(string folder, string? loss, bool stops)
    {
        Window window = Session.Window;
        RingPosition ring = new(0, _ring.Reader.Position, _ring.ReplySequence);
        var handed = new HandedSession(
            -1,
            _segment.File,
            Session.HostMemory,
            Session.CallLog?.File ?? -1,
            new StateOrder(folder, Loss: loss)
        );
        ComingMemory memory = new();
        if (stops)
        {
            _backend.Stop();
            Assert.Equal(0, Posix.Libc.munmap((nint)window.Base, (nuint)window.Bytes));
        }
        Session = SessionRestore.Take(handed, _backend, memory, out StateReport report, out _last);
        // Tests look at memory directly, which must not wait for it to come.
        Assert.True(memory.TryAwait(TimeSpan.FromSeconds(60)));
        _executor = new Executor(Session);
        // The ring is driven by hand here, so the session's own count of it stays at the beginning.
        _ring = new RingState(_segment.Start, 0, ring.Bytes) { ReplySequence = ring.Replies };
        return report;
    }

    /// <summary>Sends one record through the ring and executes it; the result of a call, Success for a post.</summary>
    /// <exception cref="ProtocolException">The worker would end the session.</exception>
    public CuResult Execute(Op op, ulong context, params ReadOnlySpan<ulong> words)
    {
        bool isCall = CallTable.IsCall((ushort)op);
        byte* place = _writer.Begin((ushort)op, context, (uint)words.Length * 8);
        words.CopyTo(new Span<ulong>(place, words.Length));
        _writer.Commit(++_ticket, isCall ? RecordHeader.CallFlag : (ushort)0);
        Assert.Equal(RingPeek.Record, _ring.Reader.TryPeek(out RecordHeader header));
        RecordReader record = _ring.Reader.CopyPayload(header, _executor.Payload);
        if (Session.CallLog is { } log)
        {
            Assert.True(log.TryAppend(_ring, header, _executor.Payload, _segment.Start, out long logged));
            _executor.Logged = logged;
        }
        _ring.Reader.Advance(header);
        _executor.Execute(_ring, header, record);
        return isCall ? (CuResult)_ring.Reader.Header->ReplyResult : CuResult.Success;
    }

    /// <summary>A word of the last answer.</summary>
    public ulong Answer(int word) => ((ulong*)SegmentLayout.ReplyPayload(_ring.Reader.Header))[word];

    /// <summary>State of a staging chunk.</summary>
    public uint ChunkState(int chunk) => StagingChunk.State(*SegmentLayout.ChunkWord(_segment.Start, chunk));

    /// <summary>Claims a staging chunk as a client does.</summary>
    public byte* Claim(int chunk)
    {
        Assert.True(StagingChunk.TryClaim(SegmentLayout.ChunkWord(_segment.Start, chunk)));
        return SegmentLayout.Chunk(_segment.Start, chunk);
    }

    public void Dispose()
    {
        Session.End(null);
        _backend.Stop();
        _ = Posix.Libc.munmap((nint)Session.Window.Base, (nuint)Session.Window.Bytes);
        _ = Posix.Libc.close(Session.HostMemory);
        _segment.Dispose();
    }
}
