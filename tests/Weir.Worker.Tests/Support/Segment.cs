using Weir.Wire;
using Weir.Worker.Attach;

namespace Weir.Worker.Tests.Support;

/// <summary>A session segment of the test's own, written to by client halves and read by the worker's.</summary>
internal sealed unsafe class Segment : IDisposable
{
    public Segment()
    {
        File = Mapping.CreateShared("weir-test-segment", SegmentLayout.SegmentBytes);
        Start = Mapping.Map(File, SegmentLayout.SegmentBytes);
        Assert.True(Start != null);
    }

    public int File { get; }

    public byte* Start { get; }

    public ControlPage* Control => SegmentLayout.Control(Start);

    /// <summary>The client half of a slot.</summary>
    public RingWriter Open(int slot)
    {
        var writer = new RingWriter();
        writer.Open(Start, slot, workerFences: false);
        return writer;
    }

    /// <summary>Publishes one record whose payload is the given words.</summary>
    public static void Put(
        ref RingWriter writer,
        ushort op,
        bool isCall,
        ulong ticket,
        params ReadOnlySpan<ulong> words
    )
    {
        byte* place = writer.Begin(op, 0, (uint)words.Length * 8);
        Assert.True(place != null);
        words.CopyTo(new Span<ulong>(place, words.Length));
        writer.Commit(ticket, isCall ? RecordHeader.CallFlag : (ushort)0);
    }

    public void Dispose()
    {
        _ = Posix.Libc.munmap((nint)Start, (nuint)SegmentLayout.SegmentBytes);
        _ = Posix.Libc.close(File);
    }
}
