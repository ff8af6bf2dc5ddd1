using System.Runtime.InteropServices;
using Weir.Remote;
using Weir.Remote.Links;
using Weir.Remote.Sessions;
using Weir.Wire;

namespace Weir.Worker.Relaying;

/// <summary>
/// From the worker to the client: replies into the rings' slots, states of chunks, host functions. An answer that tells of work whose data is
/// still on the bulk link is held until it has come: the client may look at once.
/// </summary>
internal sealed unsafe class Downlink(
    Shard shard,
    ChunkTable chunks,
    CallbackMerge callbacks,
    ReplyPlaces replies,
    OwnCalls ownCalls,
    RelayRest rest,
    Action<string?> end
) : ILinkReceiver
{
    private readonly Lock _publishing = new();
    private readonly Queue<(ulong HostChunks, byte[] Frame, ushort Kind)> _held = [];

    /// <summary>Replies that were published so far: the program's round trips.</summary>
    public ulong Replies { get; private set; }

    /// <summary>Starts the thread.</summary>
    public void Start() => new Thread(Run) { IsBackground = true, Name = "weir-downlink" }.Start();

    /// <summary>A piece of page-locked memory has come: what waited for it goes out.</summary>
    public void Release()
    {
        lock (_publishing)
        {
            while (_held.TryPeek(out var first) && first.HostChunks <= chunks.HostArrived(shard.Index))
            {
                _ = _held.Dequeue();
                Publish(first.Kind, first.Frame);
            }
        }
    }

    byte* ILinkReceiver.Place(in FrameHeader header, ReadOnlySpan<byte> head) =>
        throw new RemoteException("bulk came where replies belong");

    void ILinkReceiver.Arrived(in FrameHeader header, ReadOnlySpan<byte> head, byte* data)
    {
        switch (header.Kind)
        {
            case FrameKind.Reply when head.Length >= ReplyHead.Bytes:
                PublishOrHold(header.Kind, MemoryMarshal.Read<ReplyHead>(head).HostChunks, head);
                break;
            case FrameKind.Callback when head.Length == CallbackHead.Bytes + sizeof(CallbackEntry):
                PublishOrHold(header.Kind, MemoryMarshal.Read<CallbackHead>(head).HostChunks, head);
                break;
            case FrameKind.Status when head.Length == SessionStatus.Bytes:
                Show(MemoryMarshal.Read<SessionStatus>(head));
                break;
            case FrameKind.ChunkDone when head.Length == ChunkHead.Bytes:
                ChunkHead chunk = MemoryMarshal.Read<ChunkHead>(head);
                Show(chunk.Status);
                chunks.Done(shard.Index, chunk.Chunk, chunk.State);
                break;
            case FrameKind.Pause:
                rest.Pause();
                break;
            case FrameKind.Rested when head.Length == RestedHead.Bytes:
                rest.Rested(MemoryMarshal.Read<RestedHead>(head).BulkFrames);
                break;
            case FrameKind.GoOn:
                rest.GoOn();
                break;
            case FrameKind.Ended:
                end(System.Text.Encoding.UTF8.GetString(head));
                break;
            default:
                throw new RemoteException($"a frame of kind {header.Kind} is not expected from a worker");
        }
    }

    private void Run()
    {
        Link link = shard.Calls;
        while (link.Receive(this)) { }
        if (shard.Calls == link)
        {
            end(link.Ended);
        }
    }

    // What came later than something held waits too: answers keep their order.
    private void PublishOrHold(ushort kind, ulong hostChunks, ReadOnlySpan<byte> head)
    {
        lock (_publishing)
        {
            if (hostChunks > chunks.HostArrived(shard.Index))
            {
                _held.Enqueue((hostChunks, head.ToArray(), kind));
                return;
            }
            Publish(kind, head);
        }
    }

    private void Show(SessionStatus status)
    {
        shard.Status = status;
        replies.Show();
    }

    private void Publish(ushort kind, ReadOnlySpan<byte> head)
    {
        if (kind == FrameKind.Callback)
        {
            Show(MemoryMarshal.Read<CallbackHead>(head).Status);
            var entry = MemoryMarshal.Read<CallbackEntry>(head[CallbackHead.Bytes..]);
            callbacks.Add(shard.Index, entry);
            return;
        }
        ReplyHead fields = MemoryMarshal.Read<ReplyHead>(head);
        ReadOnlySpan<byte> payload = head[ReplyHead.Bytes..];
        if (
            fields.Slot >= SegmentLayout.SlotCount
            || fields.PayloadBytes != payload.Length
            || payload.Length > SegmentLayout.MaxReplyBytes
        )
        {
            throw new RemoteException("the worker's reply is malformed");
        }
        Show(fields.Status);
        if (ownCalls.TryTake(fields.Slot, fields.Result))
        {
            return;
        }
        Replies++;
        replies.Publish((int)fields.Slot, fields.Result, payload);
    }
}
