using System.Runtime.InteropServices;
using Weir.Api;
using Weir.Remote.Sessions;
using Weir.Wire;

namespace Weir.Worker.Relaying;

/// <summary>
/// Copies between the memories of two shards, and waits of one shard's stream for another's event. Both are made here, in the order of the
/// client's calls: the relay waits for what came before on the one side and sends what it got to the other. The bytes pass through this process.
/// </summary>
internal sealed unsafe class PeerCopies(ChunkTable chunks, OwnCalls calls) : IDisposable
{
    // Pieces that are under way at a time.
    private const int Depth = 8;

    private readonly byte* _memory = (byte*)NativeMemory.AlignedAlloc(Depth * RemoteChunks.HostBytes, 4096);

    /// <summary>Waits until an event of another shard has happened.</summary>
    public void WaitForEvent(Shard of, ulong handle) => _ = Call(of, Op.EventSynchronize, handle);

    /// <summary>Waits until all that was sent so far on a stream of a shard has been done.</summary>
    public void WaitForStream(Shard of, ulong stream) => _ = Call(of, Op.StreamSynchronize, stream);

    /// <summary>Copies rows of device memory; returns when they are there.</summary>
    public void Copy(
        Shard from,
        ulong source,
        ulong sourcePitch,
        Shard to,
        ulong destination,
        ulong destinationPitch,
        ulong width,
        ulong rows
    )
    {
        // As for the default stream: behind all that both were given before.
        WaitForStream(from, 0);
        WaitForStream(to, 0);
        var pieces = new List<(ulong Source, ulong Destination, uint Bytes)>(Depth);
        for (ulong row = 0; row < rows; row++)
        {
            for (ulong column = 0; column < width; column += RemoteChunks.HostBytes)
            {
                uint bytes = (uint)Math.Min(RemoteChunks.HostBytes, width - column);
                pieces.Add((source + row * sourcePitch + column, destination + row * destinationPitch + column, bytes));
                if (pieces.Count == Depth && !TryMove(from, to, pieces))
                {
                    return;
                }
            }
        }
        _ = TryMove(from, to, pieces);
    }

    /// <summary>Frees the memory.</summary>
    public void Dispose() => NativeMemory.AlignedFree(_memory);

    private bool TryMove(Shard from, Shard to, List<(ulong Source, ulong Destination, uint Bytes)> pieces)
    {
        Span<uint> lent = stackalloc uint[Depth];
        for (int i = 0; i < pieces.Count; i++)
        {
            if (!chunks.TryLend(from.Index, out uint chunk))
            {
                return false;
            }
            lent[i] = chunk;
            uint bytes = pieces[i].Bytes;
            chunks.ExpectRows(chunk, _memory + i * (long)RemoteChunks.HostBytes, bytes, bytes, 1);
            Send(from, Op.CopyOut, [chunk, pieces[i].Source, bytes, bytes, 1, 0]);
        }
        _ = from.Flush();
        if (!chunks.AwaitReturn(lent[..pieces.Count]))
        {
            return false;
        }
        for (int i = 0; i < pieces.Count; i++)
        {
            if (!chunks.TryLend(to.Index, out uint chunk))
            {
                return false;
            }
            uint bytes = pieces[i].Bytes;
            Send(to, Op.CopyIn, [pieces[i].Destination, bytes, bytes, 1, chunk, 0]);
            to.Sender.Send(chunk, _memory + i * (long)RemoteChunks.HostBytes, bytes);
        }
        WaitForStream(to, 0);
        pieces.Clear();
        return true;
    }

    private static void Send(Shard shard, Op op, ReadOnlySpan<ulong> fields)
    {
        var header = new RecordHeader
        {
            SizeBytes = (uint)(RecordHeader.Bytes + fields.Length * sizeof(ulong)),
            Op = (ushort)op,
            Context = shard.Context,
        };
        shard.Append(OwnCalls.Slot, header, MemoryMarshal.AsBytes(fields));
    }

    private int Call(Shard shard, Op op, ulong field)
    {
        var header = new RecordHeader
        {
            SizeBytes = RecordHeader.Bytes + sizeof(ulong),
            Op = (ushort)op,
            Flags = RecordHeader.CallFlag,
            Context = shard.Context,
        };
        calls.Begin();
        shard.Append(OwnCalls.Slot, header, MemoryMarshal.AsBytes(new ReadOnlySpan<ulong>(in field)));
        _ = shard.Flush();
        return calls.Wait();
    }
}
