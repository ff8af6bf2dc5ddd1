using Weir.Api;
using Weir.Wire;

namespace Weir.Worker.Relaying;

/// <content>Copies of boxes between an array, or device memory, and page-locked memory: in pieces of whole rows.</content>
internal sealed unsafe partial class RecordRewriter
{
    private const int BoxFields = 25;

    // False when neither side is page-locked memory.
    private bool TryCopyBox(uint slot, in RecordHeader header, CUDA_MEMCPY3D* copy, ulong stream)
    {
        bool isIn = IsHere(copy->srcMemoryType, (ulong)copy->srcHost, copy->srcDevice, out ulong source);
        bool isOut = IsHere(copy->dstMemoryType, (ulong)copy->dstHost, copy->dstDevice, out ulong target);
        if ((!isIn && !isOut) || copy->WidthInBytes == 0 || copy->Height == 0 || copy->Depth == 0)
        {
            return false;
        }
        ulong width = copy->WidthInBytes;
        if (width > PieceBytes)
        {
            throw new ProtocolException("a row of a box is longer than a chunk");
        }
        ulong rowsAtOnce = Math.Max(1, PieceBytes / width);
        for (nuint z = 0; z < copy->Depth; z++)
        {
            for (nuint y = 0; y < copy->Height; y += (nuint)rowsAtOnce)
            {
                CUDA_MEMCPY3D part = *copy;
                part.Depth = 1;
                part.Height = (nuint)Math.Min(rowsAtOnce, copy->Height - y);
                part.srcY += y;
                part.dstY += y;
                part.srcZ += z;
                part.dstZ += z;
                if (isIn && isOut)
                {
                    ulong to = Place(
                        target,
                        part.dstXInBytes,
                        part.dstY,
                        part.dstZ,
                        part.dstPitch,
                        part.dstHeight,
                        width
                    );
                    ulong from = Place(
                        source,
                        part.srcXInBytes,
                        part.srcY,
                        part.srcZ,
                        part.srcPitch,
                        part.srcHeight,
                        width
                    );
                    if (
                        !TryCopyHere(
                            header,
                            to,
                            Pitch(part.dstPitch, width),
                            from,
                            Pitch(part.srcPitch, width),
                            width,
                            part.Height,
                            stream
                        )
                    )
                    {
                        return false;
                    }
                    continue;
                }
                ulong near = isIn
                    ? Place(source, part.srcXInBytes, part.srcY, part.srcZ, part.srcPitch, part.srcHeight, width)
                    : Place(target, part.dstXInBytes, part.dstY, part.dstZ, part.dstPitch, part.dstHeight, width);
                ulong pitch = Pitch(isIn ? part.srcPitch : part.dstPitch, width);
                if (!IsHostRows(near, pitch, width, part.Height) || !chunks.TryLend(_shard.Index, out uint chunk))
                {
                    return true;
                }
                SendBox(slot, header, isIn, chunk, part, near, pitch, stream);
            }
        }
        return true;
    }

    private void SendBox(
        uint slot,
        RecordHeader header,
        bool isIn,
        uint chunk,
        in CUDA_MEMCPY3D part,
        ulong near,
        ulong pitch,
        ulong stream
    )
    {
        _ = client.TryHost(near, 1, out byte* memory);
        ulong* fields = stackalloc ulong[2 + BoxFields];
        fields[0] = chunk;
        *(CUDA_MEMCPY3D*)(fields + 1) = part;
        int length = sizeof(ulong) + sizeof(CUDA_MEMCPY3D) + sizeof(ulong);
        fields[length / sizeof(ulong) - 1] = stream;
        header.SizeBytes = (uint)(RecordHeader.Bytes + length);
        header.Op = (ushort)(isIn ? Op.CopyBoxIn : Op.CopyBoxOut);
        if (!isIn)
        {
            chunks.ExpectRows(chunk, memory, (uint)part.WidthInBytes, pitch, (uint)part.Height);
        }
        _shard.Append(slot, header, new ReadOnlySpan<byte>(fields, length));
        if (isIn)
        {
            byte* data = Pack(chunk, memory, pitch, part.WidthInBytes, part.Height);
            _shard.Sender.Send(chunk, data, (uint)(part.WidthInBytes * part.Height));
        }
    }

    private bool IsHere(CUmemorytype type, ulong host, ulong device, out ulong address)
    {
        address = type == CUmemorytype.Host ? host : device;
        return type != CUmemorytype.Array && client.Window.IsHost(address, 1);
    }

    private static ulong Pitch(nuint pitch, ulong width) => pitch == 0 ? width : pitch;

    private static ulong Place(ulong start, nuint x, nuint y, nuint z, nuint pitch, nuint height, ulong width) =>
        start + (z * height + y) * Pitch(pitch, width) + x;
}
