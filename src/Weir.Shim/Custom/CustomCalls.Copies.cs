using Weir.Api;
using Weir.Shim.Graphs;
using Weir.Shim.Guest;

namespace Weir.Shim;

/// <summary>
/// Copies in one dimension. An address tells what it is: the window's lower half is device memory, its upper half host memory
/// that the worker sees too; all else is the program's own and goes in the record (small), or through staging.
/// </summary>
internal static unsafe partial class CustomCalls
{
    /// <summary>Up to here data travels in the record or the answer itself, bytes.</summary>
    private const ulong InlineBytes = 4096;

    /// <summary>The legacy default stream: synchronous copies are ordered as its work.</summary>
    private const nint DefaultStream = 0;

    internal static CuResult MemcpyHtoD(ulong dstDevice, void* srcHost, nuint ByteCount)
    {
        ClientThread* thread;
        var result = EnterContext(&thread);
        return result != CuResult.Success
            ? result
            : ToDevice(thread, dstDevice, srcHost, ByteCount, DefaultStream, true);
    }

    internal static CuResult MemcpyHtoDAsync(ulong dstDevice, void* srcHost, nuint ByteCount, nint hStream)
    {
        ClientThread* thread;
        var result = EnterStream(&thread, hStream);
        return result != CuResult.Success ? result : ToDevice(thread, dstDevice, srcHost, ByteCount, hStream, false);
    }

    internal static CuResult MemcpyDtoH(void* dstHost, ulong srcDevice, nuint ByteCount)
    {
        ClientThread* thread;
        var result = EnterContext(&thread);
        return result != CuResult.Success ? result : ToHost(thread, dstHost, srcDevice, ByteCount, DefaultStream, true);
    }

    internal static CuResult MemcpyDtoHAsync(void* dstHost, ulong srcDevice, nuint ByteCount, nint hStream)
    {
        ClientThread* thread;
        var result = EnterStream(&thread, hStream);
        return result != CuResult.Success ? result : ToHost(thread, dstHost, srcDevice, ByteCount, hStream, false);
    }

    internal static CuResult Memcpy(ulong dst, ulong src, nuint ByteCount)
    {
        ClientThread* thread;
        var result = EnterContext(&thread);
        return result != CuResult.Success ? result : Any(thread, dst, src, ByteCount, DefaultStream, true);
    }

    internal static CuResult MemcpyAsync(ulong dst, ulong src, nuint ByteCount, nint hStream)
    {
        ClientThread* thread;
        var result = EnterStream(&thread, hStream);
        return result != CuResult.Success ? result : Any(thread, dst, src, ByteCount, hStream, false);
    }

    /// <summary>Addresses are unique across all devices, so that contexts are only checked.</summary>
    internal static CuResult MemcpyPeer(
        ulong dstDevice,
        nint dstContext,
        ulong srcDevice,
        nint srcContext,
        nuint ByteCount
    )
    {
        ClientThread* thread;
        var result = EnterPeers(&thread, DefaultStream, dstContext, srcContext);
        return result != CuResult.Success ? result : Any(thread, dstDevice, srcDevice, ByteCount, DefaultStream, true);
    }

    internal static CuResult MemcpyPeerAsync(
        ulong dstDevice,
        nint dstContext,
        ulong srcDevice,
        nint srcContext,
        nuint ByteCount,
        nint hStream
    )
    {
        ClientThread* thread;
        var result = EnterPeers(&thread, hStream, dstContext, srcContext);
        return result != CuResult.Success ? result : Any(thread, dstDevice, srcDevice, ByteCount, hStream, false);
    }

    private static CuResult EnterPeers(ClientThread** thread, nint stream, nint destination, nint source)
    {
        var result = EnterStream(thread, stream);
        return
            result == CuResult.Success
            && !(Handles.IsLive(HandleKind.Context, destination) && Handles.IsLive(HandleKind.Context, source))
            ? CuResult.InvalidContext
            : result;
    }

    private static CuResult EnterStream(ClientThread** thread, nint stream)
    {
        var result = EnterContext(thread);
        if (result != CuResult.Success)
        {
            return result;
        }
        return IsStream(stream) ? CuResult.Success : CuResult.InvalidHandle;
    }

    /// <summary>Does the worker see this address as the client does?</summary>
    private static bool IsShared(ulong address) => Window.IsDevice(address) || Window.IsHost(address);

