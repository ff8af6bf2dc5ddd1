using Weir.Api;

namespace Weir.Shim;

/// <summary>Which context is current, and what the client knows of contexts by itself.</summary>
internal static unsafe partial class LocalCalls
{
    /// <summary>Streams may have priorities from 0 to this; the real API has six levels on current devices.</summary>
    private const int GreatestStreamPriority = -5;

    internal static CuResult CtxPushCurrent(nint ctx)
    {
        ClientThread* thread;
        var result = ClientThread.Enter(&thread);
        if (result != CuResult.Success)
        {
            return result;
        }
        if (!Handles.IsLive(HandleKind.Context, ctx))
        {
            return CuResult.InvalidContext;
        }
        return thread->Push((ulong)ctx) ? CuResult.Success : CuResult.OutOfMemory;
    }

    internal static CuResult CtxPopCurrent(nint* pctx)
    {
        ClientThread* thread;
        var result = ClientThread.Enter(&thread);
        if (result != CuResult.Success)
        {
            return result;
        }
        if (thread->ContextDepth == 0)
        {
            return CuResult.InvalidContext;
        }
        var context = thread->Pop();
        if (pctx != null)
        {
            *pctx = (nint)context;
        }
        return CuResult.Success;
    }

    internal static CuResult CtxSetCurrent(nint ctx)
    {
        ClientThread* thread;
        var result = ClientThread.Enter(&thread);
        if (result != CuResult.Success)
        {
            return result;
        }
        if (ctx != 0 && !Handles.IsLive(HandleKind.Context, ctx))
        {
            return CuResult.InvalidContext;
        }
        thread->Replace((ulong)ctx);
        return CuResult.Success;
    }

    internal static CuResult CtxGetCurrent(nint* pctx)
    {
        ClientThread* thread;
        var result = ClientThread.Enter(&thread);
        if (result != CuResult.Success)
        {
            return result;
        }
        if (pctx == null)
        {
            return CuResult.InvalidValue;
        }
        *pctx = (nint)thread->Context;
        return CuResult.Success;
    }

    internal static CuResult CtxGetDevice(int* device) => CtxGetDeviceV2(device, 0);

    internal static CuResult CtxGetDeviceV2(int* device, nint ctx)
    {
        var result = Resolve(&ctx);
        if (result != CuResult.Success)
        {
            return result;
        }
        if (device == null)
        {
            return CuResult.InvalidValue;
        }
        *device = Contexts.Device(ctx);
        return CuResult.Success;
    }

    internal static CuResult CtxGetFlags(uint* flags)
    {
        nint context = 0;
        var result = Resolve(&context);
        if (result != CuResult.Success)
        {
            return result;
        }
        if (flags == null)
        {
            return CuResult.InvalidValue;
        }
        *flags = Contexts.Flags(context);
        return CuResult.Success;
    }

    internal static CuResult CtxGetId(nint ctx, ulong* ctxId)
    {
        var result = Resolve(&ctx);
        if (result != CuResult.Success)
        {
            return result;
        }
        if (ctxId == null)
        {
            return CuResult.InvalidValue;
        }
        *ctxId = (ulong)ctx;
        return CuResult.Success;
    }

    /// <summary>3020: contexts have the semantics of the second version of the API, as the real driver answers.</summary>
    internal static CuResult CtxGetApiVersion(nint ctx, uint* version)
    {
        var result = Resolve(&ctx);
        if (result != CuResult.Success)
        {
            return result;
        }
        if (version == null)
        {
            return CuResult.InvalidValue;
        }
        *version = 3020;
        return CuResult.Success;
    }

    internal static CuResult CtxGetStreamPriorityRange(int* leastPriority, int* greatestPriority)
    {
        nint context = 0;
        var result = Resolve(&context);
        if (result != CuResult.Success)
        {
            return result;
        }
        if (leastPriority != null)
        {
            *leastPriority = 0;
        }
        if (greatestPriority != null)
        {
            *greatestPriority = GreatestStreamPriority;
        }
        return CuResult.Success;
    }

    internal static CuResult DevicePrimaryCtxGetState(int dev, uint* flags, int* active)
    {
        var result = Session.Check();
        if (result != CuResult.Success)
        {
            return result;
        }
        if (Snapshot.Device(dev) == null)
        {
            return CuResult.InvalidDevice;
        }
        if (flags == null || active == null)
        {
            return CuResult.InvalidValue;
        }
        PrimaryContexts.State(dev, flags, active);
        return CuResult.Success;
    }

    /// <summary>0 becomes the current context; a dead or absent one is an error.</summary>
    private static CuResult Resolve(nint* context)
    {
        ClientThread* thread;
        var result = ClientThread.Enter(&thread);
        if (result != CuResult.Success)
        {
            return result;
        }
        if (*context == 0)
        {
            *context = (nint)thread->Context;
        }
        return *context != 0 && Handles.IsLive(HandleKind.Context, *context)
            ? CuResult.Success
            : CuResult.InvalidContext;
    }
}
