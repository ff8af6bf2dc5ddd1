using Weir.Api;
using Weir.Wire;

namespace Weir.Worker;

/// <content>Copies between addresses that client and worker share, and that host memory's life.</content>
internal sealed unsafe partial class Dispatcher
{
    private partial CuResult OnCopyDirect(
        ulong destination,
        ulong source,
        ulong length,
        nint stream,
        ref ReplyWriter reply
    )
    {
        if (!IsShared(destination, length) || !IsShared(source, length))
        {
            return CuResult.InvalidValue;
        }
        bool toHost = session.Window.IsHost(destination, length);
        bool fromHost = session.Window.IsHost(source, length);
        CuResult result =
            toHost && fromHost ? Driver.MemcpyAsync(destination, source, (nuint)length, stream)
            : toHost ? Driver.MemcpyDtoHAsync((void*)destination, source, (nuint)length, stream)
            : fromHost ? Driver.MemcpyHtoDAsync(destination, (void*)source, (nuint)length, stream)
            : Driver.MemcpyDtoDAsync(destination, source, (nuint)length, stream);
        Count(toHost, fromHost, length);
        return result;
    }

    private partial CuResult OnCopyRows(
        ulong destination,
        ulong destinationPitch,
        ulong source,
        ulong sourcePitch,
        ulong width,
        ulong rows,
        nint stream,
        ref ReplyWriter reply
    )
    {
        if (width == 0 || rows == 0)
        {
            return CuResult.Success;
        }
        ulong? written = RowsExtent(destinationPitch, width, rows);
        ulong? read = RowsExtent(sourcePitch, width, rows);
        if (written is not { } to || read is not { } from || !IsShared(destination, to) || !IsShared(source, from))
        {
            return CuResult.InvalidValue;
        }
        bool toHost = session.Window.IsHost(destination, to);
        bool fromHost = session.Window.IsHost(source, from);
        CUDA_MEMCPY2D copy = new()
        {
            srcMemoryType = fromHost ? CUmemorytype.Host : CUmemorytype.Device,
            srcHost = fromHost ? (void*)source : null,
            srcDevice = fromHost ? 0 : source,
            srcPitch = (nuint)sourcePitch,
            dstMemoryType = toHost ? CUmemorytype.Host : CUmemorytype.Device,
            dstHost = toHost ? (void*)destination : null,
            dstDevice = toHost ? 0 : destination,
            dstPitch = (nuint)destinationPitch,
            WidthInBytes = (nuint)width,
            Height = (nuint)rows,
        };
        Count(toHost, fromHost, width * rows);
        return Driver.Memcpy2DAsync(&copy, stream);
    }

    private partial CuResult OnCopy3D(CUDA_MEMCPY3D* copy, nint stream, ref ReplyWriter reply)
    {
        if (copy->WidthInBytes == 0 || copy->Height == 0 || copy->Depth == 0)
        {
            return CuResult.Success;
        }
        ulong? read = BoxExtent(copy, copy->srcXInBytes, copy->srcY, copy->srcZ, copy->srcPitch, copy->srcHeight);
        ulong? written = BoxExtent(copy, copy->dstXInBytes, copy->dstY, copy->dstZ, copy->dstPitch, copy->dstHeight);
        if (
            !IsReachable(copy->srcMemoryType, (ulong)copy->srcHost, copy->srcDevice, read)
            || !IsReachable(copy->dstMemoryType, (ulong)copy->dstHost, copy->dstDevice, written)
        )
        {
            return CuResult.InvalidValue;
        }
        if (
            !TryTranslate(ref copy->srcArray, copy->srcMemoryType)
            || !TryTranslate(ref copy->dstArray, copy->dstMemoryType)
        )
        {
            return CuResult.InvalidHandle;
        }
        Count(
            copy->dstMemoryType == CUmemorytype.Host,
            copy->srcMemoryType == CUmemorytype.Host,
            copy->WidthInBytes * copy->Height * copy->Depth
        );
        return Driver.Memcpy3DAsync(copy, stream);
    }

    private partial CuResult OnCopyBoxIn(ulong chunk, CUDA_MEMCPY3D* copy, nint stream, ref ReplyWriter reply)
    {
        byte* data = BeginRead(chunk, PackedBytes(copy), stream);
        CuResult before = Driver.StreamQuery(stream);
        ulong? written = BoxExtent(copy, copy->dstXInBytes, copy->dstY, copy->dstZ, copy->dstPitch, copy->dstHeight);
        copy->srcXInBytes = copy->srcY = copy->srcZ = 0;
        copy->srcMemoryType = CUmemorytype.Host;
        copy->srcHost = data;
        copy->srcPitch = copy->WidthInBytes;
        copy->srcHeight = copy->Height;
        CuResult result =
            copy->dstMemoryType == CUmemorytype.Host || !IsReachable(copy->dstMemoryType, 0, copy->dstDevice, written)
                ? CuResult.InvalidValue
            : !TryTranslate(ref copy->dstArray, copy->dstMemoryType) ? CuResult.InvalidHandle
            : Driver.Memcpy3DAsync(copy, stream);
        Count(false, true, PackedBytes(copy));
        return EndChunk(before, result, chunk, StagingChunk.Free, stream);
    }

