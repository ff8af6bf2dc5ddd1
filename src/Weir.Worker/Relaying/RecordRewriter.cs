using Weir.Api;
using Weir.Remote.Sessions;
using Weir.Wire;

namespace Weir.Worker.Relaying;

/// <summary>
/// Passes records on as they are, but those that name memory which the worker does not see: a chunk's bytes go along on the bulk link, and copies
/// from or to page-locked memory become copies through the relay's own chunks, in pieces.
/// </summary>
internal sealed unsafe partial class RecordRewriter(
    RelayedClient client,
    ShardRouter router,
    ChunkTable chunks,
    PeerCopies peers
)
{
    private const ulong PieceBytes = RemoteChunks.HostBytes;

    // Of the record that is being taken.
    private Shard _shard = null!;

    /// <summary>One record of the client, as a private copy; the worker that it went to.</summary>
    /// <exception cref="ProtocolException">It is malformed.</exception>
    public Shard Take(uint slot, RecordHeader header, byte* payload)
    {
        _shard = router.Route(
            ref header,
            (ulong*)payload,
            ((int)header.SizeBytes - RecordHeader.Bytes) / sizeof(ulong)
        );
        Rewrite(slot, header, payload);
        return _shard;
    }

    private void Rewrite(uint slot, RecordHeader header, byte* payload)
    {
        var span = new ReadOnlySpan<byte>(payload, (int)header.SizeBytes - RecordHeader.Bytes);
        var fields = (ulong*)payload;
        switch ((Op)header.Op)
        {
            case Op.BlobPart:
                Need(span, 3);
                _shard.Append(slot, header, span);
                SendChunk(fields[1], fields[2]);
                return;
            case Op.ClFillNew or Op.ClWriteNow:
                Need(span, 3);
                _shard.Append(slot, header, span);
                SendChunk(fields[1], fields[2]);
                return;
            case Op.ClWrite:
                Need(span, 4);
                _shard.Append(slot, header, span);
                SendChunk(fields[2], fields[3]);
                return;
            case Op.ClRead or Op.ClReadNow:
                int chunk = (Op)header.Op == Op.ClRead ? 2 : 1;
                Need(span, chunk + 2);
                if (!chunks.Expect(_shard.Index, fields[chunk], fields[chunk + 1]))
                {
                    throw new ProtocolException("a staging range lies outside of staging");
                }
                _shard.Append(slot, header, span);
                return;
            case Op.CopyIn:
                Need(span, 6);
                _shard.Append(slot, header, span);
                SendChunk(fields[4], Bytes(fields[2], fields[3]));
                return;
            case Op.CopyOut:
                Need(span, 6);
                if (!chunks.Expect(_shard.Index, fields[0], Bytes(fields[3], fields[4])))
                {
                    throw new ProtocolException("a staging range lies outside of staging");
                }
                _shard.Append(slot, header, span);
                return;
            case Op.CopyDirect:
                Need(span, 4);
                if (!TryCopyRows(slot, header, fields[0], fields[2], fields[1], fields[2], fields[2], 1, fields[3]))
                {
                    _shard.Append(slot, header, span);
                }
                return;
            case Op.CopyRows:
                Need(span, 7);
                if (
                    !TryCopyRows(
                        slot,
                        header,
                        fields[0],
                        fields[1],
                        fields[2],
                        fields[3],
                        fields[4],
                        fields[5],
                        fields[6]
                    )
                )
                {
                    _shard.Append(slot, header, span);
                }
                return;
            case Op.MemcpyDtoD:
                Need(span, 3);
                if (TryCopyAcross(fields[0], fields[2], fields[1], fields[2], fields[2], 1, 0))
                {
                    // Its answer is that of a call which waits for the same.
                    header.Op = (ushort)Op.CtxSynchronize;
                    header.SizeBytes = RecordHeader.Bytes;
                    span = [];
                }
                _shard.Append(slot, header, span);
                return;
            case Op.MemcpyDtoDAsync:
                Need(span, 4);
                if (!TryCopyAcross(fields[0], fields[2], fields[1], fields[2], fields[2], 1, fields[3]))
                {
                    _shard.Append(slot, header, span);
                }
                return;
            case Op.StreamWaitEvent:
                Need(span, 2);
                if (router.OfHandle(fields[1]) is { } other && other != _shard)
                {
                    peers.WaitForEvent(other, fields[1]);
                    return;
                }
                _shard.Append(slot, header, span);
                return;
            case Op.Copy3D:
                Need(span, sizeof(CUDA_MEMCPY3D) / sizeof(ulong) + 1);
                if (!TryCopyBox(slot, header, (CUDA_MEMCPY3D*)payload, fields[sizeof(CUDA_MEMCPY3D) / sizeof(ulong)]))
                {
                    _shard.Append(slot, header, span);
                }
                return;
            default:
                _shard.Append(slot, header, span);
                return;
        }
    }

    private void SendChunk(ulong chunk, ulong bytes)
    {
        if (!StagingChunk.TryRange(client.Segment, chunk, bytes, out byte* data) || bytes == 0)
        {
            throw new ProtocolException("a staging range lies outside of staging");
        }
        _shard.Sender.Send((uint)chunk, data, (uint)bytes);
    }

    // False when neither side is page-locked memory of the client.
    private bool TryCopyRows(
        uint slot,
        in RecordHeader header,
        ulong to,
        ulong toPitch,
        ulong from,
        ulong fromPitch,
        ulong width,
        ulong rows,
        ulong stream
    )
    {
        if (TryCopyAcross(to, toPitch, from, fromPitch, width, rows, stream))
        {
            return true;
        }
        bool isToHost = client.Window.IsHost(to, 1);
        bool isFromHost = client.Window.IsHost(from, 1);
        if ((!isToHost && !isFromHost) || width == 0 || rows == 0)
        {
            return false;
        }
        ulong host = isFromHost ? from : to;
        ulong hostPitch = isFromHost ? fromPitch : toPitch;
        if (isToHost && isFromHost)
        {
            return TryCopyHere(header, to, toPitch, from, fromPitch, width, rows, stream);
        }
        if (!IsHostRows(host, hostPitch, width, rows))
        {
            // The worker refuses it, as it knows no such memory.
            return false;
        }
        ulong rowsAtOnce = Math.Max(1, PieceBytes / width);
        for (ulong row = 0; row < rows; row += rowsAtOnce)
        {
            ulong count = Math.Min(rowsAtOnce, rows - row);
            for (ulong column = 0; column < width; column += PieceBytes)
            {
                ulong piece = Math.Min(PieceBytes, width - column);
                ulong near = host + row * hostPitch + column;
                ulong far = isFromHost ? to + row * toPitch + column : from + row * fromPitch + column;
                ulong farPitch = isFromHost ? toPitch : fromPitch;
                if (!TryPiece(slot, header, isFromHost, near, hostPitch, far, farPitch, piece, count, stream))
                {
                    return true;
                }
            }
        }
        return true;
    }

    // Between device memories of two workers. False when it is not.
    private bool TryCopyAcross(
        ulong to,
        ulong toPitch,
        ulong from,
        ulong fromPitch,
        ulong width,
        ulong rows,
        ulong stream
    )
    {
        if (router.OfMemory(to) is not { } target || router.OfMemory(from) is not { } source || target == source)
        {
            return false;
        }
        if (router.OfHandle(stream) is { } ordered)
        {
            peers.WaitForStream(ordered, stream);
        }
        peers.Copy(source, from, fromPitch, target, to, toPitch, width, rows);
        return true;
    }

    // Both sides are here: in stream order means when the worker has done what came before.
    private bool TryCopyHere(
        in RecordHeader header,
        ulong to,
        ulong toPitch,
        ulong from,
        ulong fromPitch,
        ulong width,
        ulong rows,
        ulong stream
    )
    {
        if (!IsHostRows(to, toPitch, width, rows) || !IsHostRows(from, fromPitch, width, rows))
        {
            return false;
        }
        _ = client.TryHost(to, 1, out byte* target);
        _ = client.TryHost(from, 1, out byte* source);
        peers.WaitForStream(_shard, stream);
        for (ulong row = 0; row < rows; row++)
        {
            Buffer.MemoryCopy(source + row * fromPitch, target + row * toPitch, width, width);
        }
        return true;
    }

    private bool TryPiece(
        uint slot,
        RecordHeader header,
        bool isIn,
        ulong near,
        ulong nearPitch,
        ulong far,
        ulong farPitch,
        ulong width,
        ulong rows,
        ulong stream
    )
    {
        if (!chunks.TryLend(_shard.Index, out uint chunk))
        {
            return false;
        }
        _ = client.TryHost(near, 1, out byte* memory);
        ulong* fields = stackalloc ulong[6];
        header.SizeBytes = RecordHeader.Bytes + 6 * sizeof(ulong);
        if (isIn)
        {
            (fields[0], fields[1], fields[2], fields[3], fields[4], fields[5]) = (
                far,
                farPitch,
                width,
                rows,
                chunk,
                stream
            );
            header.Op = (ushort)Op.CopyIn;
            _shard.Append(slot, header, new ReadOnlySpan<byte>(fields, 6 * sizeof(ulong)));
            _shard.Sender.Send(chunk, Pack(chunk, memory, nearPitch, width, rows), (uint)(width * rows));
        }
        else
        {
            (fields[0], fields[1], fields[2], fields[3], fields[4], fields[5]) = (
                chunk,
                far,
                farPitch,
                width,
                rows,
                stream
            );
            header.Op = (ushort)Op.CopyOut;
            chunks.ExpectRows(chunk, memory, (uint)width, nearPitch, (uint)rows);
            _shard.Append(slot, header, new ReadOnlySpan<byte>(fields, 6 * sizeof(ulong)));
        }
        return true;
    }

    private byte* Pack(uint chunk, byte* memory, ulong pitch, ulong width, ulong rows)
    {
        if (rows == 1 || pitch == width)
        {
            return memory;
        }
        byte* packed = chunks.Packed(chunk);
        for (ulong row = 0; row < rows; row++)
        {
            Buffer.MemoryCopy(memory + row * pitch, packed + row * width, width, width);
        }
        return packed;
    }

    private bool IsHostRows(ulong address, ulong pitch, ulong width, ulong rows)
    {
        UInt128 extent = (UInt128)pitch * (rows - 1) + width;
        return extent <= client.Window.Bytes
            && (rows == 1 || pitch >= width)
            && client.TryHost(address, (ulong)extent, out _);
    }

    private static ulong Bytes(ulong width, ulong rows)
    {
        UInt128 bytes = (UInt128)width * rows;
        return bytes <= RemoteChunks.HostBytes
            ? (ulong)bytes
            : throw new ProtocolException("more bytes than a chunk has");
    }

    private static void Need(ReadOnlySpan<byte> payload, int fields)
    {
        if (payload.Length < fields * sizeof(ulong))
        {
            throw new ProtocolException("a record is too short for what it is");
        }
    }
}