    /// <summary>The same for an address of unknown kind, which only the driver may know to be its own.</summary>
    private static bool IsShared(ClientThread* thread, ulong address) =>
        IsShared(address) || (Window.IsDeviceElsewhere && KnownRanges.Check(thread, address, 1) == CuResult.Success);

    private static CuResult Any(ClientThread* thread, ulong dst, ulong src, ulong bytes, nint stream, bool wait)
    {
        CuResult captured;
        if (
            Captures.AreActive
            && Captures.TakesCopy(
                thread,
                stream,
                dst,
                CUmemorytype.Unified,
                src,
                CUmemorytype.Unified,
                bytes,
                &captured
            )
        )
        {
            return captured;
        }
        if (IsShared(thread, dst))
        {
            return IsShared(thread, src)
                ? Direct(thread, dst, src, bytes, stream, wait)
                : ToDevice(thread, dst, (void*)src, bytes, stream, wait);
        }
        if (IsShared(thread, src))
        {
            return ToHost(thread, (void*)dst, src, bytes, stream, wait);
        }
        if (bytes == 0)
        {
            return CuResult.Success;
        }
        if (dst == 0 || src == 0)
        {
            return CuResult.InvalidValue;
        }
        // Between two places of the program's own: in stream order means after what was posted before.
        var result = WireCalls.StreamSynchronize(thread, stream);
        if (result == CuResult.Success)
        {
            _ = GuestLibc.Move((void*)dst, (void*)src, (nuint)bytes);
        }
        return result;
    }

    private static CuResult ToDevice(ClientThread* thread, ulong dst, void* src, ulong bytes, nint stream, bool wait)
    {
        CuResult captured;
        if (
            Captures.AreActive
            && Captures.TakesCopy(
                thread,
                stream,
                dst,
                CUmemorytype.Device,
                (ulong)src,
                CUmemorytype.Host,
                bytes,
                &captured
            )
        )
        {
            return captured;
        }
        if (bytes == 0)
        {
            return CuResult.Success;
        }
        if (dst == 0 || src == null)
        {
            return CuResult.InvalidValue;
        }
        if (IsShared((ulong)src))
        {
            return Direct(thread, dst, (ulong)src, bytes, stream, wait);
        }
        if (wait && !Window.IsHost(dst))
        {
            var known = KnownRanges.Check(thread, dst, bytes);
            if (known != CuResult.Success)
            {
                return known;
            }
        }
        // The data is captured when this returns, so a synchronous copy need not wait for it to arrive.
        return bytes <= InlineBytes
            ? WireCalls.CopyInline(thread, dst, stream, bytes, src)
            : Staging.CopyIn(thread, new Rows(dst, bytes, bytes, 1), new Rows((ulong)src, bytes, bytes, 1), stream);
    }

    private static CuResult ToHost(ClientThread* thread, void* dst, ulong src, ulong bytes, nint stream, bool wait)
    {
        CuResult captured;
        if (
            Captures.AreActive
            && Captures.TakesCopy(
                thread,
                stream,
                (ulong)dst,
                CUmemorytype.Host,
                src,
                CUmemorytype.Device,
                bytes,
                &captured
            )
        )
        {
            return captured;
        }
        if (bytes == 0)
        {
            return CuResult.Success;
        }
        if (dst == null || src == 0)
        {
            return CuResult.InvalidValue;
        }
        if (IsShared((ulong)dst))
        {
            return Direct(thread, (ulong)dst, src, bytes, stream, wait);
        }
        // To the program's own memory the data must be there when the call returns, as the real API has it.
        var result =
            bytes <= InlineBytes
                ? WireCalls.ReadBack(thread, src, stream, bytes, dst)
                : Staging.CopyOut(
                    thread,
                    new Rows(src, bytes, bytes, 1),
                    new Rows((ulong)dst, bytes, bytes, 1),
                    stream
                );
        if (Output.IsExpected)
        {
            Output.Show(thread);
        }
        return result;
    }

    private static CuResult Direct(ClientThread* thread, ulong dst, ulong src, ulong bytes, nint stream, bool wait)
    {
        var result = WireCalls.CopyDirect(thread, dst, src, bytes, stream);
        return result != CuResult.Success || !wait ? result : WireCalls.StreamSynchronize(thread, stream);
    }
}
