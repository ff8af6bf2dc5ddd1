using System.Buffers.Binary;
using Weir.Wire;

namespace Weir.Remote.Sessions;

/// <summary>
/// Records of a client's rings, in the order of their tickets: per record u32 slot, u32 zero, and the record as it is in the ring.
/// </summary>
internal static class RecordBatch
{
    /// <summary>What stands before each record.</summary>
    internal const int PrefixBytes = 8;

    /// <summary>From here on a batch is sent without waiting for more.</summary>
    internal const int FullBytes = 64 << 10;

    /// <summary>Takes the next record of a batch; false at its end.</summary>
    /// <exception cref="RemoteException">The batch is malformed.</exception>
    internal static bool TryNext(ref ReadOnlySpan<byte> batch, out int slot, out ReadOnlySpan<byte> record)
    {
        slot = 0;
        record = default;
        if (batch.IsEmpty)
        {
            return false;
        }
        if (batch.Length < PrefixBytes + RecordHeader.Bytes)
        {
            throw new RemoteException("a batch of records is cut short");
        }
        uint number = BinaryPrimitives.ReadUInt32LittleEndian(batch);
        uint zero = BinaryPrimitives.ReadUInt32LittleEndian(batch[4..]);
        uint bytes = BinaryPrimitives.ReadUInt32LittleEndian(batch[PrefixBytes..]);
        ushort op = BinaryPrimitives.ReadUInt16LittleEndian(batch[(PrefixBytes + 4)..]);
        if (
            number >= SegmentLayout.SlotCount
            || zero != 0
            || op == 0
            || bytes is < RecordHeader.Bytes or > SegmentLayout.MaxRecordBytes
            || (bytes & 7) != 0
            || bytes > batch.Length - PrefixBytes
        )
        {
            throw new RemoteException("a batch of records is malformed");
        }
        slot = (int)number;
        record = batch.Slice(PrefixBytes, (int)bytes);
        batch = batch[(PrefixBytes + (int)bytes)..];
        return true;
    }
}
