using Weir.Api;
using Weir.Devices.Software;
using Weir.Devices.Software.Modules;
using Weir.Kernels;
using Weir.Kernels.Abi;
using Weir.Kernels.Ptx;
using Weir.Wire;
using Weir.Worker.Attach;
using Weir.Worker.Rings;
using Weir.Worker.Sessions;

namespace Weir.Worker.Tests.Support;

/// <summary>A session in the test's own process, on a small software device; records are executed one by one.</summary>
internal sealed unsafe class LocalSession : IDisposable
{
    private const ulong WindowBytes = 4UL << 30;
    private static ulong s_nextWindow = 0x5000_0000_0000;

    private readonly Segment _segment = new();
    private readonly SoftwareDriver _driver;
    private readonly Executor _executor;
    private readonly RingState _ring;
    private RingWriter _writer;
    private ulong _ticket;

    public LocalSession()
    {
        var window = new Window(Interlocked.Add(ref s_nextWindow, WindowBytes) - WindowBytes, WindowBytes);
        Assert.True(Mapping.TryReserve(window));
        int host = Mapping.CreateShared("weir-test-host", (long)(WindowBytes / 2));
        Assert.True(Mapping.TryMapHost(window, host));
        _driver = new SoftwareDriver(
            new SoftwareDeviceOptions
            {
                Kernels = new NoKernels(),
                MemoryBytes = 64 << 20,
                Cores = 1,
                WindowAddress = window.Base,
                WindowBytes = window.Bytes,
                WindowDeviceBytes = window.DeviceBytes,
            }
        );
        _ = _driver.Init(0);
        Session = new Session(_segment.Start, window, host, _driver, []);
        _executor = new Executor(Session);
        _ring = new RingState(_segment.Start, 0);
        _writer = _segment.Open(0);
    }

    public Session Session { get; }

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
        _ring.Reader.Advance(header);
        _executor.Execute(_ring, header, record);
        return isCall ? (CuResult)_ring.Reader.Header->ReplyResult : CuResult.Success;
    }

    /// <summary>A word of the last answer.</summary>
    public ulong Answer(int word) => ((ulong*)SegmentLayout.ReplyPayload(_ring.Reader.Header))[word];

    /// <summary>State of a staging chunk.</summary>
    public uint ChunkState(int chunk) => *SegmentLayout.ChunkWord(_segment.Start, chunk);

    /// <summary>Claims a staging chunk as a client does.</summary>
    public byte* Claim(int chunk)
    {
        Assert.True(StagingChunk.TryClaim(SegmentLayout.ChunkWord(_segment.Start, chunk)));
        return SegmentLayout.Chunk(_segment.Start, chunk);
    }

    public void Dispose()
    {
        Session.End(null);
        _driver.Dispose();
        _ = Posix.Libc.munmap((nint)Session.Window.Base, (nuint)Session.Window.Bytes);
        _ = Posix.Libc.close(Session.HostMemory);
        _segment.Dispose();
    }

    private sealed class NoKernels : IKernelSource
    {
        public CompiledKernel Get(PtxModule module, string entry) =>
            throw new PtxException("these tests compile nothing", 0, unsupported: true);

        public CompiledKernel? Improve(PtxModule module, string entry) => null;
    }
}
