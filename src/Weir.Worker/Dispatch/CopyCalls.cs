using System.Runtime.InteropServices;
using Weir.Api;
using Weir.Wire;

namespace Weir.Worker;

/// <content>Copies between the host and the device: through staging chunks, or inside of records and answers.</content>
internal sealed unsafe partial class Dispatcher
{
    private partial CuResult OnCopyIn(
        ulong destination,
        ulong pitch,
        ulong width,
        ulong rows,
        ulong chunk,
        nint stream,
        ref ReplyWriter reply
    )
    {
        byte* data = BeginRead(chunk, Bytes(width, rows), stream);
        CuResult before = Driver.StreamQuery(stream);
        CuResult result;
        if (rows == 1 || pitch == width)
        {
            result = Driver.MemcpyHtoDAsync(destination, data, (nuint)(width * rows), stream);
        }
        else
        {
            CUDA_MEMCPY2D copy = new()
            {
                srcMemoryType = CUmemorytype.Host,
                srcHost = data,
                srcPitch = (nuint)width,
                dstMemoryType = CUmemorytype.Device,
                dstDevice = destination,
                dstPitch = (nuint)pitch,
                WidthInBytes = (nuint)width,
                Height = (nuint)rows,
            };
            result = Driver.Memcpy2DAsync(&copy, stream);
        }
        Statistics.CountToDevice(width * rows);
        return EndChunk(before, result, chunk, StagingChunk.Free, stream);
    }

    private partial CuResult OnCopyOut(
        ulong chunk,
        ulong source,
        ulong pitch,
        ulong width,
        ulong rows,
        nint stream,
        ref ReplyWriter reply
    )
    {
        byte* data = BeginWrite(chunk, Bytes(width, rows));
        CuResult before = Driver.StreamQuery(stream);
        CuResult result;
        if (rows == 1 || pitch == width)
        {
            result = Driver.MemcpyDtoHAsync(data, source, (nuint)(width * rows), stream);
        }
        else
        {
            CUDA_MEMCPY2D copy = new()
            {
                srcMemoryType = CUmemorytype.Device,
                srcDevice = source,
                srcPitch = (nuint)pitch,
                dstMemoryType = CUmemorytype.Host,
                dstHost = data,
                dstPitch = (nuint)width,
                WidthInBytes = (nuint)width,
                Height = (nuint)rows,
            };
            result = Driver.Memcpy2DAsync(&copy, stream);
        }
        Statistics.CountToHost(width * rows);
        return EndChunk(before, result, chunk, StagingChunk.Ready, stream);
    }

    private partial CuResult OnCopyInline(
        ulong destination,
        nint stream,
        ulong length,
        void* data,
        uint length_data,
        ref ReplyWriter reply
    )
    {
        Statistics.CountToDevice(length);
        CuResult before = Driver.StreamQuery(stream);
        if (IsError(before))
        {
            return before;
        }
        if (before == CuResult.Success)
        {
            CuResult copied = Driver.MemcpyHtoDAsync(destination, data, length_data, stream);
            return copied == CuResult.Success ? Driver.StreamSynchronize(stream) : copied;
        }
        // The record's copy is overwritten by the next one: the stream gets one of its own.
        void* kept = NativeMemory.Alloc(length_data);
        Buffer.MemoryCopy(data, kept, length_data, length_data);
        CuResult result = Driver.MemcpyHtoDAsync(destination, kept, length_data, stream);
        if (result == CuResult.Success)
        {
            result = StreamNote.AfterWork(Driver, stream, () => NativeMemory.Free(kept));
        }
        if (result != CuResult.Success)
        {
            NativeMemory.Free(kept);
        }
        return result;
    }

    private partial CuResult OnReadBack(ulong source, nint stream, ulong length, ref ReplyWriter reply)
    {
        byte* data = reply.ReserveArray(length, 1);
        CuResult result = Driver.MemcpyDtoHAsync(data, source, (nuint)length, stream);
        Statistics.CountToHost(length);
        return result == CuResult.Success ? Driver.StreamSynchronize(stream) : result;
    }

    /// <summary>
    /// What a posted operation owes the client when it was refused before its handler ran, for instance because of a
    /// wrong stream: its chunk.
    /// </summary>
    public void RefuseChunk(Op op, ulong* fields)
    {
        switch (op)
        {
            case Op.BlobPart:
                session.Staging.Refuse(fields[1], StagingChunk.Free);
                break;
            case Op.CopyIn:
                session.Staging.Refuse(fields[4], StagingChunk.Free);
                break;
            case Op.CopyBoxIn:
                session.Staging.Refuse(fields[0], StagingChunk.Free);
                break;
            case Op.ClFillNew:
                session.Staging.Refuse(fields[1], StagingChunk.Free);
                break;
            case Op.ClWrite:
                session.Staging.Refuse(fields[2], StagingChunk.Free);
                break;
            case Op.ClWriteNow:
                session.Staging.Refuse(fields[1], StagingChunk.Free);
                break;
            case Op.ClRead:
                session.Staging.Refuse(fields[2], StagingChunk.Failed);
                break;
            case Op.ClReadNow:
                session.Staging.Refuse(fields[1], StagingChunk.Failed);
                break;
            case Op.CopyOut or Op.CopyBoxOut:
                session.Staging.Refuse(fields[0], StagingChunk.Failed);
                break;
        }
    }

    private byte* BeginRead(ulong chunk, ulong bytes)
    {
        ChunkBegun = true;
        return session.Staging.BeginRead(chunk, bytes);
    }

    private byte* BeginRead(ulong chunk, ulong bytes, nint stream)
    {
        ChunkBegun = true;
        return session.Staging.BeginRead(chunk, bytes, Driver, stream);
    }

    private byte* BeginWrite(ulong chunk, ulong bytes)
    {
        ChunkBegun = true;
        return session.Staging.BeginWrite(chunk, bytes);
    }

    // On an idle stream the copy is all there is to do: waiting for it is cheaper than being told of its end.
    private CuResult EndChunk(CuResult before, CuResult result, ulong chunk, uint state, nint stream)
    {
        bool isIdle = before == CuResult.Success;
        if (result == CuResult.Success && IsError(before))
        {
            _ = Driver.StreamSynchronize(stream);
            result = before;
        }
        if (result == CuResult.Success)
        {
            Sessions.StagingUse staging = session.Staging;
            result = isIdle
                ? Driver.StreamSynchronize(stream)
                : StreamNote.AfterWork(Driver, stream, () => staging.End(chunk, state));
        }
        if (isIdle || result != CuResult.Success)
        {
            uint failed = state == StagingChunk.Ready ? StagingChunk.Failed : state;
            session.Staging.End(chunk, result == CuResult.Success ? state : failed);
        }
        return result;
    }

    // A device may tell of an earlier failure only once: what the question answers must not be lost.
    private static bool IsError(CuResult state) => state is not (CuResult.Success or CuResult.NotReady);

    private static ulong Bytes(ulong width, ulong rows)
    {
        UInt128 bytes = (UInt128)width * rows;
        return bytes <= (ulong)SegmentLayout.StagingBytes
            ? (ulong)bytes
            : throw new ProtocolException("more bytes than staging has");
    }
}
