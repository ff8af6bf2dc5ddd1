using Weir.Api;

namespace Weir.Shim;

/// <summary>Streams: host functions, owners, ids.</summary>
internal static unsafe partial class CustomCalls
{
    private const uint HostFunctionKind = 0;
    private const uint StreamCallbackKind = 1;

    internal static CuResult LaunchHostFunc(nint hStream, nint fn, void* userData) =>
        PostHostFunction(hStream, fn, userData, HostFunctionKind);

    internal static CuResult StreamAddCallback(nint hStream, nint callback, void* userData, uint flags) =>
        flags != 0 ? CuResult.InvalidValue : PostHostFunction(hStream, callback, userData, StreamCallbackKind);

    /// <summary>No stream here belongs to a green context.</summary>
    internal static CuResult StreamGetCtxV2(nint hStream, nint* pCtx, nint* pGreenCtx)
    {
        var result = StreamGetCtx(hStream, pCtx);
        if (result == CuResult.Success && pGreenCtx != null)
        {
            *pGreenCtx = 0;
        }
        return result;
    }

    internal static CuResult StreamGetCtx(nint hStream, nint* pctx)
    {
        ClientThread* thread;
        var result = EnterStream(&thread, hStream);
        if (result != CuResult.Success)
        {
            return result;
        }
        if (pctx == null)
        {
            return CuResult.InvalidValue;
        }
        if ((nuint)hStream <= 2)
        {
            *pctx = (nint)thread->Context;
            return CuResult.Success;
        }
        ulong context;
        result = WireCalls.GetStreamContext(thread, hStream, &context);
        if (result == CuResult.Success)
        {
            *pctx = (nint)context;
        }
        return result;
    }

    internal static CuResult StreamGetDevice(nint hStream, int* device)
    {
        nint context = 0;
        var result = device == null ? CuResult.InvalidValue : StreamGetCtx(hStream, &context);
        if (result == CuResult.Success)
        {
            *device = Contexts.Device(context);
        }
        return result;
    }

    /// <summary>Unique in the process: the handle's own number; the default streams have small ones.</summary>
    internal static CuResult StreamGetId(nint hStream, ulong* streamId)
    {
        ClientThread* thread;
        var result = EnterStream(&thread, hStream);
        if (result != CuResult.Success)
        {
            return result;
        }
        if (streamId == null)
        {
            return CuResult.InvalidValue;
        }
        *streamId = hStream == 0 ? 1 : (ulong)hStream;
        return CuResult.Success;
    }

    private static CuResult PostHostFunction(nint stream, nint function, void* userData, uint kind)
    {
        ClientThread* thread;
        var result = EnterStream(&thread, stream);
        if (result != CuResult.Success)
        {
            return result;
        }
        if (function == 0)
        {
            return CuResult.InvalidValue;
        }
        result = Callbacks.Start();
        return result != CuResult.Success
            ? result
            : WireCalls.HostFunction(thread, (ulong)function, (ulong)userData, stream, kind);
    }
}
