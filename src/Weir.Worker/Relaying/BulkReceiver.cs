using System.Runtime.InteropServices;
using Weir.Remote;
using Weir.Remote.Links;
using Weir.Remote.Sessions;

namespace Weir.Worker.Relaying;

/// <summary>Takes what the client copies from the device: straight into its staging or its page-locked memory. One thread.</summary>
internal sealed unsafe class BulkReceiver(
    Shard shard,
    ChunkTable chunks,
    ReplyPlaces replies,
    Action hostArrived,
    Action whenReceived,
    Action<string?> end
) : ILinkReceiver
{
    /// <summary>Starts the thread.</summary>
    public void Start() => new Thread(Run) { IsBackground = true, Name = "weir-bulk-in" }.Start();

    byte* ILinkReceiver.Place(in FrameHeader header, ReadOnlySpan<byte> head) =>
        header.Kind == FrameKind.ChunkData && head.Length == ChunkHead.Bytes
            ? chunks.Place(shard.Index, MemoryMarshal.Read<ChunkHead>(head).Chunk, header.DataBytes)
            : throw new RemoteException("the worker's bulk is malformed");

    void ILinkReceiver.Arrived(in FrameHeader header, ReadOnlySpan<byte> head, byte* data)
    {
        if (data == null)
        {
            throw new RemoteException("the worker's bulk is empty");
        }
        ChunkHead chunk = MemoryMarshal.Read<ChunkHead>(head);
        shard.Status = chunk.Status;
        replies.Show();
        chunks.Arrived(chunk.Chunk);
        if (chunk.Chunk >= RemoteChunks.FirstHost)
        {
            hostArrived();
        }
    }

    private void Run()
    {
        Link link = shard.Bulk;
        while (link.Receive(this))
        {
            whenReceived();
        }
        if (shard.Bulk == link)
        {
            end(link.Ended);
        }
    }
}
