using Weir.Api;
using Weir.Shim.Graphs;
using Weir.Shim.Guest;

namespace Weir.Shim;

/// <summary>
/// Copies of rectangles and boxes. Rows between device and the program's memory go packed through staging; what touches arrays or has
/// depth goes through shared host memory, taken for the time of the copy.
/// </summary>
internal static unsafe partial class CustomCalls
{
    internal static CuResult Memcpy2D(CUDA_MEMCPY2D* pCopy) => Copy2D(pCopy, DefaultStream, true);

    internal static CuResult Memcpy2DUnaligned(CUDA_MEMCPY2D* pCopy) => Copy2D(pCopy, DefaultStream, true);

    internal static CuResult Memcpy2DAsync(CUDA_MEMCPY2D* pCopy, nint hStream) => Copy2D(pCopy, hStream, false);

    internal static CuResult Memcpy3D(CUDA_MEMCPY3D* pCopy) => Copy3D(pCopy, DefaultStream, true);

    internal static CuResult Memcpy3DAsync(CUDA_MEMCPY3D* pCopy, nint hStream) => Copy3D(pCopy, hStream, false);

    private static CuResult Copy2D(CUDA_MEMCPY2D* copy, nint stream, bool wait)
    {
        if (copy == null)
        {
            return Session.Check() == CuResult.Success ? CuResult.InvalidValue : CuResult.NotInitialized;
        }
        var box = new CUDA_MEMCPY3D
        {
            srcXInBytes = copy->srcXInBytes,
            srcY = copy->srcY,
            srcMemoryType = copy->srcMemoryType,
            srcHost = copy->srcHost,
            srcDevice = copy->srcDevice,
            srcArray = copy->srcArray,
            srcPitch = copy->srcPitch,
            dstXInBytes = copy->dstXInBytes,
            dstY = copy->dstY,
            dstMemoryType = copy->dstMemoryType,
            dstHost = copy->dstHost,
            dstDevice = copy->dstDevice,
            dstArray = copy->dstArray,
            dstPitch = copy->dstPitch,
            WidthInBytes = copy->WidthInBytes,
            Height = copy->Height,
            Depth = 1,
        };
        return Copy3D(&box, stream, wait);
    }

    private static CuResult Copy3D(CUDA_MEMCPY3D* copy, nint stream, bool wait)
    {
        ClientThread* thread;
        var result = EnterStream(&thread, stream);
        if (result != CuResult.Success)
        {
            return result;
        }
        BoxSide src;
        BoxSide dst;
        if (copy == null || !BoxSide.TrySource(copy, &src) || !BoxSide.TryDestination(copy, &dst))
        {
            return CuResult.InvalidValue;
        }
        CuResult captured;
        if (Captures.AreActive && Captures.TakesCopy(thread, stream, copy, &captured))
        {
            return captured;
        }
        if (copy->WidthInBytes == 0 || copy->Height == 0 || copy->Depth == 0)
        {
            return CuResult.Success;
        }
        if (copy->Depth == 1 && src.Array == 0 && dst.Array == 0)
        {
            var sharedSource = IsShared(thread, src);
            var sharedDestination = IsShared(thread, dst);
            return CopyRows(thread, src.Rows(copy), sharedSource, dst.Rows(copy), sharedDestination, stream, wait);
        }
        return CopyBox(thread, copy, src, dst, stream, wait);
    }

    private static CuResult CopyRows(
        ClientThread* thread,
        Rows src,
        bool sharedSource,
        Rows dst,
        bool sharedDestination,
        nint stream,
        bool wait
    )
    {
        if (sharedSource && sharedDestination)
        {
            var result = WireCalls.CopyRows(
                thread,
                dst.Address,
                dst.Pitch,
                src.Address,
                src.Pitch,
                src.Width,
                src.Count,
                stream
            );
            return result != CuResult.Success || !wait ? result : WireCalls.StreamSynchronize(thread, stream);
        }
        if (sharedDestination)
        {
            if (wait && !Window.IsHost(dst.Address))
            {
                var known = KnownRanges.Check(thread, dst.Address, dst.Pitch * (dst.Count - 1) + dst.Width);
                if (known != CuResult.Success)
                {
                    return known;
                }
            }
            return Staging.CopyIn(thread, dst, src, stream);
        }
        if (sharedSource)
        {
            return Staging.CopyOut(thread, src, dst, stream);
        }

        var waited = WireCalls.StreamSynchronize(thread, stream);
        for (var row = 0ul; waited == CuResult.Success && row < src.Count; row++)
        {
            _ = GuestLibc.Move(
                (void*)(dst.Address + row * dst.Pitch),
                (void*)(src.Address + row * src.Pitch),
                (nuint)src.Width
            );
        }
        return waited;
    }

    /// <summary>What is said to be device memory is; a driver may have put it anywhere.</summary>
    internal static bool IsShared(ClientThread* thread, in BoxSide side) =>
        side.Type switch
        {
            CUmemorytype.Device => true,
            CUmemorytype.Host => IsShared(side.Base),
            _ => IsShared(thread, side.Base),
        };

    /// <summary>Both sides as the worker sees them; a side in the program's memory is replaced by a packed copy.</summary>
    private static CuResult CopyBox(
        ClientThread* thread,
        CUDA_MEMCPY3D* copy,
        in BoxSide src,
        in BoxSide dst,
        nint stream,
        bool wait
    )
    {
        var seen = *copy;
        var packIn = src.Array == 0 && !IsShared(thread, src);
        var packOut = dst.Array == 0 && !IsShared(thread, dst);
        if (copy->WidthInBytes > uint.MaxValue || copy->Height > ushort.MaxValue || copy->Depth > ushort.MaxValue)
        {
            return CuResult.InvalidValue;
        }
        var bytes = (ulong)copy->WidthInBytes * copy->Height * copy->Depth;
        var area = packIn || packOut ? HostMemory.Allocate(bytes, 0) : 0;
        if ((packIn || packOut) && area == 0)
        {
            return CuResult.OutOfMemory;
        }
        if (packIn)
        {
            src.Pack(copy, (byte*)area);
            seen.srcXInBytes = seen.srcY = seen.srcZ = 0;
            seen.srcMemoryType = CUmemorytype.Host;
            seen.srcHost = (void*)area;
            seen.srcPitch = copy->WidthInBytes;
            seen.srcHeight = copy->Height;
        }
        if (packOut)
        {
            seen.dstXInBytes = seen.dstY = seen.dstZ = 0;
            seen.dstMemoryType = CUmemorytype.Host;
            seen.dstHost = (void*)area;
            seen.dstPitch = copy->WidthInBytes;
            seen.dstHeight = copy->Height;
        }
        var result = WireCalls.Copy3D(thread, &seen, stream);
        if (result == CuResult.Success && (wait || area != 0))
        {
            result = WireCalls.StreamSynchronize(thread, stream);
        }
        if (result == CuResult.Success && packOut)
        {
            dst.Unpack(copy, (byte*)area);
        }
        if (area != 0)
        {
            HostMemory.Free(area);
        }
        return result;
    }
}
