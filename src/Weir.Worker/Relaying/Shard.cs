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
    private readonly byte[] _batch = new byte[FrameHeader.MaxHeadBytes];
    private int _batchBytes;
    private ulong _ticket;

    /// <summary>Its number.</summary>
    public int Index => index;

    /// <summary>Records and replies.</summary>
    public Link Calls => calls;

    /// <summary>Chunks.</summary>
    public Link Bulk => bulk;

    /// <summary>Sends chunks.</summary>
    public BulkSender Sender { get; } = new(bulk);

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
        if (!calls.WaitForRoom())
        {
            return false;
        }
        calls.Send(FrameKind.Records, _batch.AsSpan(0, _batchBytes));
        _batchBytes = 0;
        return true;
    }
}