    private partial CuResult OnCopyBoxOut(ulong chunk, CUDA_MEMCPY3D* copy, nint stream, ref ReplyWriter reply)
    {
        byte* data = BeginWrite(chunk, PackedBytes(copy));
        CuResult before = Driver.StreamQuery(stream);
        ulong? read = BoxExtent(copy, copy->srcXInBytes, copy->srcY, copy->srcZ, copy->srcPitch, copy->srcHeight);
        copy->dstXInBytes = copy->dstY = copy->dstZ = 0;
        copy->dstMemoryType = CUmemorytype.Host;
        copy->dstHost = data;
        copy->dstPitch = copy->WidthInBytes;
        copy->dstHeight = copy->Height;
        CuResult result =
            copy->srcMemoryType == CUmemorytype.Host || !IsReachable(copy->srcMemoryType, 0, copy->srcDevice, read)
                ? CuResult.InvalidValue
            : !TryTranslate(ref copy->srcArray, copy->srcMemoryType) ? CuResult.InvalidHandle
            : Driver.Memcpy3DAsync(copy, stream);
        Count(true, false, PackedBytes(copy));
        return EndChunk(before, result, chunk, StagingChunk.Ready, stream);
    }

    private static ulong PackedBytes(CUDA_MEMCPY3D* copy)
    {
        UInt128 rows = (UInt128)(ulong)copy->Height * (ulong)copy->Depth;
        return rows > uint.MaxValue
            ? throw new ProtocolException("more rows than a chunk has bytes")
            : Bytes(copy->WidthInBytes, (ulong)rows);
    }

    private partial CuResult OnUseHost(ulong address, ulong length, uint flags, ref ReplyWriter reply)
    {
        const uint Portable = 1;
        const uint Mapped = 2;
        if (session.Remote is null && !session.Window.IsHost(address, length))
        {
            return CuResult.InvalidValue;
        }
        if (!session.RegistersHostMemory)
        {
            return CuResult.Success;
        }
        CuResult result = Driver.MemHostRegister((void*)address, (nuint)length, Portable | Mapped);
        // A driver that cannot map it can still copy from and to it.
        return result == CuResult.NotSupported
            ? Driver.MemHostRegister((void*)address, (nuint)length, Portable)
            : result;
    }

    private partial CuResult OnReleaseHost(ulong address, ulong length, ref ReplyWriter reply)
    {
        if (session.Remote is null && !session.Window.IsHost(address, length))
        {
            return CuResult.InvalidValue;
        }
        // Without a context there is no work either.
        CuResult result = Context == 0 ? CuResult.Success : Driver.CtxSynchronize();
        if (session.RegistersHostMemory)
        {
            _ = Driver.MemHostUnregister((void*)address);
        }
        return result;
    }

    private void Count(bool toHost, bool fromHost, ulong bytes)
    {
        if (toHost)
        {
            Statistics.CountToHost(bytes);
        }
        else if (fromHost)
        {
            Statistics.CountToDevice(bytes);
        }
        else
        {
            Statistics.CountOnDevice(bytes);
        }
    }

    // The client may name only what it can reach itself: the window's host half, or memory of the device.
    private bool IsShared(ulong address, ulong length)
    {
        if (session.Window.IsHost(address, length))
        {
            return true;
        }
        ulong start;
        nuint size;
        return Driver.MemGetAddressRange(&start, &size, address) == CuResult.Success
            && address >= start
            && length <= size - (address - start);
    }

    private bool IsReachable(CUmemorytype type, ulong host, ulong device, ulong? extent) =>
        type switch
        {
            CUmemorytype.Array => true,
            CUmemorytype.Host => extent is { } bytes && session.Window.IsHost(host, bytes),
            _ => extent is { } bytes && IsShared(device, bytes),
        };

    private bool TryTranslate(ref nint array, CUmemorytype type)
    {
        if (type != CUmemorytype.Array)
        {
            return true;
        }
        bool found = Handles.TryGet(HandleKind.Array, (ulong)array, out nint native);
        array = native;
        return found;
    }

    // Bytes from the first to the last that rows touch; null when that is more than any memory.
    private static ulong? RowsExtent(ulong pitch, ulong width, ulong rows)
    {
        UInt128 end = (UInt128)pitch * (rows - 1) + width;
        return end <= SaneBytes ? (ulong)end : null;
    }

    private static ulong? BoxExtent(CUDA_MEMCPY3D* copy, ulong x, ulong y, ulong z, ulong pitch, ulong height)
    {
        UInt128 slices = (UInt128)z + copy->Depth - 1;
        UInt128 rows = (UInt128)y + copy->Height - 1;
        UInt128 rowsPerSlice = height == 0 ? copy->Height : height;
        UInt128 bytesPerRow = pitch == 0 ? copy->WidthInBytes : pitch;
        if (slices > SaneBytes || rows > SaneBytes || rowsPerSlice > SaneBytes || bytesPerRow > SaneBytes)
        {
            return null;
        }
        UInt128 row = slices * rowsPerSlice + rows;
        UInt128 end = row > SaneBytes ? UInt128.MaxValue : row * bytesPerRow + x + copy->WidthInBytes;
        return end <= SaneBytes ? (ulong)end : null;
    }

    private const ulong SaneBytes = 1UL << 47;
}
