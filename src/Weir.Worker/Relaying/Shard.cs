using System.Runtime.InteropServices;
using Weir.Remote.Links;
using Weir.Remote.Sessions;
using Weir.Wire;

namespace Weir.Worker.Relaying;

/// <summary>One worker of the session, on whatever node, and what is on its way to it. Devices are numbered through all shards.</summary>
/// <param name="index">Its number.</param>
/// <param name="calls">Records and replies.</param>
/// <param name="bulk">Chunks.</param>
internal sealed class Shard(int index, Link calls, Link bulk)
{
    private volatile Link _calls = calls;
    private volatile Link _bulk = bulk;
    private volatile BulkSender _sender = new(bulk);
    private readonly byte[] _batch = new byte[FrameHeader.MaxHeadBytes];
    private int _batchBytes;
    private ulong _ticket;

    /// <summary>Its number.</summary>
    public int Index => index;

    /// <summary>Records and replies.</summary>
    public Link Calls => _calls;

    /// <summary>Chunks.</summary>
    public Link Bulk => _bulk;

    /// <summary>Sends chunks.</summary>
    public BulkSender Sender => _sender;

    /// <summary>Number of its first device in the program's count.</summary>
    public uint FirstDevice { get; set; }

    /// <summary>How many devices it has.</summary>
    public uint DeviceCount { get; set; }

    /// <summary>Its part of the window's device half: device memory lies there and nowhere else.</summary>
    public ulong WindowBase { get; set; }

    /// <summary>Size of that part, bytes.</summary>
    public ulong WindowBytes { get; set; }

    /// <summary>A context that was made on it, for what the relay asks itself; 0 = none yet.</summary>
    public ulong Context { get; set; }

    /// <summary>What it showed last.</summary>
    public SessionStatus Status { get; set; }

    /// <summary>The batch ought to go out.</summary>
    public bool IsFull => _batchBytes >= RecordBatch.FullBytes;

    /// <summary>Another worker has the session: what is sent from here on goes there. Nothing is on its way to or from the last one.</summary>
    public void Use(Link calls, Link bulk)
    {
        Link[] last = [_calls, _bulk];
        BulkSender sender = _sender;
        (_calls, _bulk, _sender) = (calls, bulk, new BulkSender(bulk));
        // The new worker counts from the start.
        _ticket = 0;
        sender.End();
        foreach (Link link in last)
        {
            link.End("the session has moved");
        }
    }

    /// <summary>Adds a record to the batch.</summary>
    public void Append(uint slot, RecordHeader header, ReadOnlySpan<byte> payload)
    {
        if (_batchBytes + RecordBatch.PrefixBytes + (int)header.SizeBytes > _batch.Length)
        {
            _ = Flush();
        }
        // The worker expects tickets without gaps; the order of sending is that of the client's tickets.
        header.Ticket = ++_ticket;
        Span<byte> place = _batch.AsSpan(_batchBytes);
        uint zero = 0;
        MemoryMarshal.Write(place, in slot);
        MemoryMarshal.Write(place[4..], in zero);
        MemoryMarshal.Write(place[RecordBatch.PrefixBytes..], in header);
        payload.CopyTo(place[(RecordBatch.PrefixBytes + RecordHeader.Bytes)..]);
        _batchBytes += RecordBatch.PrefixBytes + (int)header.SizeBytes;
    }

    /// <summary>Sends the batch; false when the session has ended.</summary>
    public bool Flush()
    {
        if (_batchBytes == 0)
        {
            return true;
        }
        if (!_calls.WaitForRoom())
        {
            return false;
        }
        _calls.Send(FrameKind.Records, _batch.AsSpan(0, _batchBytes));
        _batchBytes = 0;
        return true;
    }
}
