using Weir.Api;
using Weir.Shim.Guest;
using Weir.Wire;

namespace Weir.Shim;

/// <summary>Claims staging chunks for the copies of one call and moves data through them while the worker works on others.</summary>
internal static unsafe class Staging
{
    /// <summary>Chunks that one copy keeps under way: enough to overlap, few enough to stay in the caches.</summary>
    internal const int Depth = 8;

    /// <summary>A free chunk, or the next that becomes free; −1 when the worker is gone. Threads begin to look at
    /// different places, and each finds the same few again: they stay in its caches.</summary>
    internal static int Claim(ClientThread* thread)
    {
        var start = (uint)(thread->Slot * Depth) % SegmentLayout.ChunkCount;
        while (true)
        {
            for (var i = 0u; i < SegmentLayout.ChunkCount; i++)
            {
                var chunk = (int)((start + i) % SegmentLayout.ChunkCount);
                if (StagingChunk.TryClaim(SegmentLayout.ChunkWord(Session.Segment, chunk)))
                {
                    return chunk;
                }
            }
            // All are in use: wait for one, then look at all again.
            if (
                !ClientWait.ForChunk(
                    SegmentLayout.ChunkWord(Session.Segment, (int)start),
                    Session.Control,
                    Session.Socket
                )
            )
            {
                return -1;
            }
            start = (start + 1) % SegmentLayout.ChunkCount;
        }
    }

    /// <summary>As many chunks are free just now; others may claim them meanwhile.</summary>
    internal static bool HasFree(int wanted)
    {
        for (var i = 0; i < SegmentLayout.ChunkCount && wanted > 0; i++)
        {
            var word = Volatile.Read(ref *SegmentLayout.ChunkWord(Session.Segment, i));
            wanted -= StagingChunk.State(word) == StagingChunk.Free ? 1 : 0;
        }
        return wanted <= 0;
    }

    internal static byte* Data(int chunk) => SegmentLayout.Chunk(Session.Segment, chunk);

    internal static void Release(int chunk) => StagingChunk.Release(SegmentLayout.ChunkWord(Session.Segment, chunk));

    /// <summary>Host rows → device rows. Posts everything; errors of the device come later.</summary>
    internal static CuResult CopyIn(ClientThread* thread, Rows device, Rows host, nint stream)
    {
        var walk = new RowWalk(device, host);
        while (walk.TryNext(out var part))
        {
            var chunk = Claim(thread);
            if (chunk < 0)
            {
                return CuResult.DeviceUnavailable;
            }
            Pack(Data(chunk), part);
            var result = WireCalls.CopyIn(
                thread,
                part.Device,
                part.DevicePitch,
                part.Width,
                part.Count,
                (ulong)chunk,
                stream
            );
            if (result != CuResult.Success)
            {
                return result;
            }
        }
        return CuResult.Success;
    }

    /// <summary>Device rows → host rows; returns when the data is there.</summary>
    internal static CuResult CopyOut(ClientThread* thread, Rows device, Rows host, nint stream)
    {
        var walk = new RowWalk(device, host);
        var parts = stackalloc RowPart[Depth];
        var chunks = stackalloc int[Depth];
        var posted = 0;
        var taken = 0;
        var failed = false;
        var result = CuResult.Success;
        while (true)
        {
            while (posted - taken < Depth && result == CuResult.Success && !failed && walk.TryNext(out var part))
            {
                var chunk = Claim(thread);
                if (chunk < 0)
                {
                    result = CuResult.DeviceUnavailable;
                    break;
                }
                parts[posted % Depth] = part;
                chunks[posted % Depth] = chunk;
                posted++;
                result = WireCalls.CopyOut(
                    thread,
                    (ulong)chunk,
                    part.Device,
                    part.DevicePitch,
                    part.Width,
                    part.Count,
                    stream
                );
            }
            if (posted == taken)
            {
                break;
            }

            var oldest = taken++ % Depth;
            var word = SegmentLayout.ChunkWord(Session.Segment, chunks[oldest]);
            if (!ClientWait.ForChunk(word, Session.Control, Session.Socket))
            {
                return CuResult.DeviceUnavailable;
            }
            if (StagingChunk.State(*word) == StagingChunk.Ready)
            {
                Unpack(Data(chunks[oldest]), parts[oldest]);
            }
            else
            {
                failed = true;
            }
            StagingChunk.Release(word);
        }
        if (failed || Volatile.Read(ref Session.Control->LatchedErrors) != 0)
        {
            // As the real API: the call that waits reports what was posted before it.
            var error = WireCalls.TakeError(thread);
            return error == CuResult.Success && failed ? CuResult.Unknown : error;
        }
        return result;
    }

    private static void Pack(byte* chunk, in RowPart part)
    {
        if (part.HostPitch == part.Width || part.Count == 1)
        {
            _ = GuestLibc.Copy(chunk, part.Host, (nuint)(part.Width * part.Count));
            return;
        }
        for (var row = 0ul; row < part.Count; row++)
        {
            _ = GuestLibc.Copy(chunk + row * part.Width, part.Host + row * part.HostPitch, (nuint)part.Width);
        }
    }

    private static void Unpack(byte* chunk, in RowPart part)
    {
        if (part.HostPitch == part.Width || part.Count == 1)
        {
            _ = GuestLibc.Copy(part.Host, chunk, (nuint)(part.Width * part.Count));
            return;
        }
        for (var row = 0ul; row < part.Count; row++)
        {
            _ = GuestLibc.Copy(part.Host + row * part.HostPitch, chunk + row * part.Width, (nuint)part.Width);
        }
    }
}
